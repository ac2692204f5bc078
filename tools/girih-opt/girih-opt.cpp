// girih-opt: runs chosen passes over a .mlir file. It serves the tests and whoever writes a pass.
#include "lib/Pipelines/Register.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  girih::registerAllPasses();
  mlir::DialectRegistry registry;
  girih::registerAll(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Girih's pass driver\n", registry));
}
