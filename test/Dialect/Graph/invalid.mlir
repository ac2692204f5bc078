// Every constraint of the graph dialect is enforced, says what was expected and what was found, and points to the operands it is about.
// RUN: girih-opt %s --split-input-file --verify-diagnostics

// Attributes.

// expected-error @+1 {{#girih.dims expects a sum of products of symbols and integers such as "2*batch*seq + 1", but got "batch-1"}}
func.func private @f(tensor<?xf32, #girih.dims<"batch-1">>)

// -----

// expected-error @+1 {{#girih.dims expects a size that mentions a symbol, but got "12"; write a static dimension instead}}
func.func private @f(tensor<?xf32, #girih.dims<"12">>)

// -----

// expected-error @+1 {{#girih.dims expects sizes in canonical order: write "2*batch*seq" for "seq*2*batch"}}
func.func private @f(tensor<?xf32, #girih.dims<"seq*2*batch">>)

// -----

// expected-error @+1 {{#girih.dims expects one size expression for each dynamic dimension, but got 1 for 2}}
func.func private @f(tensor<?x?xf32, #girih.dims<"batch">>)

// -----

// expected-error @+1 {{#girih.panels expects a positive width, but got 0}}
func.func private @f(tensor<4x4xf32, #girih.panels<width = 0>>)

// -----

// expected-error @+1 {{#girih.panels expects a matrix of static shape with elements of whole bytes}}
func.func private @f(tensor<4xf32, #girih.panels<width = 8>>)

// -----

// expected-error @+1 {{#girih.source expects a file, an offset and a length that are not negative, but got file "w", offset -1, bytes 16}}
girih.parameter @p : tensor<4xf32> {source = #girih.source<file = "w", offset = -1, bytes = 16, type = f32>}

// -----

// expected-error @+1 {{#girih.source expects a type of whole bytes, but got 'i4'}}
girih.parameter @p : tensor<4xf32> {source = #girih.source<file = "w", offset = 0, bytes = 2, type = i4>}

// -----

// Attributes on other dialects' ops.

// expected-error @+1 {{expects girih.contract to be "exact", "stable" or "fast", but got "quick"}}
module attributes {girih.contract = "quick"} {}

// -----

// expected-error @+1 {{expects girih.model to be a string, but got 1 : i64}}
module attributes {girih.model = 1} {}

// -----

// expected-error @+1 {{expects girih.entry as a unit attribute of a func.func}}
module attributes {girih.entry} {}

// -----

// expected-error @+1 {{expects an attribute of the girih dialect, but got girih.contracts}}
module attributes {girih.contracts = "stable"} {}

// -----

// expected-error @+1 {{expects girih.scratch_bytes to be an integer, but got "many"}}
func.func private @f() attributes {girih.scratch_bytes = "many"}

// -----

func.func private @k(tensor<4xf32>) -> tensor<4xf32> attributes {girih.kernel}
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects girih.flops to be a list of size expressions on a girih.launch, but got ["2*seq-1"]}}
  %0 = girih.launch @k(%x) {girih.flops = ["2*seq-1"]} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// expected-error @+1 {{expects girih.range on a tensor of i32, but got 'tensor<4xf32>'}}
func.func private @f(tensor<4xf32> {girih.range = [0, 2]})

// -----

// expected-error @+1 {{expects girih.range to be [lo, hi] with lo < hi, but got [2, 0]}}
func.func private @f(tensor<4xi32> {girih.range = [2, 0]})

// -----

// expected-error @+1 {{expects girih.name to be a string}}
func.func private @f(tensor<4xi32> {girih.name = 3})

// -----

// expected-error @+1 {{expects girih.name, girih.state or, on arguments, girih.range, but got "girih.range"}}
func.func private @f() -> (tensor<4xi32> {girih.range = [0, 2]})

// -----

// expected-error @+1 {{expects girih.name, girih.state or, on arguments, girih.range, but got "girih.ranges"}}
func.func private @f(tensor<4xi32> {girih.ranges = [0, 2]})

// -----

// expected-error @+1 {{expects girih.entry on a function with a body}}
func.func private @f(tensor<4xf32>) attributes {girih.entry}

// -----

// expected-error @+1 {{expects an entry's arguments and results to be ranked tensors with every `?` named by #girih.dims, but got 'tensor<?xf32>'}}
func.func @f(%x: tensor<?xf32>) attributes {girih.entry} {
  return
}

// -----

// expected-error @+1 {{expects arguments of different names, but got "ids" twice}}
func.func @f(%x: tensor<4xi32> {girih.name = "ids"}, %y: tensor<4xi32> {girih.name = "ids"}) attributes {girih.entry} {
  return
}

// -----

// expected-error @+1 {{expects results of different names, but got "x" twice}}
func.func @f(%x: tensor<4xi32>) -> (tensor<4xi32> {girih.name = "x"}, tensor<4xi32> {girih.name = "x"}) attributes {girih.entry} {
  return %x, %x : tensor<4xi32>, tensor<4xi32>
}

// -----

// Structure.

// expected-error @+1 {{expects 1 <= min <= max, but got 8 and 4}}
girih.symbol @batch {min = 8 : i64, max = 4 : i64}

// -----

// expected-error @+1 {{expects likely between 1 and 4, but got 5}}
girih.symbol @batch {min = 1 : i64, max = 4 : i64, likely = 5 : i64}

// -----

// expected-error @+1 {{expects a name of letters, digits and '_', but got 'batch.size'}}
girih.symbol @"batch.size" {min = 1 : i64, max = 4 : i64}

// -----

func.func private @f(%x: tensor<?xf32, #girih.dims<"batch">>) {
  // expected-error @+1 {{expects size 'batch' to be declared, as in: girih.symbol @batch {min = 1 : i64, max = 32 : i64}}}
  %0 = girih.exp %x : (tensor<?xf32, #girih.dims<"batch">>) -> tensor<?xf32, #girih.dims<"batch">>
  return
}

// -----

func.func private @f(%x: tensor<?xf32>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of f32, bf16 or f16 with every `?` named by #girih.dims, but got 'tensor<?xf32>'}}
  %0 = girih.exp %x : (tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func private @f(%x: tensor<4xf64>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of f32, bf16, f16, i32 or i8 with every `?` named by #girih.dims, but got 'tensor<4xf64>'}}
  %0 = girih.relu %x : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

girih.symbol @batch {min = 1 : i64, max = 32 : i64}
// expected-error @+1 {{expects a static shape, but got 'tensor<?xf32, #girih.dims<"batch">>'}}
girih.parameter @p : tensor<?xf32, #girih.dims<"batch">>

// -----

// expected-error @+1 {{expects a source or a value, but got both}}
girih.parameter @p : tensor<4xf32> {source = #girih.source<file = "w", offset = 0, bytes = 16, type = f32>, value = dense<0.0> : tensor<4xf32>}

// -----

// expected-error @+1 {{#girih.source expects an even number of rows as unpaired, but got 3}}
girih.parameter @p : tensor<6x1xf32> {source = #girih.source<file = "w", offset = 0, bytes = 24, type = f32, unpaired = 3>}

// -----

// expected-error @+1 {{expects a source of whole heads of 4 rows of 4 bytes, but got 24 bytes}}
girih.parameter @p : tensor<6x1xf32> {source = #girih.source<file = "w", offset = 0, bytes = 24, type = f32, unpaired = 4>}

// -----

// expected-error @+1 {{#girih.source expects transposed to be a row's length, without format and unpaired, but got 6}}
girih.parameter @p : tensor<6x2xf32> {source = #girih.source<file = "w", offset = 0, bytes = 48, type = f32, unpaired = 2, transposed = 6>}

// -----

// expected-error @+1 {{expects one transposed source of rows of at least 6 elements for 'tensor<6x2xf32>'}}
girih.parameter @p : tensor<6x2xf32> {source = #girih.source<file = "w", offset = 0, bytes = 48, type = f32, transposed = 5>}

// -----

// expected-error @+1 {{expects a source of 52 bytes for 'tensor<6x2xf32>' from 'f32', but got 48}}
girih.parameter @p : tensor<6x2xf32> {source = #girih.source<file = "w", offset = 0, bytes = 48, type = f32, transposed = 7>}

// -----

// expected-error @+1 {{expects a source of 8 bytes for 'tensor<4xf32>' from 'bf16', but got 16}}
girih.parameter @p : tensor<4xf32> {source = #girih.source<file = "w", offset = 0, bytes = 16, type = bf16>}

// -----

// expected-error @+1 {{expects a source of 9223372036854775807 bytes for}}
girih.parameter @p : tensor<9223372036854775807x4xf32> {source = #girih.source<file = "w", offset = 0, bytes = 16, type = f32>}

// -----

// expected-error @+1 {{expects a value of type 'tensor<4xf32>', but got 'tensor<5xf32>'}}
girih.parameter @p : tensor<4xf32> {value = dense<0.0> : tensor<5xf32>}

// -----

func.func @f() {
  // expected-error @+1 {{expects a girih.parameter named @p}}
  %0 = girih.get_parameter @p : tensor<4xf32>
  return
}

// -----

// expected-note @+1 {{the parameter is declared here}}
girih.parameter @p : tensor<5xf32>
func.func @f() {
  // expected-error @+1 {{expects the parameter's type 'tensor<5xf32>', but got 'tensor<4xf32>'}}
  %0 = girih.get_parameter @p : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects one type for each argument, but got 2 for 1}}
  %0 = girih.kernel(%a = %x : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
    girih.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects body arguments of the inputs' types}}
  %0 = "girih.kernel"(%x) ({
    %1 = girih.constant dense<0.0> : tensor<4xf32>
    girih.yield %1 : tensor<4xf32>
  }) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects the body to yield the results' types}}
  %0 = girih.kernel(%a = %x : tensor<4xf32>) -> tensor<5xf32> {
    girih.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects the body to yield the results' types}}
  %0 = girih.kernel(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    %1 = girih.exp %a : (tensor<4xf32>) -> tensor<4xf32>
  }
  return
}

// -----

func.func private @g()
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects graph ops alone in its body, but got 'func.call'}}
  %0 = girih.kernel(%a = %x : tensor<4xf32>) -> tensor<4xf32> {
    // expected-note @+1 {{it stands here}}
    func.call @g() : () -> ()
    girih.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects a kernel named @k}}
  %0 = girih.launch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// expected-note @+1 {{the kernel is defined here}}
func.func private @k(tensor<4xf32>) -> tensor<5xf32> attributes {girih.kernel}
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects operands and results of the kernel's types}}
  %0 = girih.launch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// Contractions.

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<f32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{'girih.linear' op expects input of rank 1 or more, but got 'tensor<f32>'}}
  %0 = girih.linear %x, %w : (tensor<f32>, tensor<4x8xf32>) -> tensor<4xf32>
  return
}

// -----

// expected-note @below {{weight is defined here}}
func.func @f(%x: tensor<2x8xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'girih.linear' op expects weight of rank 2, but got 'tensor<8xf32>'}}
  %0 = girih.linear %x, %w : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
// expected-note @below {{weight is defined here}}
func.func @f(%x: tensor<2x8xf32>, %w: tensor<4x9xf32>) {
  // expected-error @+1 {{'girih.linear' op expects input and weight of equal last size K, but got 8 and 9}}
  %0 = girih.linear %x, %w : (tensor<2x8xf32>, tensor<4x9xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-note @below {{bias is defined here}}
func.func @f(%x: tensor<2x8xf32>, %w: tensor<4x8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{'girih.linear' op expects bias of shape [N] = [4], but got 'tensor<8xf32>'}}
  %0 = girih.linear %x, %w, %b : (tensor<2x8xf32>, tensor<4x8xf32>, tensor<8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{expects a compute type of f32, bf16 or f16, but got 'i8'}}
  %0 = girih.linear %x, %w {compute = i8} : (tensor<2x8xf32>, tensor<4x8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{expects an accumulator of f32, but got 'bf16'}}
  %0 = girih.linear %x, %w {accumulate = bf16} : (tensor<2x8xf32>, tensor<4x8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x8xf32>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{expects results of type 'tensor<2x4xf32>', but got 'tensor<2x8xf32>'}}
  %0 = girih.linear %x, %w : (tensor<2x8xf32>, tensor<4x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

// expected-note @below {{query is defined here}}
func.func @f(%q: tensor<5x8x64xf32>, %k: tensor<1x5x8x64xf32>) {
  // expected-error @+1 {{'girih.attention' op expects query of rank 4, but got 'tensor<5x8x64xf32>'}}
  %0 = girih.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<5x8x64xf32>, tensor<1x5x8x64xf32>, tensor<1x5x8x64xf32>) -> tensor<5x8x64xf32>
  return
}

// -----

girih.symbol @heads {min = 1 : i64, max = 8 : i64}
// expected-note @below {{query is defined here}}
func.func @f(%q: tensor<1x5x?x64xf32, #girih.dims<"heads">>) {
  // expected-error @+1 {{'girih.attention' op expects query with static heads and head size, but got 'tensor<1x5x?x64xf32, #girih.dims<"heads">>'}}
  %0 = girih.attention %q, %q, %q {scale = 1.0 : f32} : (tensor<1x5x?x64xf32, #girih.dims<"heads">>, tensor<1x5x?x64xf32, #girih.dims<"heads">>, tensor<1x5x?x64xf32, #girih.dims<"heads">>) -> tensor<1x5x?x64xf32, #girih.dims<"heads">>
  return
}

// -----

// expected-note @below {{query is defined here}}
// expected-note @below {{key is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %k: tensor<1x5x8x64xbf16>) {
  // expected-error @+1 {{'girih.attention' op expects query, key and value of one element type, but got 'f32' and 'bf16'}}
  %0 = girih.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<1x5x8x64xbf16>, tensor<1x5x8x64xbf16>) -> tensor<1x5x8x64xf32>
  return
}

// -----

// expected-note @below {{query is defined here}}
// expected-note @below {{key is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %k: tensor<1x5x3x64xf32>) {
  // expected-error @+1 {{'girih.attention' op expects query heads to be a multiple of key heads, but got 8 and 3}}
  %0 = girih.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<1x5x3x64xf32>, tensor<1x5x3x64xf32>) -> tensor<1x5x8x64xf32>
  return
}

// -----

// expected-note @below {{query is defined here}}
// expected-note @below {{key is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %k: tensor<1x5x8x32xf32>) {
  // expected-error @+1 {{'girih.attention' op expects query and key of equal head size, but got 64 and 32}}
  %0 = girih.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<1x5x8x32xf32>, tensor<1x5x8x32xf32>) -> tensor<1x5x8x32xf32>
  return
}

// -----

// expected-note @below {{query is defined here}}
// expected-note @below {{key is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %k: tensor<2x5x8x64xf32>) {
  // expected-error @+1 {{'girih.attention' op expects query, key and value of equal batch, but got 1, 2 and 2}}
  %0 = girih.attention %q, %k, %k {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<2x5x8x64xf32>, tensor<2x5x8x64xf32>) -> tensor<1x5x8x64xf32>
  return
}

// -----

// expected-note @below {{key is defined here}}
// expected-note @below {{value is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %v: tensor<1x6x8x64xf32>) {
  // expected-error @+1 {{'girih.attention' op expects key and value of equal length, but got 5 and 6}}
  %0 = girih.attention %q, %q, %v {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<1x5x8x64xf32>, tensor<1x6x8x64xf32>) -> tensor<1x5x8x64xf32>
  return
}

// -----

// expected-note @below {{key is defined here}}
// expected-note @below {{value is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %v: tensor<1x5x4x64xf32>) {
  // expected-error @+1 {{'girih.attention' op expects key and value of equal heads, but got 8 and 4}}
  %0 = girih.attention %q, %q, %v {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<1x5x8x64xf32>, tensor<1x5x4x64xf32>) -> tensor<1x5x8x64xf32>
  return
}

// -----

// expected-note @below {{mask is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %k: tensor<1x6x8x64xf32>, %m: tensor<1x5xi32>) {
  // expected-error @+1 {{'girih.attention' op expects mask of shape [b, t] = [1, 6], but got 'tensor<1x5xi32>'}}
  %0 = girih.attention %q, %k, %k mask %m {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<1x6x8x64xf32>, tensor<1x6x8x64xf32>, tensor<1x5xi32>) -> tensor<1x5x8x64xf32>
  return
}

// -----

// expected-note @below {{bias is defined here}}
func.func @f(%q: tensor<1x5x8x64xf32>, %k: tensor<1x6x8x64xf32>, %b: tensor<1x8x6x5xf32>) {
  // expected-error @+1 {{'girih.attention' op expects bias of shape [b or 1, h or 1, s, t] = [1, 8, 5, 6], but got 'tensor<1x8x6x5xf32>'}}
  %0 = girih.attention %q, %k, %k bias %b {scale = 1.0 : f32} : (tensor<1x5x8x64xf32>, tensor<1x6x8x64xf32>, tensor<1x6x8x64xf32>, tensor<1x8x6x5xf32>) -> tensor<1x5x8x64xf32>
  return
}

// -----

func.func @f(%q: tensor<1x5x8x64xf32>) {
  // expected-error @+1 {{expects a finite scale, but got}}
  %0 = girih.attention %q, %q, %q {scale = 0x7F800000 : f32} : (tensor<1x5x8x64xf32>, tensor<1x5x8x64xf32>, tensor<1x5x8x64xf32>) -> tensor<1x5x8x64xf32>
  return
}

// -----

// Normalizations.

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<f32>, %w: tensor<f32>) {
  // expected-error @+1 {{'girih.layer_norm' op expects input of rank 1 or more, but got 'tensor<f32>'}}
  %0 = girih.layer_norm %x, %w {epsilon = 0.0 : f32} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

// expected-note @below {{weight is defined here}}
func.func @f(%x: tensor<2x4xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{'girih.rms_norm' op expects weight of shape [H] = [4], but got 'tensor<8xf32>'}}
  %0 = girih.rms_norm %x, %w {epsilon = 0.0 : f32} : (tensor<2x4xf32>, tensor<8xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-note @below {{bias is defined here}}
func.func @f(%x: tensor<2x4xf32>, %w: tensor<4xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{'girih.layer_norm' op expects bias of shape [H] = [4], but got 'tensor<8xf32>'}}
  %0 = girih.layer_norm %x, %w, %b {epsilon = 0.0 : f32} : (tensor<2x4xf32>, tensor<4xf32>, tensor<8xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expects a finite epsilon of 0 or more, but got -1.000000e+00 : f32}}
  %0 = girih.l2_normalize %x {epsilon = -1.0 : f32} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.softmax' op expects an axis from 0 to 1, but got 2}}
  %0 = girih.softmax %x {axis = 2 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// Element-wise ops.

// expected-note @below {{gate is defined here}}
// expected-note @below {{up is defined here}}
func.func @f(%x: tensor<2x4xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{'girih.gate' op expects gate and up of one type, but got 'tensor<2x4xf32>' and 'tensor<4xf32>'}}
  %0 = girih.gate silu %x, %y : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-note @below {{lhs is defined here}}
// expected-note @below {{rhs is defined here}}
func.func @f(%x: tensor<2x4xf32>, %y: tensor<4xbf16>) {
  // expected-error @+1 {{'girih.add' op expects operands of one element type, but got 'f32' and 'bf16'}}
  %0 = girih.add %x, %y : (tensor<2x4xf32>, tensor<4xbf16>) -> tensor<2x4xf32>
  return
}

// -----

girih.symbol @seq {min = 1 : i64, max = 32 : i64}
// expected-note @below {{lhs is defined here}}
// expected-note @below {{rhs is defined here}}
func.func @f(%x: tensor<2x?xf32, #girih.dims<"seq">>, %y: tensor<4xf32>) {
  // expected-error @+1 {{'girih.mul' op expects shapes that broadcast (trailing dimensions equal or 1), but got [2, seq] and [4]}}
  %0 = girih.mul %x, %y : (tensor<2x?xf32, #girih.dims<"seq">>, tensor<4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.cast' op expects a result of shape [2, 4], but got 'tensor<8xbf16>'}}
  %0 = girih.cast %x : (tensor<2x4xf32>) -> tensor<8xbf16>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'girih.constant' op expects a value of static shape without encoding, but got 'vector<4xf32>'}}
  %0 = girih.constant dense<0.0> : vector<4xf32>
  return
}

// -----

// Movement.

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.reduce' op expects an axis from 0 to 1, but got -1}}
  %0 = girih.reduce sum %x axes [-1] : (tensor<2x4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.reduce' op expects one or more axes in ascending order, each once}}
  %0 = girih.reduce sum %x axes [1, 1] : (tensor<2x4xf32>) -> tensor<2xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xi32>) {
  // expected-error @+1 {{'girih.reduce' op expects floats for a mean, but got 'tensor<2x4xi32>'; cast first}}
  %0 = girih.reduce mean %x axes [1] : (tensor<2x4xi32>) -> tensor<2xi32>
  return
}

// -----

// expected-note @below {{data is defined here}}
func.func @f(%x: tensor<2x4xf32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{'girih.gather' op expects an axis from 0 to 1, but got 2}}
  %0 = girih.gather %x, %i {axis = 2 : i64} : (tensor<2x4xf32>, tensor<3xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'girih.concat' op expects at least one input}}
  %0 = "girih.concat"() {axis = 0 : i64} : () -> tensor<2xf32>
  return
}

// -----

// expected-note @below {{the first input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.concat' op expects an axis from 0 to 1, but got 5}}
  %0 = girih.concat %x {axis = 5 : i64} : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-note @below {{the first input is defined here}}
// expected-note @below {{this input is defined here}}
func.func @f(%x: tensor<2x4xf32>, %y: tensor<3x5xf32>) {
  // expected-error @+1 {{'girih.concat' op expects inputs equal but for axis 0, but got 'tensor<2x4xf32>' and 'tensor<3x5xf32>'}}
  %0 = girih.concat %x, %y {axis = 0 : i64} : (tensor<2x4xf32>, tensor<3x5xf32>) -> tensor<5x4xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.slice' op expects one offset and one size for each of 2 dimensions, but got 1 and 2}}
  %0 = girih.slice %x offsets [0] sizes [1, 1] : (tensor<2x4xf32>) -> tensor<1x1xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.slice' op expects a part that lies inside and has a static size, or offset 0 and size -1, but got offset 2 and size 3 of 4}}
  %0 = girih.slice %x offsets [0, 2] sizes [-1, 3] : (tensor<2x4xf32>) -> tensor<2x3xf32>
  return
}

// -----

girih.symbol @seq {min = 1 : i64, max = 32 : i64}
// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<?x4xf32, #girih.dims<"seq">>) {
  // expected-error @+1 {{'girih.slice' op expects a part that lies inside and has a static size, or offset 0 and size -1, but got offset 1 and size -1 of seq}}
  %0 = girih.slice %x offsets [1, 0] sizes [-1, -1] : (tensor<?x4xf32, #girih.dims<"seq">>) -> tensor<?x4xf32, #girih.dims<"seq">>
  return
}

// -----

girih.symbol @seq {min = 1 : i64, max = 32 : i64}
func.func @f(%x: tensor<?x4xf32, #girih.dims<"2*seq">>) {
  // expected-error @+1 {{expects a part that lies inside for all sizes, but 2*seq may be 2, less than offset 1 and size 2}}
  %0 = girih.slice %x offsets [1, 0] sizes [2, -1] : (tensor<?x4xf32, #girih.dims<"2*seq">>) -> tensor<2x4xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.reshape' op expects one element type, but got 'f32' and 'bf16'; girih.cast converts}}
  %0 = girih.reshape %x : (tensor<2x4xf32>) -> tensor<8xbf16>
  return
}

// -----

girih.symbol @seq {min = 1 : i64, max = 32 : i64}
// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<?x4xf32, #girih.dims<"seq">>) {
  // expected-error @+1 {{'girih.reshape' op expects as many elements as before, 4*seq, but got 8*seq}}
  %0 = girih.reshape %x : (tensor<?x4xf32, #girih.dims<"seq">>) -> tensor<?xf32, #girih.dims<"8*seq">>
  return
}

// -----

func.func @f(%x: tensor<16xf32>) {
  // expected-error @+1 {{'girih.reshape' op expects a result in row-major order, but got 'tensor<4x4xf32, #girih.panels<width = 2>>'}}
  %0 = girih.reshape %x : (tensor<16xf32>) -> tensor<4x4xf32, #girih.panels<width = 2>>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{'girih.transpose' op expects a permutation of 0 to 1, but got [1, 1]}}
  %0 = girih.transpose %x [1, 1] : (tensor<2x4xf32>) -> tensor<4x4xf32>
  return
}

// -----

// Sequences.

// expected-note @below {{table is defined here}}
func.func @f(%t: tensor<8xf32>, %i: tensor<2x3xi32>) {
  // expected-error @+1 {{'girih.embedding' op expects table of rank 2, but got 'tensor<8xf32>'}}
  %0 = girih.embedding %t, %i : (tensor<8xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
  return
}

// -----

// expected-note @below {{ids is defined here}}
func.func @f(%i: tensor<3xi32>) {
  // expected-error @+1 {{'girih.positions' op expects ids of rank 2, but got 'tensor<3xi32>'}}
  %0 = girih.positions absolute %i : (tensor<3xi32>) -> tensor<3xi32>
  return
}

// -----

func.func @f(%i: tensor<2x3xi32>) {
  // expected-error @+1 {{expects padding_index where kind is skip_padding}}
  %0 = girih.positions skip_padding %i : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return
}

// -----

func.func @f(%i: tensor<2x3xi32>) {
  // expected-error @+1 {{expects no padding_index where kind is absolute}}
  %0 = girih.positions absolute %i {padding_index = 1 : i64} : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<3x8x64xf32>, %p: tensor<2x3xi32>, %t: tensor<9x32xf32>) {
  // expected-error @+1 {{'girih.rope' op expects input of rank 4, but got 'tensor<3x8x64xf32>'}}
  %0 = girih.rope %x, %p, %t, %t : (tensor<3x8x64xf32>, tensor<2x3xi32>, tensor<9x32xf32>, tensor<9x32xf32>) -> tensor<3x8x64xf32>
  return
}

// -----

// expected-note @below {{positions is defined here}}
func.func @f(%x: tensor<2x3x8x64xf32>, %p: tensor<2x4xi32>, %t: tensor<9x32xf32>) {
  // expected-error @+1 {{'girih.rope' op expects positions of shape [b, s] = [2, 3], but got 'tensor<2x4xi32>'}}
  %0 = girih.rope %x, %p, %t, %t : (tensor<2x3x8x64xf32>, tensor<2x4xi32>, tensor<9x32xf32>, tensor<9x32xf32>) -> tensor<2x3x8x64xf32>
  return
}

// -----

// expected-note @below {{cos is defined here}}
// expected-note @below {{sin is defined here}}
func.func @f(%x: tensor<2x3x8x64xf32>, %p: tensor<2x3xi32>, %t: tensor<9x32xf32>, %u: tensor<8x32xf32>) {
  // expected-error @+1 {{'girih.rope' op expects cos and sin of one type, but got 'tensor<9x32xf32>' and 'tensor<8x32xf32>'}}
  %0 = girih.rope %x, %p, %t, %u : (tensor<2x3x8x64xf32>, tensor<2x3xi32>, tensor<9x32xf32>, tensor<8x32xf32>) -> tensor<2x3x8x64xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
// expected-note @below {{cos is defined here}}
func.func @f(%x: tensor<2x3x8x64xf32>, %p: tensor<2x3xi32>, %t: tensor<9x33xf32>) {
  // expected-error @+1 {{'girih.rope' op expects tables of at most half the head size, but got 33 for 64}}
  %0 = girih.rope %x, %p, %t, %t : (tensor<2x3x8x64xf32>, tensor<2x3xi32>, tensor<9x33xf32>, tensor<9x33xf32>) -> tensor<2x3x8x64xf32>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<2x8xf32>, %m: tensor<2x3xi32>) {
  // expected-error @+1 {{'girih.pool' op expects input of rank 3, but got 'tensor<2x8xf32>'}}
  %0 = girih.pool mean %x, %m : (tensor<2x8xf32>, tensor<2x3xi32>) -> tensor<2x8xf32>
  return
}

// -----

// expected-note @below {{mask is defined here}}
func.func @f(%x: tensor<2x3x8xf32>, %m: tensor<2x4xi32>) {
  // expected-error @+1 {{'girih.pool' op expects mask of shape [b, s] = [2, 3], but got 'tensor<2x4xi32>'}}
  %0 = girih.pool mean %x, %m : (tensor<2x3x8xf32>, tensor<2x4xi32>) -> tensor<2x8xf32>
  return
}

// -----

// expected-error @+1 {{'func.func' op expects an entry's arguments and results to have elements, but got 'tensor<0x4xf32>'}}
func.func @f(%x: tensor<0x4xf32>) -> tensor<0x4xf32> attributes {girih.entry} {
  return %x : tensor<0x4xf32>
}

// -----

// expected-error @+1 {{#girih.blocks expects rows of a multiple of 256 elements for q4_k, but got 576}}
func.func private @f(tensor<4x576xf32, #girih.blocks<q4_k>>)

// -----

// expected-error @+1 {{#girih.blocks expects a matrix of static shape with elements of f32}}
func.func private @f(tensor<4x64xbf16, #girih.blocks<q8_0>>)

// -----

// expected-error @+1 {{#girih.source expects f32 as the type of q8_0, but got 'i8'}}
girih.parameter @p : tensor<4x32xf32> {source = #girih.source<file = "w", offset = 0, bytes = 136, type = i8, format = q8_0>}

// -----

// expected-error @+1 {{expects rows of whole blocks of q6_k, but got 'tensor<4x32xf32>'}}
girih.parameter @p : tensor<4x32xf32> {source = #girih.source<file = "w", offset = 0, bytes = 136, type = f32, format = q6_k>}

// -----

// expected-error @+1 {{expects a source of 136 bytes for 'tensor<4x32xf32>' from q8_0, but got 128}}
girih.parameter @p : tensor<4x32xf32> {source = #girih.source<file = "w", offset = 0, bytes = 128, type = f32, format = q8_0>}

// -----

// expected-error @+1 {{expects a source with format = q4_0 for 'tensor<4x32xf32, #girih.blocks<q4_0>>'}}
girih.parameter @p : tensor<4x32xf32, #girih.blocks<q4_0>> {source = #girih.source<file = "w", offset = 0, bytes = 512, type = f32>}

// -----

// expected-error @+1 {{expects sources of whole rows of 16 bytes, but got 24}}
girih.parameter @p : tensor<3x4xf32> {sources = [#girih.source<file = "a", offset = 0, bytes = 24, type = f32>, #girih.source<file = "b", offset = 0, bytes = 24, type = f32>]}

// -----

// expected-error @+1 {{expects sources of one type and format, but got #girih.source<file = "a", offset = 0, bytes = 16, type = f32> and #girih.source<file = "b", offset = 0, bytes = 8, type = f16>}}
girih.parameter @p : tensor<2x4xf32> {sources = [#girih.source<file = "a", offset = 0, bytes = 16, type = f32>, #girih.source<file = "b", offset = 0, bytes = 8, type = f16>]}

// -----

// expected-error @+1 {{expects at least one of sources}}
girih.parameter @p : tensor<2x4xf32> {sources = []}

// -----

// expected-error @+1 {{#girih.block_panels expects a positive width, but got 0}}
func.func private @f(tensor<4x64xf32, #girih.block_panels<q4_0, width = 0>>)

// -----

// expected-error @+1 {{#girih.block_panels expects rows of a multiple of 32 elements for q4_0, but got 40}}
func.func private @f(tensor<4x40xf32, #girih.block_panels<q4_0, width = 16>>)

// -----

// Decoding.

func.func @f(%q: tensor<1x1x6x32xf32>, %k: tensor<40x2x32xf32>, %t: tensor<1x40xi32>, %p: tensor<1x1xi32>) {
  // expected-note @-1 {{keys is defined here}}
  // expected-error @+1 {{'girih.paged_attention' op expects keys of rank 3, but got 'tensor<1x1x6x32xf32>'}}
  %0 = girih.paged_attention %q, %q, %k table %t positions %p {scale = 1.0 : f32} : (tensor<1x1x6x32xf32>, tensor<1x1x6x32xf32>, tensor<40x2x32xf32>, tensor<1x40xi32>, tensor<1x1xi32>) -> tensor<1x1x6x32xf32>
  return
}

// -----

func.func @f(%q: tensor<1x1x6x32xf32>, %k: tensor<40x4x32xf32>, %t: tensor<1x40xi32>, %p: tensor<1x1xi32>) {
  // expected-error @+1 {{'girih.paged_attention' op expects query heads to be a multiple of key heads, but got 6 and 4}}
  %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 1.0 : f32} : (tensor<1x1x6x32xf32>, tensor<40x4x32xf32>, tensor<40x4x32xf32>, tensor<1x40xi32>, tensor<1x1xi32>) -> tensor<1x1x6x32xf32>
  return
}

// -----

func.func @f(%q: tensor<1x1x6x32xf32>, %k: tensor<40x2x32xf32>, %t: tensor<2x40xi32>, %p: tensor<1x1xi32>) {
  // expected-note @-1 {{table is defined here}}
  // expected-error @+1 {{'girih.paged_attention' op expects table of shape [b, T] = [1, 40], but got 'tensor<2x40xi32>'}}
  %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 1.0 : f32} : (tensor<1x1x6x32xf32>, tensor<40x2x32xf32>, tensor<40x2x32xf32>, tensor<2x40xi32>, tensor<1x1xi32>) -> tensor<1x1x6x32xf32>
  return
}

// -----

func.func @f(%q: tensor<1x1x6x32xf32>, %k: tensor<40x2x32xf32>, %t: tensor<1x40xi32>, %p: tensor<1x1xi32>) {
  // expected-error @+1 {{expects a window of at least 1, but got 0}}
  %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 1.0 : f32, window = 0 : i64} : (tensor<1x1x6x32xf32>, tensor<40x2x32xf32>, tensor<40x2x32xf32>, tensor<1x40xi32>, tensor<1x1xi32>) -> tensor<1x1x6x32xf32>
  return
}

// -----

func.func @f(%q: tensor<1x2x6x32xf32>, %k: tensor<40x2x32xf32>, %t: tensor<1x40xi32>, %p: tensor<1x2xi32>) {
  // expected-note @-1 {{query is defined here}}
  // expected-error @+1 {{'girih.split_attention' op expects one query of each sequence, but got 'tensor<1x2x6x32xf32>'}}
  %0:3 = girih.split_attention %q, %k, %k table %t positions %p {scale = 1.0 : f32, parts = 8 : i64, block = 16 : i64} : (tensor<1x2x6x32xf32>, tensor<40x2x32xf32>, tensor<40x2x32xf32>, tensor<1x40xi32>, tensor<1x2xi32>) -> (tensor<1x8x6x32xf32>, tensor<1x8x6xf32>, tensor<1x8x6xf32>)
  return
}

// -----

func.func @f(%q: tensor<1x1x6x32xf32>, %k: tensor<40x2x32xf32>, %t: tensor<1x40xi32>, %p: tensor<1x1xi32>) {
  // expected-error @+1 {{'girih.split_attention' op expects parts and block of at least 1, but got 0 and 16}}
  %0:3 = girih.split_attention %q, %k, %k table %t positions %p {scale = 1.0 : f32, parts = 0 : i64, block = 16 : i64} : (tensor<1x1x6x32xf32>, tensor<40x2x32xf32>, tensor<40x2x32xf32>, tensor<1x40xi32>, tensor<1x1xi32>) -> (tensor<1x8x6x32xf32>, tensor<1x8x6xf32>, tensor<1x8x6xf32>)
  return
}

// -----

func.func @f(%w: tensor<1x8x6x32xf32>, %m: tensor<1x4x6xf32>) {
  // expected-note @-1 {{maximum is defined here}}
  // expected-error @+1 {{'girih.merge_attention' op expects maximum of shape [b, P, H] = [1, 8, 6], but got 'tensor<1x4x6xf32>'}}
  %0 = girih.merge_attention %w, %m, %m : (tensor<1x8x6x32xf32>, tensor<1x4x6xf32>, tensor<1x4x6xf32>) -> tensor<1x1x6x32xf32>
  return
}

// -----

func.func @f(%w: tensor<1x8x6x32xbf16>, %m: tensor<1x8x6xf32>) {
  // expected-error @+1 {{'girih.merge_attention' op expects operands of f32, but got 'tensor<1x8x6x32xbf16>'}}
  %0 = girih.merge_attention %w, %m, %m : (tensor<1x8x6x32xbf16>, tensor<1x8x6xf32>, tensor<1x8x6xf32>) -> tensor<1x1x6x32xf32>
  return
}

// -----

func.func @f(%w: tensor<1x8x6x32xf32>, %m: tensor<1x8x6xf32>) {
  // expected-error @+1 {{'girih.merge_attention' op expects results of a float type, but got 'i32'}}
  %0 = girih.merge_attention %w, %m, %m {element = i32} : (tensor<1x8x6x32xf32>, tensor<1x8x6xf32>, tensor<1x8x6xf32>) -> tensor<1x1x6x32xf32>
  return
}

// -----

func.func @f(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{expects causal with a window, but got a window of 3 alone}}
  %0 = girih.attention %q, %q, %q {scale = 1.0 : f32, window = 3 : i64} : (tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @f(%q: tensor<1x4x2x8xf32>) {
  // expected-error @+1 {{expects a finite, positive softcap, but got}}
  %0 = girih.attention %q, %q, %q {scale = 1.0 : f32, softcap = -1.0 : f32} : (tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>, tensor<1x4x2x8xf32>) -> tensor<1x4x2x8xf32>
  return
}

// -----

func.func @f(%c: tensor<40x2x32xf32>, %r: tensor<1x3x2x16xf32>, %s: tensor<1x3xi32>) {
  // expected-note @-1 {{rows is defined here}}
  // expected-error @+1 {{'girih.cache_write' op expects rows of shape [b, s, ..] = [1, 3, 2, 32], but got 'tensor<1x3x2x16xf32>'}}
  %0 = girih.cache_write %c, %r at %s : (tensor<40x2x32xf32>, tensor<1x3x2x16xf32>, tensor<1x3xi32>) -> tensor<40x2x32xf32>
  return
}

// -----

func.func @f(%c: tensor<40x8xf32>, %r: tensor<1x3x8xbf16>, %s: tensor<1x3xi32>) {
  // expected-error @+1 {{'girih.cache_write' op expects cache and rows of one element type, but got 'f32' and 'bf16'}}
  %0 = girih.cache_write %c, %r at %s : (tensor<40x8xf32>, tensor<1x3x8xbf16>, tensor<1x3xi32>) -> tensor<40x8xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{'girih.argmax' op expects input of rank 1 or more, but got 'tensor<f32>'}}
  %0 = girih.argmax %x : (tensor<f32>) -> tensor<i32>
  return
}

// -----

func.func @f(%x: tensor<2x9xf32>, %l: tensor<3xi32>) {
  // expected-note @-1 {{labels is defined here}}
  // expected-error @+1 {{'girih.cross_entropy' op expects labels of shape [..] = [2], but got 'tensor<3xi32>'}}
  %0 = girih.cross_entropy %x, %l : (tensor<2x9xf32>, tensor<3xi32>) -> tensor<2xf32>
  return
}

// -----

// States.

// expected-error @+1 {{expects its last results to be its states in order, with girih.state = 0 on result 1}}
func.func @f(%c: tensor<40x8xf32> {girih.state}) -> tensor<40x8xf32> attributes {girih.entry} {
  return %c : tensor<40x8xf32>
}

// -----

// expected-error @+1 {{expects result 0 to be the last version of state 0}}
func.func @f(%c: tensor<40x8xf32> {girih.state}, %r: tensor<1x3x8xf32>, %s: tensor<1x3xi32>) -> (tensor<40x8xf32> {girih.state = 0}) attributes {girih.entry} {
  %0 = girih.cache_write %c, %r at %s : (tensor<40x8xf32>, tensor<1x3x8xf32>, tensor<1x3xi32>) -> tensor<40x8xf32>
  return %c : tensor<40x8xf32>
}

// -----

func.func @f(%c: tensor<40x8xf32> {girih.state}, %r: tensor<1x3x8xf32>, %s: tensor<1x3xi32>) -> (tensor<40x8xf32> {girih.state = 0}) attributes {girih.entry} {
  %0 = girih.cache_write %c, %r at %s : (tensor<40x8xf32>, tensor<1x3x8xf32>, tensor<1x3xi32>) -> tensor<40x8xf32>
  // expected-error @+1 {{expects to be the only update of state 0, but the state is updated elsewhere too}}
  %1 = girih.cache_write %c, %r at %s : (tensor<40x8xf32>, tensor<1x3x8xf32>, tensor<1x3xi32>) -> tensor<40x8xf32>
  return %1 : tensor<40x8xf32>
}

// -----

func.func @f(%c: tensor<40x8xf32> {girih.state}, %r: tensor<1x3x8xf32>, %s: tensor<1x3xi32>) -> (tensor<40x8xf32>, tensor<40x8xf32> {girih.state = 0}) attributes {girih.entry} {
  %0 = girih.cache_write %c, %r at %s : (tensor<40x8xf32>, tensor<1x3x8xf32>, tensor<1x3xi32>) -> tensor<40x8xf32>
  // expected-error @+1 {{expects state 0 as it is now, but reads a version from before an update}}
  %1 = girih.exp %c : (tensor<40x8xf32>) -> tensor<40x8xf32>
  return %1, %0 : tensor<40x8xf32>, tensor<40x8xf32>
}

// -----

// expected-error @+1 {{expects girih.properties to be a dictionary of strings on a module}}
module attributes {girih.properties = {layers = 3 : i64}} {}

// -----

// Integers.

// expected-note @below {{input is defined here}}
// expected-note @below {{weight is defined here}}
func.func @f(%x: tensor<2x8xi8>, %w: tensor<4x8xf32>) {
  // expected-error @+1 {{expects input and weight both of i8 or of floats, but got 'i8' and 'f32'}}
  %0 = girih.linear %x, %w : (tensor<2x8xi8>, tensor<4x8xf32>) -> tensor<2x4xi32>
  return
}

// -----

func.func @f(%x: tensor<2x8xi8>, %w: tensor<4x8xi8>, %b: tensor<4xf32>) {
  // expected-error @+1 {{expects no bias, compute or accumulate with operands of i8, whose sums are i32}}
  %0 = girih.linear %x, %w, %b : (tensor<2x8xi8>, tensor<4x8xi8>, tensor<4xf32>) -> tensor<2x4xi32>
  return
}

// -----

// expected-note @below {{scale is defined here}}
func.func @f(%x: tensor<2x8xf32>, %s: tensor<2x1xf32>, %c: tensor<1xf32>) {
  // expected-error @+1 {{expects scale of shape [1] = [1], but got 'tensor<2x1xf32>'}}
  %0 = girih.quantize %x, %s, %c : (tensor<2x8xf32>, tensor<2x1xf32>, tensor<1xf32>) -> tensor<2x8xi8>
  return
}

// -----

// expected-note @below {{input is defined here}}
func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{expects input of rank 1 or more, but got 'tensor<f32>'}}
  %0, %1, %2 = girih.quantize_rows %x : (tensor<f32>) -> (tensor<1xi8>, tensor<1xf32>, tensor<1xf32>)
  return
}

// -----

// expected-note @below {{center is defined here}}
func.func @f(%y: tensor<2x8xi32>, %s: tensor<2x1xf32>, %c: tensor<3x1xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{expects center of shape [1] or [.., 1] = [2, 1], but got 'tensor<3x1xf32>'}}
  %0 = girih.dequantize %y, %s, %c, %w, %w {element = f32} : (tensor<2x8xi32>, tensor<2x1xf32>, tensor<3x1xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

// expected-note @below {{weight_sums is defined here}}
func.func @f(%y: tensor<2x8xi32>, %s: tensor<1xf32>, %w: tensor<8xf32>, %v: tensor<7xf32>) {
  // expected-error @+1 {{expects weight_sums of shape [N] = [8], but got 'tensor<7xf32>'}}
  %0 = girih.dequantize %y, %s, %s, %w, %v {element = f32} : (tensor<2x8xi32>, tensor<1xf32>, tensor<1xf32>, tensor<8xf32>, tensor<7xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @f(%y: tensor<2x8xi32>, %s: tensor<1xf32>, %w: tensor<8xf32>) {
  // expected-error @+1 {{expects a result of a float type, but got 'i32'}}
  %0 = girih.dequantize %y, %s, %s, %w, %w {element = i32} : (tensor<2x8xi32>, tensor<1xf32>, tensor<1xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

// expected-error @+1 {{#girih.quantized expects at least 1 column, but got 0}}
girih.parameter @p : tensor<4x8xi8> {quantized = #girih.quantized<values, columns = 0>}

// -----

// expected-error @+1 {{expects values [N, columns] of i8 without encoding for #girih.quantized<values, columns = 8>, but got 'tensor<4x8xf32>'}}
girih.parameter @p : tensor<4x8xf32> {quantized = #girih.quantized<values, columns = 8>}

// -----

// expected-error @+1 {{expects scales or sums [N] of f32 without encoding for #girih.quantized<scales, columns = 8>, but got 'tensor<4x8xf32>'}}
girih.parameter @p : tensor<4x8xf32> {quantized = #girih.quantized<scales, columns = 8>}

// -----

// expected-error @+1 {{expects no value for #girih.quantized<scales, columns = 8>}}
girih.parameter @p : tensor<4xf32> {value = dense<1.0> : tensor<4xf32>, quantized = #girih.quantized<scales, columns = 8>}

// -----

// expected-error @+1 {{expects a source of 128 bytes for 'tensor<4x8xf32>' from 'f32', but got 16}}
girih.parameter @p : tensor<4xf32> {source = #girih.source<file = "w", offset = 0, bytes = 16, type = f32>, quantized = #girih.quantized<scales, columns = 8>}

// -----

// expected-error @+1 {{expects girih.ranges to be a dictionary of array<f32: least, greatest>, but got {layer = array<f32: 1.000000e+00, -1.000000e+00>}}}
module attributes {girih.ranges = {layer = array<f32: 1.0, -1.0>}} {}
