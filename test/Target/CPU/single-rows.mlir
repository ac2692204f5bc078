// On AVX2 a single row is multiplied with all columns of a panel at once, so that memory is read in order; more rows fill the registers
// with blocks of one vector, and AVX-512's blocks are as wide as a panel anyway.
// RUN: girih-opt %s --cpu-lower-programs=versions=x86-64-v3 | FileCheck %s
// RUN: girih-opt %s --cpu-lower-programs=versions=x86-64-v4 | FileCheck %s --check-prefix=WIDE
// CHECK-LABEL: func.func @project
// CHECK: arith.cmpi eq, %{{.*}}, %c1
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK-COUNT-3: llvm.intr.prefetch
// CHECK-COUNT-3: vector.fma
// CHECK: } else {
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// WIDE-LABEL: func.func @project
// WIDE-NOT: arith.cmpi eq, %{{[0-9]+}}, %c1 
tile.program @project(%x: !tile.view<?x64xf32>, %w: !tile.view<48x64xf32, #girih.panels<width = 48>>, %y: !tile.view<?x48xf32>)
    grid [#tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x48xf32>
  %i = tile.program_index 0
  %row = arith.muli %i, %c64 : index
  %x0 = tile.load %x[%row, %c0] : !tile.view<?x64xf32> -> tensor<64x64xf32>
  %w0 = tile.load %w[%c0, %c0] : !tile.view<48x64xf32, #girih.panels<width = 48>> -> tensor<48x64xf32>
  %0 = tile.dot %x0, %w0, %zero {transpose_b} : tensor<64x64xf32>, tensor<48x64xf32>, tensor<64x48xf32>
  tile.store %0, %y[%row, %c0] : tensor<64x48xf32>, !tile.view<?x48xf32>
  tile.return
}
