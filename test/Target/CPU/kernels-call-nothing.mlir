// Machine code of every code version calls nothing: exp, erf, tanh, log and the rounding to bf16 are inline.
// RUN: girih-opt %s --cpu-lower-programs | FileCheck %s --check-prefix=IR
// RUN: girihc %s --from=tile --emit=asm --target=cpu:x86-64-v3 -o - | FileCheck %s
// RUN: girihc %s --from=tile --emit=asm --target=cpu:x86-64-v4 -o - | FileCheck %s
// IR: func.func @math
// CHECK: math:
// CHECK-NOT: {{call|jmpq? +\*|@PLT|@GOT}}
module attributes {girih.contract = "stable", girih.target = "cpu:x86-64-v4"} {
  tile.program @math(%x: !tile.view<?x40xf32>, %y: !tile.view<?x40xbf16>) grid [#tile.grid<arg = 1, dim = 0, step = 16>] outputs 1 {
    %i = tile.program_index 0
    %c16 = arith.constant 16 : index
    %c0 = arith.constant 0 : index
    %row = arith.muli %i, %c16 : index
    %t = tile.load %x[%row, %c0] : !tile.view<?x40xf32> -> tensor<16x40xf32>
    %e = math.exp %t : tensor<16x40xf32>
    %f = math.erf %e : tensor<16x40xf32>
    %g = math.tanh %f : tensor<16x40xf32>
    %l = math.log %g : tensor<16x40xf32>
    %r = arith.truncf %l : tensor<16x40xf32> to tensor<16x40xbf16>
    tile.store %r, %y[%row, %c0] : tensor<16x40xbf16>, !tile.view<?x40xbf16>
    tile.return
  }
}
