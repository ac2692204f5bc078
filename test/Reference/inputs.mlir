// Inputs that do not fit the entry are refused before anything runs: their number, rank, sizes, bounds and ranges.
// RUN: not girih-eval %s --entry=main --symbols=n=9 2>&1 | FileCheck %s --check-prefix=BOUNDS
// RUN: not girih-eval %s --entry=other 2>&1 | FileCheck %s --check-prefix=ENTRY
// RUN: not girih-eval %s 2>&1 | FileCheck %s --check-prefix=MANY
// RUN: not girih-eval %s --entry=main --symbols=n 2>&1 | FileCheck %s --check-prefix=SYMBOLS
// RUN: not girih-eval %s --entry=main --inputs=%s 2>&1 | FileCheck %s --check-prefix=NPY
// RUN: girih-eval %s --entry=main --output=%t.npy
// RUN: girih-eval %s --entry=main --inputs=%t.npy
// RUN: not girih-eval %s --entry=main --inputs=%t.npy,%t.npy 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not girih-eval %s --entry=ids --inputs=%t.npy 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: girih-eval %s --entry=wide --output=%t.wide.npy
// RUN: not girih-eval %s --entry=ids --inputs=%t.wide.npy 2>&1 | FileCheck %s --check-prefix=RANGE

// BOUNDS: error: expects n from 1 to 8, but got 9
// ENTRY: error: expected an entry called 'other', but found none; mark it with girih.entry
// MANY: error: expected one entry, but found 3; name one with --entry
// SYMBOLS: error: [bad-option] expected --symbols=name=size, but got 'n'
// NPY: error: [bad-npy] expected a .npy file of numbers in C order
// COUNT: error: expects 1 inputs, but got 2
// RANK: error: 'ids' expects rank 1 of 'i32', but got rank 1 of 'f32'
// RANGE: error: 'ids' expects values in [0, 3), but got 3 at element 3
girih.symbol @n {min = 1 : i64, max = 8 : i64}

func.func @main(%x: tensor<?xf32, #girih.dims<"n">>) -> tensor<?xf32, #girih.dims<"n">> attributes {girih.entry} {
  return %x : tensor<?xf32, #girih.dims<"n">>
}
func.func @ids(%x: tensor<4xi32> {girih.name = "ids", girih.range = [0, 3]}) -> tensor<4xi32> attributes {girih.entry} {
  return %x : tensor<4xi32>
}
func.func @wide() -> tensor<4xi32> attributes {girih.entry} {
  %c = girih.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  return %c : tensor<4xi32>
}
