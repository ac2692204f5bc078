// girih-reduce: shrinks a .mlir file while a test script still finds it interesting.
#include "lib/Pipelines/Register.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  girih::registerAllPasses();
  mlir::DialectRegistry registry;
  girih::registerAll(registry);
  mlir::MLIRContext context(registry);
  return failed(mlir::mlirReduceMain(argc, argv, context));
}
