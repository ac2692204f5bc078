// The `systolic` dialect: programs of the systolic machine, one operation for each instruction.
#ifndef GIRIH_DIALECTS_SYSTOLIC_SYSTOLICDIALECT_TD
#define GIRIH_DIALECTS_SYSTOLIC_SYSTOLICDIALECT_TD

include "mlir/IR/DialectBase.td"

def Systolic_Dialect : Dialect {
  let name = "systolic";
  let cppNamespace = "::girih::systolic";
  let summary = "programs of the systolic machine";
  let description = [{
    A `systolic.program` is what the machine's sequencer reads: one operation for each instruction,
    in order, a loop as a region. Pieces of the memories and semaphores are values, so that a program
    says what it touches by name; an instruction's other fields are attributes with the names that
    `include/girih-runtime/SystolicISA.def` gives them, 0 where absent.

    The instruction set has one definition, that file: encoder, decoder, assembler, the checks of
    `Verify.cpp` and the translation of `Translate.cpp` go through it. What an instruction means and
    how many cycles it takes is defined in `docs/design/20261127-systolic-machine.md`; the
    descriptions here say it in short.
  }];
  let useDefaultTypePrinterParser = 1;
}

#endif
