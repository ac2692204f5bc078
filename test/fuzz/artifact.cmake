# The whole runtime is compiled with the fuzzer's instrumentation: verifier, plan and walk.
file(GLOB runtime_sources RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/runtime/Core/*.cpp ${CMAKE_SOURCE_DIR}/runtime/CPU/*.cpp)
add_girih_fuzzed(girih-fuzzed-runtime ${runtime_sources})
add_girih_fuzzer(artifact LINK girih-fuzzed-runtime)
add_girih_fuzzer(sequence LINK girih-fuzzed-runtime)
target_compile_definitions(fuzz-sequence PRIVATE GIRIH_DECODER="${CMAKE_CURRENT_SOURCE_DIR}/corpus/artifact/decoder")
foreach(format artifact sequence)
  target_compile_options(fuzz-${format} PRIVATE -fno-rtti -fno-exceptions)
  target_include_directories(fuzz-${format} PRIVATE ${CMAKE_SOURCE_DIR})
endforeach()
