// The tile interpreter: bounds of loads and stores, clamping of gathers, the order of sums in dot and reduce, control flow, and
// every movement, on values small enough to check by hand.
// RUN: girih-eval %s --entry=bounds --print | FileCheck %s --check-prefix=BOUNDS
// RUN: girih-eval %s --entry=gathered --print | FileCheck %s --check-prefix=GATHER
// RUN: girih-eval %s --entry=dotted --tolerance=1 --print | FileCheck %s --check-prefix=DOT
// RUN: girih-eval %s --entry=reduced --tolerance=1 --print | FileCheck %s --check-prefix=REDUCE
// RUN: girih-eval %s --entry=moved --print | FileCheck %s --check-prefix=MOVE
// RUN: girih-eval %s --entry=looped --print | FileCheck %s --check-prefix=LOOP
// RUN: girih-eval %s --entry=scattered --print | FileCheck %s --check-prefix=SCATTER

// A 2x3 view read at (1, -1): rows and columns outside are 0, and only what is inside is stored.
// BOUNDS: result 0 [2, 4] f32: 0 4 5 6 0 0 0 0
tile.program private @at_edges(%x: !tile.view<2x3xf32>, %y: !tile.view<2x4xf32>) grid [] outputs 1 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %minus = arith.constant -1 : index
  %t = tile.load %x[%one, %minus] : !tile.view<2x3xf32> -> tensor<4x8xf32>
  tile.store %t, %y[%zero, %zero] : tensor<4x8xf32>, !tile.view<2x4xf32>
  tile.return
}
func.func @bounds() -> tensor<2x4xf32> attributes {girih.entry} {
  %x = girih.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = girih.launch @at_edges(%x) : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// Row numbers are clamped to the view; columns past it are 0.
// GATHER: result 0 [3, 2] f32: 2 0 6 0 2 0
tile.program private @rows(%x: !tile.view<3x2xf32>, %ids: !tile.view<3xi32>, %y: !tile.view<3x2xf32>) grid [] outputs 1 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %rows = tile.load %ids[%zero] : !tile.view<3xi32> -> tensor<3xi32>
  %t = tile.gather %x[%rows, %one] : !tile.view<3x2xf32>, tensor<3xi32> -> tensor<3x2xf32>
  tile.store %t, %y[%zero, %zero] : tensor<3x2xf32>, !tile.view<3x2xf32>
  tile.return
}
func.func @gathered() -> tensor<3x2xf32> attributes {girih.entry} {
  %x = girih.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %ids = girih.constant dense<[-7, 9, 0]> : tensor<3xi32>
  %y = girih.launch @rows(%x, %ids) : (tensor<3x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// 2^24 + 1 - 2^24 in one f32 chain is 0, 2^24 - 2^24 + 1 is 1: the order is that of k.
// The third is fused: (1 + 2^-12)^2 - 1 - 2^-11 keeps 2^-24.
// DOT: result 0 [1, 3] f32: 0 1 5.96046e-08
tile.program private @chain(%a: !tile.view<1x4xf32>, %b: !tile.view<3x4xf32>, %y: !tile.view<1x3xf32>) grid [] outputs 1 {
  %zero = arith.constant 0 : index
  %s = tile.load %a[%zero, %zero] : !tile.view<1x4xf32> -> tensor<1x4xf32>
  %t = tile.load %b[%zero, %zero] : !tile.view<3x4xf32> -> tensor<3x4xf32>
  %acc = arith.constant dense<0.0> : tensor<1x3xf32>
  %d = tile.dot %s, %t, %acc {transpose_b} : tensor<1x4xf32>, tensor<3x4xf32>, tensor<1x3xf32>
  tile.store %d, %y[%zero, %zero] : tensor<1x3xf32>, !tile.view<1x3xf32>
  tile.return
}
func.func @dotted() -> tensor<1x3xf32> attributes {girih.entry} {
  %a = girih.constant dense<[[1.0, 1.0, 1.0, 1.000244140625]]> : tensor<1x4xf32>
  %b = girih.constant dense<[[1.6777216e+07, 1.0, -1.6777216e+07, 0.0], [1.6777216e+07, -1.6777216e+07, 1.0, 0.0],
                             [-1.0, -0.00048828125, 0.0, 1.000244140625]]> : tensor<3x4xf32>
  %y = girih.launch @chain(%a, %b) : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// Elements 0 and 16 meet in one partial before element 1 joins: (2^24 - 2^24) + 1. A chain would lose the 1.
// REDUCE: result 0 [1] f32: 1
// REDUCE: result 1 [1] f32: 1.67772e+07
tile.program private @sum(%x: !tile.view<17xf32>, %y: !tile.view<1xf32>, %z: !tile.view<1xf32>) grid [] outputs 2 {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero] : !tile.view<17xf32> -> tensor<17xf32>
  %s = tile.reduce add %t axis 0 : tensor<17xf32>
  %m = tile.reduce max %t axis 0 : tensor<17xf32>
  %s1 = tile.reshape %s : tensor<f32> -> tensor<1xf32>
  %m1 = tile.broadcast %m dims [] : tensor<f32> -> tensor<1xf32>
  tile.store %s1, %y[%zero] : tensor<1xf32>, !tile.view<1xf32>
  tile.store %m1, %z[%zero] : tensor<1xf32>, !tile.view<1xf32>
  tile.return
}
func.func @reduced() -> (tensor<1xf32>, tensor<1xf32>) attributes {girih.entry} {
  %x = girih.constant dense<[1.6777216e+07, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.6777216e+07]> : tensor<17xf32>
  %s, %m = girih.launch @sum(%x) : (tensor<17xf32>) -> (tensor<1xf32>, tensor<1xf32>)
  return %s, %m : tensor<1xf32>, tensor<1xf32>
}

// The 2x3 tile x becomes [transposed x | x's first column twice | indices] row by row.
// MOVE: result 0 [3, 5] f32: 1 4 1 4 0 2 5 1 4 1 3 6 1 4 2
tile.program private @movement(%x: !tile.view<2x3xf32>, %y: !tile.view<3x5xf32>) grid [] outputs 1 {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero, %zero] : !tile.view<2x3xf32> -> tensor<2x3xf32>
  %u = tile.transpose %t [1, 0] : tensor<2x3xf32>
  %c = tile.load %x[%zero, %zero] dims [0] : !tile.view<2x3xf32> -> tensor<2xf32>
  %b = tile.broadcast %c dims [1] : tensor<2xf32> -> tensor<3x2xf32>
  %i = tile.iota 0 : tensor<3x1xi32>
  %f = arith.sitofp %i : tensor<3x1xi32> to tensor<3x1xf32>
  %all = tile.concat %u, %b, %f axis 1 : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x1xf32>
  tile.store %all, %y[%zero, %zero] : tensor<3x5xf32>, !tile.view<3x5xf32>
  tile.return
}
func.func @moved() -> tensor<3x5xf32> attributes {girih.entry} {
  %x = girih.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = girih.launch @movement(%x) : (tensor<2x3xf32>) -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// Sums the view in steps of 4 where the block number is even, else yields -1; three blocks of 1.
// LOOP: result 0 [3] f32: 55 -1 55
tile.program private @control(%x: !tile.view<10xf32>, %y: !tile.view<3xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 1>] outputs 1 {
  %i = tile.program_index 0
  %zero = arith.constant 0 : index
  %two = arith.constant 2 : index
  %four = arith.constant 4 : index
  %n = tile.dim %x, 0 : !tile.view<10xf32>
  %rest = arith.remui %i, %two : index
  %even = arith.cmpi eq, %rest, %zero : index
  %r = scf.if %even -> tensor<1xf32> {
    %init = arith.constant dense<0.0> : tensor<f32>
    %sum = scf.for %k = %zero to %n step %four iter_args(%acc = %init) -> tensor<f32> {
      %t = tile.load %x[%k] : !tile.view<10xf32> -> tensor<4xf32>
      %s = tile.reduce add %t axis 0 : tensor<4xf32>
      %next = arith.addf %acc, %s : tensor<f32>
      scf.yield %next : tensor<f32>
    }
    %one = tile.reshape %sum : tensor<f32> -> tensor<1xf32>
    scf.yield %one : tensor<1xf32>
  } else {
    %minus = arith.constant dense<-1.0> : tensor<1xf32>
    scf.yield %minus : tensor<1xf32>
  }
  tile.store %r, %y[%i] : tensor<1xf32>, !tile.view<3xf32>
  tile.return
}
func.func @looped() -> tensor<3xf32> attributes {girih.entry} {
  %x = girih.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]> : tensor<10xf32>
  %y = girih.launch @control(%x) : (tensor<10xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// Rows go where they are told from column 1 on; those told to go outside are dropped, as are columns past the view. The rest is as it was.
// SCATTER: result 0 [3, 2] f32: 1 9 3 4 5 7
tile.program private @written(%old: !tile.view<3x2xf32>, %x: !tile.view<4x2xf32>, %rows: !tile.view<4xi32>,
                              %new: !tile.view<3x2xf32> {tile.in_place = 0 : i64}) grid [] outputs 1 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %t = tile.load %x[%zero, %zero] : !tile.view<4x2xf32> -> tensor<4x2xf32>
  %i = tile.load %rows[%zero] : !tile.view<4xi32> -> tensor<4xi32>
  tile.scatter %t, %new[%i, %one] : tensor<4x2xf32>, !tile.view<3x2xf32>, tensor<4xi32>
  tile.return
}
func.func @scattered() -> tensor<3x2xf32> attributes {girih.entry} {
  %old = girih.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %x = girih.constant dense<[[7.0, 70.0], [8.0, 80.0], [9.0, 90.0], [10.0, 100.0]]> : tensor<4x2xf32>
  %rows = girih.constant dense<[2, -1, 0, 3]> : tensor<4xi32>
  %y = girih.launch @written(%old, %x, %rows) : (tensor<3x2xf32>, tensor<4x2xf32>, tensor<4xi32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}
