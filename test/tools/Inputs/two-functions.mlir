// A module with one function that test/tools/Inputs/has-gelu.sh finds interesting and one that it does not.
func.func @kept(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = girih.gelu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @dropped(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = girih.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
