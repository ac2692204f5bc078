// Proves that a module's properties are in its artifact, keys and values, whatever their text.
// REQUIRES: cpu
// RUN: girihc -q %s -o %t.girih
// RUN: tr '\0' '\n' < %t.girih | FileCheck %s
// CHECK-DAG: {{^}}chat_template{{$}}
// CHECK-DAG: {{^}}{% for message in messages %}<|im_start|>{{$}}
// CHECK-DAG: {{^}}eos{{$}}
// CHECK-DAG: {{^}}2,49154{{$}}
module attributes {girih.properties = {chat_template = "{% for message in messages %}<|im_start|>", eos = "2,49154"}} {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {girih.entry} {
    %0 = girih.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
