// The README's small model: a linear layer with bias and ReLU over any number of rows.
girih.symbol @rows {min = 1 : i64, max = 1024 : i64}
girih.parameter @weight : tensor<64x32xf32>
girih.parameter @bias : tensor<64xf32>

func.func @layer(%x: tensor<?x32xf32, #girih.dims<"rows">> {girih.name = "x"})
    -> (tensor<?x64xf32, #girih.dims<"rows">> {girih.name = "y"}) attributes {girih.entry} {
  %w = girih.get_parameter @weight : tensor<64x32xf32>
  %b = girih.get_parameter @bias : tensor<64xf32>
  %0 = girih.linear %x, %w, %b : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>, tensor<64xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  %y = girih.relu %0 : (tensor<?x64xf32, #girih.dims<"rows">>) -> tensor<?x64xf32, #girih.dims<"rows">>
  return %y : tensor<?x64xf32, #girih.dims<"rows">>
}
