// Proves that the choice of a token prints as it is written, keeps its row's size, and checks the shapes of what it asks for.
// RUN: girih-opt %s --split-input-file --verify-diagnostics | FileCheck %s

girih.symbol @batch {min = 1 : i64, max = 32 : i64}
!row = tensor<?xf32, #girih.dims<"batch">>
!count = tensor<?xi32, #girih.dims<"batch">>
!logits = tensor<?x90xf32, #girih.dims<"batch">>
!flags = tensor<?x90xi8, #girih.dims<"batch">>

// CHECK-LABEL: func.func @choose
// CHECK: girih.sample %{{.*}} temperature %{{.*}} top_k %{{.*}} top_p %{{.*}} min_p %{{.*}} penalty %{{.*}} seen %{{.*}} seed %{{.*}} step %{{.*}} : (
// CHECK-SAME: -> tensor<?xi32, #girih.dims<"batch">>
func.func @choose(%x: !logits, %f: !row, %i: !count, %s: !flags) -> !count {
  %0 = girih.sample %x temperature %f top_k %i top_p %f min_p %f penalty %f seen %s seed %i step %i :
    (!logits, !row, !count, !row, !row, !row, !flags, !count, !count) -> !count
  return %0 : !count
}

// -----

// expected-note @+1 {{logits is defined here}}
func.func @c1(%x: tensor<2x3x90xf32>, %f: tensor<2xf32>, %i: tensor<2xi32>, %s: tensor<2x90xi8>) {
  // expected-error @+1 {{'girih.sample' op expects logits of rank 2, but got 'tensor<2x3x90xf32>'}}
  %0 = girih.sample %x temperature %f top_k %i top_p %f min_p %f penalty %f seen %s seed %i step %i :
    (tensor<2x3x90xf32>, tensor<2xf32>, tensor<2xi32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2x90xi8>, tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----

// expected-note @+1 {{seen is defined here}}
func.func @c2(%x: tensor<2x90xf32>, %f: tensor<2xf32>, %i: tensor<2xi32>, %s: tensor<2x80xi8>) {
  // expected-error @+1 {{'girih.sample' op expects seen of shape [b, V] = [2, 90], but got 'tensor<2x80xi8>'}}
  %0 = girih.sample %x temperature %f top_k %i top_p %f min_p %f penalty %f seen %s seed %i step %i :
    (tensor<2x90xf32>, tensor<2xf32>, tensor<2xi32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2x80xi8>, tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----

// expected-note @+1 {{top_p is defined here}}
func.func @c3(%x: tensor<2x90xf32>, %f: tensor<2xf32>, %i: tensor<2xi32>, %p: tensor<3xf32>, %s: tensor<2x90xi8>) {
  // expected-error @+1 {{'girih.sample' op expects top_p of shape [b] = [2], but got 'tensor<3xf32>'}}
  %0 = girih.sample %x temperature %f top_k %i top_p %p min_p %f penalty %f seen %s seed %i step %i :
    (tensor<2x90xf32>, tensor<2xf32>, tensor<2xi32>, tensor<3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2x90xi8>, tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  return
}
