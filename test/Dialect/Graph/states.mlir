// Proves that a state is read and updated by turns, and that an entry returns its states in order; invalid.mlir has the other constraints.
// RUN: girih-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// Read, updated, read, updated.
// CHECK-LABEL: func.func @linear
// CHECK-SAME: {girih.state}
// CHECK-SAME: {girih.state = 0 : i64}
func.func @linear(%c: tensor<40x8xf32> {girih.state}, %r: tensor<1x3x8xf32>, %s: tensor<1x3xi32>)
    -> (tensor<40x8xf32>, tensor<40x8xf32> {girih.state = 0 : i64}) attributes {girih.entry} {
  %old = girih.exp %c : (tensor<40x8xf32>) -> tensor<40x8xf32>
  %0 = girih.cache_write %c, %r at %s : (tensor<40x8xf32>, tensor<1x3x8xf32>, tensor<1x3xi32>) -> tensor<40x8xf32>
  %now = girih.add %old, %0 : (tensor<40x8xf32>, tensor<40x8xf32>) -> tensor<40x8xf32>
  %1 = girih.cache_write %0, %r at %s : (tensor<40x8xf32>, tensor<1x3x8xf32>, tensor<1x3xi32>) -> tensor<40x8xf32>
  return %now, %1 : tensor<40x8xf32>, tensor<40x8xf32>
}

// -----

// C2: states out of order.
// expected-error @+1 {{expects its last results to be its states in order, with girih.state = 0 on result 0}}
func.func @swapped(%a: tensor<40x8xf32> {girih.state}, %b: tensor<40x8xf32> {girih.state})
    -> (tensor<40x8xf32> {girih.state = 1 : i64}, tensor<40x8xf32> {girih.state = 0 : i64}) attributes {girih.entry} {
  return %b, %a : tensor<40x8xf32>, tensor<40x8xf32>
}

// -----

// C2: another value in the state's place.
// expected-error @+1 {{expects result 0 to be the last version of state 0}}
func.func @other(%c: tensor<40x8xf32> {girih.state}, %x: tensor<40x8xf32>) -> (tensor<40x8xf32> {girih.state = 0 : i64}) attributes {girih.entry} {
  return %x : tensor<40x8xf32>
}

// -----

// C2: a result that names no state.
// expected-error @+1 {{expects as many results with girih.state as arguments, but got result 0 besides}}
func.func @none(%x: tensor<40x8xf32>) -> (tensor<40x8xf32> {girih.state = 0 : i64}) attributes {girih.entry} {
  return %x : tensor<40x8xf32>
}

// -----

// expected-error @+1 {{expects girih.state to be a unit on arguments, an argument's number on results, but got 3 : i64}}
func.func private @number(tensor<40x8xf32> {girih.state = 3 : i64})

// -----

// CHECK: module attributes {girih.properties = {eos = "2", layers = "30"}}
module attributes {girih.properties = {eos = "2", layers = "30"}} {}
