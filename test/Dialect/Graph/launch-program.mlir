// A launch fits its tile program: inputs are the first views, results the last; shape, element type and encoding must agree.
// RUN: girih-opt %s --split-input-file --verify-diagnostics

girih.symbol @seq {min = 1 : i64, max = 8 : i64}
tile.program @k(%x: !tile.view<?x8xf32>, %w: !tile.view<4x8xf32, #girih.panels<width = 2>>, %y: !tile.view<?x4xf32>)
    grid [#tile.grid<arg = 2, dim = 0, step = 16>] outputs 1 {
  tile.return
}
func.func @f(%x: tensor<?x8xf32, #girih.dims<"seq">>, %w: tensor<4x8xf32, #girih.panels<width = 2>>) {
  %0 = girih.launch @k(%x, %w) : (tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32, #girih.panels<width = 2>>) -> tensor<?x4xf32, #girih.dims<"seq">>
  return
}

// -----

// expected-note @+1 {{the kernel is defined here}}
tile.program @k(%w: !tile.view<4x8xf32, #girih.panels<width = 2>>, %y: !tile.view<4x8xf32>)
    grid [#tile.grid<arg = 1, dim = 0, step = 16>] outputs 1 {
  tile.return
}
func.func @f(%w: tensor<4x8xf32>) {
  // expected-error @+1 {{expects operands and results of the kernel's types}}
  %0 = girih.launch @k(%w) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// expected-note @+1 {{the kernel is defined here}}
tile.program @k(%x: !tile.view<?x8xf32>, %y: !tile.view<?x8xf32>)
    grid [#tile.grid<arg = 1, dim = 0, step = 16>] outputs 1 {
  tile.return
}
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{expects operands and results of the kernel's types}}
  %0 = girih.launch @k(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}
