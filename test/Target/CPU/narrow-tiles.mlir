// Tiles narrower than a vector give the reference's values: a dot with a single column, parts of a concatenation that end inside a
// vector, integers that become bf16, and an attention row of NaN.
// RUN: girih-eval %s --entry=columns --levels=cpu --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=columns --levels=cpu --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=heads --levels=cpu --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=parts --levels=cpu --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=parts --levels=cpu --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=casts --levels=cpu --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=nan --levels=graph,tile,cpu --symbols=batch=2,seq=5 | FileCheck %s
// CHECK-NOT: FAIL
// CHECK: {{^}}PASS

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 300 : i64}

func.func @columns(%x: tensor<?x?x300xf32, #girih.dims<"batch", "seq">>, %w: tensor<1x300xf32>, %b: tensor<1xf32>, %v: tensor<1x1xf32>)
    -> (tensor<?x?x1xf32, #girih.dims<"batch", "seq">>, tensor<?x?x1xf32, #girih.dims<"batch", "seq">>) attributes {girih.entry} {
  %0 = girih.linear %x, %w, %b : (tensor<?x?x300xf32, #girih.dims<"batch", "seq">>, tensor<1x300xf32>, tensor<1xf32>) -> tensor<?x?x1xf32, #girih.dims<"batch", "seq">>
  %1 = girih.linear %0, %v : (tensor<?x?x1xf32, #girih.dims<"batch", "seq">>, tensor<1x1xf32>) -> tensor<?x?x1xf32, #girih.dims<"batch", "seq">>
  return %0, %1 : tensor<?x?x1xf32, #girih.dims<"batch", "seq">>, tensor<?x?x1xf32, #girih.dims<"batch", "seq">>
}

func.func @heads(%q: tensor<?x?x2x17xf32, #girih.dims<"batch", "seq">>, %v: tensor<?x?x2x1xf32, #girih.dims<"batch", "seq">>, %n: tensor<?x?x2x3xf32, #girih.dims<"batch", "seq">>)
    -> (tensor<?x?x2x1xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x3xf32, #girih.dims<"batch", "seq">>) attributes {girih.entry} {
  %0 = girih.attention %q, %q, %v {causal, scale = 0.25 : f32} : (tensor<?x?x2x17xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x17xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x1xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x1xf32, #girih.dims<"batch", "seq">>
  %1 = girih.attention %q, %q, %n {scale = 0.25 : f32} : (tensor<?x?x2x17xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x17xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x3xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x3xf32, #girih.dims<"batch", "seq">>
  return %0, %1 : tensor<?x?x2x1xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x3xf32, #girih.dims<"batch", "seq">>
}

func.func @parts(%x: tensor<?x?x1x80xf32, #girih.dims<"batch", "seq">>, %p: tensor<?x?xi32, #girih.dims<"batch", "seq">> {girih.range = [0, 50]}, %t: tensor<50x10xf32>)
    -> tensor<?x?x1x80xf32, #girih.dims<"batch", "seq">> attributes {girih.entry} {
  %0 = girih.rope %x, %p, %t, %t : (tensor<?x?x1x80xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>, tensor<50x10xf32>, tensor<50x10xf32>) -> tensor<?x?x1x80xf32, #girih.dims<"batch", "seq">>
  return %0 : tensor<?x?x1x80xf32, #girih.dims<"batch", "seq">>
}

func.func @casts(%x: tensor<?x?x19xi32, #girih.dims<"batch", "seq">> {girih.range = [-400, 400]})
    -> (tensor<?x?x19xbf16, #girih.dims<"batch", "seq">>, tensor<?x?x19xf16, #girih.dims<"batch", "seq">>) attributes {girih.entry} {
  %0 = girih.cast %x : (tensor<?x?x19xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?x19xbf16, #girih.dims<"batch", "seq">>
  %1 = girih.cast %x : (tensor<?x?x19xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?x19xf16, #girih.dims<"batch", "seq">>
  return %0, %1 : tensor<?x?x19xbf16, #girih.dims<"batch", "seq">>, tensor<?x?x19xf16, #girih.dims<"batch", "seq">>
}

func.func @nan(%x: tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>, %k: tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>)
    -> tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">> attributes {girih.entry} {
  %never = girih.constant dense<0x7FC00000> : tensor<8xf32>
  %q = girih.add %x, %never : (tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>, tensor<8xf32>) -> tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>
  %0 = girih.attention %q, %k, %k {scale = 0.25 : f32} : (tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>
  return %0 : tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>
}
