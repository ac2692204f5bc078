// A token before each sequence: sizes are sums, from the graph to the artifact.
girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 200 : i64}
func.func @encode(%x: tensor<?x?x32xf32, #girih.dims<"batch", "seq">>, %first: tensor<?x1x32xf32, #girih.dims<"batch">>, %w: tensor<96x32xf32>,
                  %o: tensor<32x32xf32>, %n: tensor<32xf32>) -> (tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">> {girih.name = "hidden"})
    attributes {girih.entry} {
  %0 = girih.concat %first, %x {axis = 1 : i64} : (tensor<?x1x32xf32, #girih.dims<"batch">>, tensor<?x?x32xf32, #girih.dims<"batch", "seq">>)
    -> tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
  %1 = girih.layer_norm %0, %n, %n {epsilon = 1.0e-5 : f32} : (tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>, tensor<32xf32>, tensor<32xf32>)
    -> tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
  %2 = girih.linear %1, %w : (tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>, tensor<96x32xf32>) -> tensor<?x?x96xf32, #girih.dims<"batch", "seq + 1">>
  %q = girih.slice %2 offsets [0, 0, 0] sizes [-1, -1, 32] : (tensor<?x?x96xf32, #girih.dims<"batch", "seq + 1">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
  %qh = girih.reshape %q : (tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>) -> tensor<?x?x4x8xf32, #girih.dims<"batch", "seq + 1">>
  %k = girih.slice %2 offsets [0, 0, 32] sizes [-1, -1, 32] : (tensor<?x?x96xf32, #girih.dims<"batch", "seq + 1">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
  %kh = girih.reshape %k : (tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>) -> tensor<?x?x4x8xf32, #girih.dims<"batch", "seq + 1">>
  %a = girih.attention %qh, %kh, %kh {scale = 0.35 : f32} : (tensor<?x?x4x8xf32, #girih.dims<"batch", "seq + 1">>, tensor<?x?x4x8xf32, #girih.dims<"batch", "seq + 1">>,
    tensor<?x?x4x8xf32, #girih.dims<"batch", "seq + 1">>) -> tensor<?x?x4x8xf32, #girih.dims<"batch", "seq + 1">>
  %ah = girih.reshape %a : (tensor<?x?x4x8xf32, #girih.dims<"batch", "seq + 1">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
  %3 = girih.linear %ah, %o : (tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>, tensor<32x32xf32>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
  %4 = girih.add %0, %3 : (tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>, tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>) -> tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
  return %4 : tensor<?x?x32xf32, #girih.dims<"batch", "seq + 1">>
}
