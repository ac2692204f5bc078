// Proves that launches carry their arithmetic and memory traffic: multiply-adds count two, a gathered table only its rows.
// RUN: girih-opt %s --artifact-count-work | FileCheck %s

girih.symbol @seq {min = 1 : i64, max = 128 : i64}
!ids = tensor<?xi32, #girih.dims<"seq">>
!t = tensor<?x16xf32, #girih.dims<"seq">>
!u = tensor<?x64xf32, #girih.dims<"seq">>

func.func private @dense(%x: !t, %w: tensor<64x16xf32>) -> !u attributes {girih.kernel} {
  %y = girih.linear %x, %w : (!t, tensor<64x16xf32>) -> !u
  %z = girih.relu %y : (!u) -> !u
  return %z : !u
}
func.func private @look(%table: tensor<1000x16xf32>, %ids: !ids) -> !t attributes {girih.kernel} {
  %y = girih.embedding %table, %ids : (tensor<1000x16xf32>, !ids) -> !t
  return %y : !t
}

// CHECK-LABEL: func.func @encode
func.func @encode(%ids: !ids, %table: tensor<1000x16xf32>, %w: tensor<64x16xf32>) -> !u attributes {girih.entry} {
  // 4 bytes an id, 64 read and 64 written a row.
  // CHECK: girih.launch @look
  // CHECK-SAME: girih.bytes = ["132*seq"], girih.flops = []
  %x = girih.launch @look(%table, %ids) : (tensor<1000x16xf32>, !ids) -> !t
  // CHECK: girih.launch @dense
  // CHECK-SAME: girih.bytes = ["320*seq", "4096"], girih.flops = ["2112*seq"]
  %y = girih.launch @dense(%x, %w) : (!t, tensor<64x16xf32>) -> !u
  return %y : !u
}
