// girih-lsp-server: tells an editor about our dialects (definitions, references, diagnostics while typing).
#include "lib/Pipelines/Register.h"

#include "mlir/IR/Dialect.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  girih::registerAll(registry);
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}
