func.func @kept(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = girih.gelu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @dropped(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = girih.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
