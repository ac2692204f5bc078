// girih-translate: between the systolic dialect, binary programs and assembly.
#include "dialects/Systolic/Systolic.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  girih::systolic::registerSystolicTranslations();
  return mlir::failed(mlir::mlirTranslateMain(argc, argv, "Girih's translations\n"));
}
