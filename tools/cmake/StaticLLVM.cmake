# girih_link_static(Target Library...): links the libraries, which were added by add_girih_library, and what they use of LLVM and
# MLIR from static archives, all hidden. So one shared object stands for the whole compiler, beside any other LLVM in the process.
function(girih_link_static target)
  get_property(ours GLOBAL PROPERTY GIRIH_LIBRARIES)
  list(APPEND ours ${ARGN})
  add_dependencies(${target} ${ours})
  set(archives "")
  foreach(library ${ours})
    list(APPEND archives $<TARGET_FILE:${library}>)
  endforeach()
  # MLIR's archives by file, because their CMake targets bring libLLVM.so along.
  file(GLOB mlir ${LLVM_LIBRARY_DIR}/libMLIR*.a)
  list(FILTER mlir EXCLUDE REGEX "libMLIR(CAPI|Test|ExecutionEngine|JitRunner)[^/]*$")
  execute_process(COMMAND ${LLVM_TOOLS_BINARY_DIR}/llvm-config --link-static --libfiles x86codegen x86asmparser x86desc x86info nvptxcodegen nvptxdesc nvptxinfo
    passes jitlink object irreader bitreader bitwriter frontendopenmp core support
    OUTPUT_VARIABLE llvm OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(llvm NATIVE_COMMAND ${llvm})
  # Development packages of the system's libraries may be missing; what is left unused is not linked.
  set(system "")
  foreach(name z zstd xml2)
    find_library(GIRIH_SYSTEM_${name} NAMES ${name} lib${name}.so.1 lib${name}.so.2)
    if(GIRIH_SYSTEM_${name})
      list(APPEND system ${GIRIH_SYSTEM_${name}})
    endif()
  endforeach()
  target_link_libraries(${target} PRIVATE -Wl,--start-group ${archives} ${mlir} ${llvm} -Wl,--end-group -Wl,--as-needed ${system}
    pthread dl m)
  target_link_options(${target} PRIVATE -Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,--strip-all)
endfunction()
