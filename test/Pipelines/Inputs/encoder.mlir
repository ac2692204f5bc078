// One layer of a small encoder: embedding, attention, a gelu layer, norms and pooling; weights come from a seed.
module attributes {girih.contract = "stable"} {
girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 64 : i64}

girih.parameter @words : tensor<100x32xf32>
girih.parameter @q.w : tensor<32x32xf32>
girih.parameter @k.w : tensor<32x32xf32>
girih.parameter @v.w : tensor<32x32xf32>
girih.parameter @up.w : tensor<64x32xf32>
girih.parameter @up.b : tensor<64xf32>
girih.parameter @down.w : tensor<32x64xf32>
girih.parameter @norm.w : tensor<32xf32> {value = dense<1.0> : tensor<32xf32>}
girih.parameter @norm.b : tensor<32xf32> {value = dense<0.0> : tensor<32xf32>}

func.func @encode(%ids: tensor<?x?xi32, #girih.dims<"batch", "seq">> {girih.name = "ids", girih.range = [0, 100]},
                  %mask: tensor<?x?xi32, #girih.dims<"batch", "seq">> {girih.name = "mask", girih.range = [0, 2]})
    -> (tensor<?x32xf32, #girih.dims<"batch">> {girih.name = "embedding"}) attributes {girih.entry} {
  %words = girih.get_parameter @words : tensor<100x32xf32>
  %qw = girih.get_parameter @q.w : tensor<32x32xf32>
  %kw = girih.get_parameter @k.w : tensor<32x32xf32>
  %vw = girih.get_parameter @v.w : tensor<32x32xf32>
  %uw = girih.get_parameter @up.w : tensor<64x32xf32>
  %ub = girih.get_parameter @up.b : tensor<64xf32>
  %dw = girih.get_parameter @down.w : tensor<32x64xf32>
  %nw = girih.get_parameter @norm.w : tensor<32xf32>
  %nb = girih.get_parameter @norm.b : tensor<32xf32>
  %x = girih.embedding %words, %ids : (tensor<100x32xf32>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">> loc("words")
  %q = girih.linear %x, %qw : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<32x32xf32>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">> loc("layer.0.q")
  %k = girih.linear %x, %kw : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<32x32xf32>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">> loc("layer.0.k")
  %v = girih.linear %x, %vw : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<32x32xf32>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">> loc("layer.0.v")
  %qh = girih.reshape %q : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">>
  %kh = girih.reshape %k : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">>
  %vh = girih.reshape %v : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">>
  %a = girih.attention %qh, %kh, %vh mask %mask {scale = 0.25 : f32} : (tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">> loc("layer.0.attention")
  %m = girih.reshape %a : (tensor<?x?x2x16xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">>
  %s = girih.add %m, %x : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<?x?x32xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">>
  %n = girih.layer_norm %s, %nw, %nb {epsilon = 1.0e-6 : f32} : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">> loc("layer.0.norm")
  %u = girih.linear %n, %uw, %ub : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<64x32xf32>, tensor<64xf32>) -> tensor<?x?x64xf32, #girih.dims<"batch", "seq">> loc("layer.0.up")
  %g = girih.gelu %u : (tensor<?x?x64xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x64xf32, #girih.dims<"batch", "seq">> loc("layer.0.up")
  %d = girih.linear %g, %dw : (tensor<?x?x64xf32, #girih.dims<"batch", "seq">>, tensor<32x64xf32>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">> loc("layer.0.down")
  %r = girih.add %d, %n : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<?x?x32xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq">> loc("layer.0.down")
  %p = girih.pool mean %r, %mask : (tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x32xf32, #girih.dims<"batch">> loc("pooling")
  return %p : tensor<?x32xf32, #girih.dims<"batch">>
}
}
