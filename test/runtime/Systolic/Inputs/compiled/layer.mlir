// An MLP, an attention and norms, small enough for the twin's memories.
girih.symbol @b {min = 1 : i64, max = 2 : i64}
girih.symbol @s {min = 1 : i64, max = 12 : i64}
girih.parameter @up.w : tensor<24x16xbf16>
girih.parameter @up.b : tensor<24xbf16>
girih.parameter @down.w : tensor<16x24xbf16>
girih.parameter @norm.w : tensor<16xbf16>
func.func @apply(%x: tensor<?x?x16xbf16, #girih.dims<"b", "s">> {girih.name = "x"}, %mask: tensor<?x?xi32, #girih.dims<"b", "s">> {girih.name = "mask", girih.range = [0, 2]})
    -> (tensor<?x?x16xbf16, #girih.dims<"b", "s">> {girih.name = "y"}) attributes {girih.entry} {
  %upw = girih.get_parameter @up.w : tensor<24x16xbf16>
  %upb = girih.get_parameter @up.b : tensor<24xbf16>
  %downw = girih.get_parameter @down.w : tensor<16x24xbf16>
  %normw = girih.get_parameter @norm.w : tensor<16xbf16>
  %h = girih.reshape %x : (tensor<?x?x16xbf16, #girih.dims<"b", "s">>) -> tensor<?x?x2x8xbf16, #girih.dims<"b", "s">>
  %a = girih.attention %h, %h, %h mask %mask {scale = 0.35 : f32} : (tensor<?x?x2x8xbf16, #girih.dims<"b", "s">>, tensor<?x?x2x8xbf16, #girih.dims<"b", "s">>,
    tensor<?x?x2x8xbf16, #girih.dims<"b", "s">>, tensor<?x?xi32, #girih.dims<"b", "s">>) -> tensor<?x?x2x8xbf16, #girih.dims<"b", "s">> loc("attention")
  %r = girih.reshape %a : (tensor<?x?x2x8xbf16, #girih.dims<"b", "s">>) -> tensor<?x?x16xbf16, #girih.dims<"b", "s">>
  %0 = girih.linear %r, %upw, %upb : (tensor<?x?x16xbf16, #girih.dims<"b", "s">>, tensor<24x16xbf16>, tensor<24xbf16>) -> tensor<?x?x24xbf16, #girih.dims<"b", "s">> loc("mlp.up")
  %1 = girih.gelu %0 : (tensor<?x?x24xbf16, #girih.dims<"b", "s">>) -> tensor<?x?x24xbf16, #girih.dims<"b", "s">> loc("mlp.act")
  %2 = girih.linear %1, %downw : (tensor<?x?x24xbf16, #girih.dims<"b", "s">>, tensor<16x24xbf16>) -> tensor<?x?x16xbf16, #girih.dims<"b", "s">> loc("mlp.down")
  %3 = girih.add %2, %x : (tensor<?x?x16xbf16, #girih.dims<"b", "s">>, tensor<?x?x16xbf16, #girih.dims<"b", "s">>) -> tensor<?x?x16xbf16, #girih.dims<"b", "s">>
  %4 = girih.layer_norm %3, %normw {epsilon = 1.0e-5 : f32} : (tensor<?x?x16xbf16, #girih.dims<"b", "s">>, tensor<16xbf16>) -> tensor<?x?x16xbf16, #girih.dims<"b", "s">> loc("layer_norm")
  %5 = girih.rms_norm %4, %normw {epsilon = 1.0e-5 : f32} : (tensor<?x?x16xbf16, #girih.dims<"b", "s">>, tensor<16xbf16>) -> tensor<?x?x16xbf16, #girih.dims<"b", "s">> loc("rms_norm")
  %6 = girih.softmax %5 {axis = 2 : i64} : (tensor<?x?x16xbf16, #girih.dims<"b", "s">>) -> tensor<?x?x16xbf16, #girih.dims<"b", "s">> loc("softmax")
  return %6 : tensor<?x?x16xbf16, #girih.dims<"b", "s">>
}
