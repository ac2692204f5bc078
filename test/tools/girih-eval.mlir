// girih-eval runs one module at each level on the same inputs, judges each by the f64 reference or by another level, and says so in
// its exit status; a tolerance too small fails, and so does a module that computes something else.
// RUN: girih-eval %s --weights=random:1 --symbols=n=5 --levels=graph,tile,cpu | FileCheck %s --check-prefix=ALL
// RUN: girih-eval %s --weights=random:1 --levels=cpu --against=tile --tolerance=0 | FileCheck %s --check-prefix=BITS
// RUN: not girih-eval %s --weights=random:1 --tolerance=1e-12 | FileCheck %s --check-prefix=TIGHT
// RUN: sed -e 's/girih.relu/girih.neg/' %s > %t.mlir
// RUN: not girih-eval %s --weights=random:1 --reference=%t.mlir | FileCheck %s --check-prefix=OTHER
// RUN: not girih-eval %s --levels=moon --weights=random:1 2>&1 | FileCheck %s --check-prefix=LEVEL
// RUN: not girih-eval %s --weights=random:x 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// RUN: girih-eval %s --weights=random:1 --symbols=n=2 --print | FileCheck %s --check-prefix=PRINT
// RUN: girihc %s --emit=tile --weights=random:1 -o %t.tile.mlir
// RUN: girih-eval %t.tile.mlir --reference=%s --weights=random:1 | FileCheck %s --check-prefix=TILED

// ALL: graph: result 0: max error {{.*}}, allowed {{.*}}: PASS
// ALL: tile: result 0: max error {{.*}}: PASS
// ALL: cpu: result 0: max error {{.*}}: PASS
// ALL: PASS
// BITS: cpu: result 0: max error 0.000e+00, {{.*}}: PASS
// TIGHT: graph: result 0: {{.*}}: FAIL
// TIGHT: {{^FAIL}}
// OTHER: graph: result 0: {{.*}}: FAIL
// LEVEL: error: [bad-option] expected levels graph, tile or cpu, but got 'moon'
// WEIGHTS: error: [bad-option] expected --weights=random:SEED, but got --weights=random:x
// PRINT: result 0 [2, 8] f32: {{[-0-9.e]+}}
// TILED: graph: result 0: {{.*}}: PASS
girih.symbol @n {min = 1 : i64, max = 64 : i64}
girih.parameter @w : tensor<8x40xf32>
func.func @main(%x: tensor<?x40xf32, #girih.dims<"n">>) -> tensor<?x8xf32, #girih.dims<"n">> attributes {girih.entry} {
  %w = girih.get_parameter @w : tensor<8x40xf32>
  %y = girih.linear %x, %w : (tensor<?x40xf32, #girih.dims<"n">>, tensor<8x40xf32>) -> tensor<?x8xf32, #girih.dims<"n">>
  %z = girih.relu %y : (tensor<?x8xf32, #girih.dims<"n">>) -> tensor<?x8xf32, #girih.dims<"n">>
  return %z : tensor<?x8xf32, #girih.dims<"n">>
}
