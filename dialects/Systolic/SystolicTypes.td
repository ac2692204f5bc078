// Types of the `systolic` dialect: pieces of on-chip memory, and semaphores.
#ifndef GIRIH_DIALECTS_SYSTOLIC_SYSTOLICTYPES_TD
#define GIRIH_DIALECTS_SYSTOLIC_SYSTOLICTYPES_TD

include "dialects/Systolic/SystolicDialect.td"
include "mlir/IR/AttrTypeBase.td"

class Systolic_Type<string name, string mnemonicText> : TypeDef<Systolic_Dialect, name> {
  let mnemonic = mnemonicText;
}

def Systolic_ScratchpadType : Systolic_Type<"Scratchpad", "scratchpad"> {
  let summary = "a piece of the scratchpad";
  let description = [{
    So many bytes of the scratchpad, at the address that `systolic.scratchpad` gives.

    ```mlir
    systolic.program @pieces {
      %a = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      systolic.halt
    }
    ```
  }];
  let parameters = (ins "uint64_t":$bytes);
  let assemblyFormat = "`<` $bytes `>`";
}

def Systolic_AccumulatorType : Systolic_Type<"Accumulator", "accumulator"> {
  let summary = "a piece of an array's accumulators";
  let description = [{
    So many bytes of 32-bit words at the address that `systolic.accumulator` gives.

    ```mlir
    systolic.program @pieces {
      %a = systolic.accumulator 0, 0 : !systolic.accumulator<4096>
      systolic.halt
    }
    ```
  }];
  let parameters = (ins "uint64_t":$bytes);
  let assemblyFormat = "`<` $bytes `>`";
}

def Systolic_SemaphoreType : Systolic_Type<"Semaphore", "semaphore"> {
  let summary = "a counting semaphore";
  let description = [{
    One of the machine's 32 semaphores: instructions take tokens before they issue and give tokens when they retire.

    ```mlir
    systolic.program @tokens {
      %s = systolic.semaphore 3
      systolic.nop signal(%s)
      systolic.nop wait(%s)
      systolic.halt
    }
    ```
  }];
}

def Systolic_Memory : AnyTypeOf<[Systolic_ScratchpadType, Systolic_AccumulatorType], "a piece of on-chip memory">;
def Systolic_Semaphore : Type<CPred<"::llvm::isa<::girih::systolic::SemaphoreType>($_self)">, "a semaphore", "::girih::systolic::SemaphoreType">,
    BuildableType<"$_builder.getType<::girih::systolic::SemaphoreType>()">;

#endif
