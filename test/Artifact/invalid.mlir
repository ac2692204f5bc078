// Proves that a module that cannot be planned is declined with the reason and the way out.
// RUN: split-file %s %t
// RUN: not girih-opt %t/loose-op.mlir --artifact-print-plan 2>&1 | FileCheck %s --check-prefix=LOOSE
// RUN: not girih-opt %t/no-entry.mlir --artifact-print-plan 2>&1 | FileCheck %s --check-prefix=ENTRY
// RUN: not girih-opt %t/unbound.mlir --artifact-print-plan 2>&1 | FileCheck %s --check-prefix=UNBOUND
// RUN: not girih-opt %t/no-program.mlir --artifact-print-plan 2>&1 | FileCheck %s --check-prefix=PROGRAM
// RUN: not girih-opt %t/too-many-blocks.mlir --artifact-print-plan 2>&1 | FileCheck %s --check-prefix=BLOCKS
// RUN: not girih-opt %t/too-many-bytes.mlir --artifact-print-plan 2>&1 | FileCheck %s --check-prefix=BYTES

// BLOCKS: at those bounds the launch of {{.*}} has more than 2^31 blocks; lower the bounds
// BYTES: at those bounds the work of {{.*}} does not fit in 63 bits; lower the bounds
// LOOSE: 'girih.relu' op expects to be part of a kernel when memory is planned; run the stages 'fuse' and 'outline' first
// ENTRY: expects a function with the attribute girih.entry, but has none
// UNBOUND: expects every size of output 'y' to be a dimension of an input, but 'seq' is none
// PROGRAM: expects its kernel to be a tile.program, but 'f' is none

//--- loose-op.mlir
func.func @encode(%x: tensor<4xf32>) -> tensor<4xf32> attributes {girih.entry} {
  %y = girih.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
//--- no-entry.mlir
func.func @helper() {
  return
}
//--- unbound.mlir
girih.symbol @seq {min = 1 : i64, max = 128 : i64}
tile.program @f(%y: !tile.view<?xf32>) grid [] outputs 1 {
  tile.return
}
func.func @encode() -> (tensor<?xf32, #girih.dims<"seq">> {girih.name = "y"}) attributes {girih.entry} {
  %y = girih.launch @f() : () -> tensor<?xf32, #girih.dims<"seq">>
  return %y : tensor<?xf32, #girih.dims<"seq">>
}
//--- no-program.mlir
func.func private @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {girih.kernel} {
  return %x : tensor<4xf32>
}
func.func @encode(%x: tensor<4xf32>) -> tensor<4xf32> attributes {girih.entry} {
  %y = girih.launch @f(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
//--- too-many-blocks.mlir
girih.symbol @seq {min = 1 : i64, max = 4294967296 : i64}
tile.program @f(%x: !tile.view<?xf32>, %y: !tile.view<?xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 1>] outputs 1 {
  tile.return
}
func.func @encode(%x: tensor<?xf32, #girih.dims<"seq">>) -> tensor<?xf32, #girih.dims<"seq">> attributes {girih.entry} {
  %y = girih.launch @f(%x) : (tensor<?xf32, #girih.dims<"seq">>) -> tensor<?xf32, #girih.dims<"seq">>
  return %y : tensor<?xf32, #girih.dims<"seq">>
}
//--- too-many-bytes.mlir
girih.symbol @seq {min = 1 : i64, max = 9223372036854775807 : i64}
tile.program @f(%x: !tile.view<?xf32>, %y: !tile.view<?xf32>) grid [] outputs 1 {
  tile.return
}
func.func @encode(%x: tensor<?xf32, #girih.dims<"seq">>) -> tensor<?xf32, #girih.dims<"seq">> attributes {girih.entry} {
  %y = girih.launch @f(%x) : (tensor<?xf32, #girih.dims<"seq">>) -> tensor<?xf32, #girih.dims<"seq">>
  return %y : tensor<?xf32, #girih.dims<"seq">>
}
