# The systolic machine's simulator, compiled with the fuzzer's instrumentation.
file(GLOB systolic_sources RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/runtime/Systolic/*.cpp)
add_girih_fuzzer(systolic SOURCES ${systolic_sources})
target_sources(fuzz-systolic PRIVATE ${CMAKE_BINARY_DIR}/runtime/Systolic/EmbeddedMachines.cpp)
target_compile_options(fuzz-systolic PRIVATE -fno-rtti -fno-exceptions -ffp-contract=off -O2)
target_include_directories(fuzz-systolic PRIVATE ${CMAKE_SOURCE_DIR})
