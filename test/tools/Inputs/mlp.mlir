// Two layers whose type TYPE a test puts in.
girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.parameter @up.w : tensor<96x40xTYPE>
girih.parameter @down.w : tensor<40x96xTYPE>
func.func @apply(%x: tensor<?x40xTYPE, #girih.dims<"batch">> {girih.name = "x"}) -> (tensor<?x40xTYPE, #girih.dims<"batch">> {girih.name = "y"})
    attributes {girih.entry} {
  %up = girih.get_parameter @up.w : tensor<96x40xTYPE>
  %down = girih.get_parameter @down.w : tensor<40x96xTYPE>
  %0 = girih.linear %x, %up : (tensor<?x40xTYPE, #girih.dims<"batch">>, tensor<96x40xTYPE>) -> tensor<?x96xTYPE, #girih.dims<"batch">> loc("mlp.up")
  %1 = girih.gelu %0 : (tensor<?x96xTYPE, #girih.dims<"batch">>) -> tensor<?x96xTYPE, #girih.dims<"batch">> loc("mlp.act")
  %2 = girih.linear %1, %down : (tensor<?x96xTYPE, #girih.dims<"batch">>, tensor<40x96xTYPE>) -> tensor<?x40xTYPE, #girih.dims<"batch">> loc("mlp.down")
  return %2 : tensor<?x40xTYPE, #girih.dims<"batch">>
}
