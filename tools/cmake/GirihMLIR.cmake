# Finds LLVM/MLIR and defines the helpers that keep each compiler folder's file a short list:
# add_girih_dialect, add_girih_library, add_girih_phase, add_girih_target, add_girih_tool.
find_package(MLIR 22.1...<23 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
set(LLVM_RUNTIME_OUTPUT_INTDIR ${CMAKE_BINARY_DIR}/bin)
set(LLVM_LIBRARY_OUTPUT_INTDIR ${CMAKE_BINARY_DIR}/lib)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

separate_arguments(girih_llvm_definitions NATIVE_COMMAND ${LLVM_DEFINITIONS})
# dialects/ and lib/ are include roots: "dialects/Tile/TileOps.h", "lib/Tiling/Passes.h".
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})

# One precompiled header for all compiler libraries: MLIR's and our dialects' headers would be most of each file's build time.
add_library(GirihPrecompiled OBJECT ${CMAKE_SOURCE_DIR}/tools/cmake/Precompiled.cpp)
target_compile_definitions(GirihPrecompiled PRIVATE ${girih_llvm_definitions})
target_compile_options(GirihPrecompiled PRIVATE -fno-rtti -fno-exceptions)
target_precompile_headers(GirihPrecompiled PRIVATE ${CMAKE_SOURCE_DIR}/tools/cmake/Precompiled.h)

# Every generated header of every dialect is ready before any library compiles.
add_custom_target(girih-tablegen)
add_dependencies(GirihPrecompiled girih-tablegen)

function(girih_compiler_options target)
  # Programs share the libraries' precompiled header, so they are compiled as the libraries are (fPIC, not fPIE).
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_compile_definitions(${target} PRIVATE ${girih_llvm_definitions})
  target_compile_options(${target} PRIVATE -fno-rtti -fno-exceptions)
  target_precompile_headers(${target} REUSE_FROM GirihPrecompiled)
endfunction()

# add_girih_library(Name SOURCES a.cpp ... [LINK LibA ...] [DEPENDS tablegen-target ...])
function(add_girih_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  girih_compiler_options(${name})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  add_dependencies(${name} girih-tablegen ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY GIRIH_LIBRARIES ${name})
endfunction()

function(girih_tablegen target)
  add_public_tablegen_target(${target})
  add_dependencies(girih-tablegen ${target})
endfunction()

# add_girih_dialect(Graph girih SOURCES ...): <Name>Ops.td yields dialect, types, attributes, enums, ops.
# Optional <Name>Interfaces.td yields op and attribute interfaces.
function(add_girih_dialect name mnemonic)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS ${name}Ops.td)
  set(flags -I${CMAKE_SOURCE_DIR})
  mlir_tablegen(${name}Dialect.h.inc -gen-dialect-decls -dialect=${mnemonic} ${flags})
  mlir_tablegen(${name}Dialect.cpp.inc -gen-dialect-defs -dialect=${mnemonic} ${flags})
  mlir_tablegen(${name}Ops.h.inc -gen-op-decls ${flags})
  mlir_tablegen(${name}Ops.cpp.inc -gen-op-defs ${flags})
  mlir_tablegen(${name}Types.h.inc -gen-typedef-decls -typedefs-dialect=${mnemonic} ${flags})
  mlir_tablegen(${name}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${mnemonic} ${flags})
  mlir_tablegen(${name}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${mnemonic} ${flags})
  mlir_tablegen(${name}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${mnemonic} ${flags})
  mlir_tablegen(${name}Enums.h.inc -gen-enum-decls ${flags})
  mlir_tablegen(${name}Enums.cpp.inc -gen-enum-defs ${flags})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${name}Interfaces.td)
    set(LLVM_TARGET_DEFINITIONS ${name}Interfaces.td)
    mlir_tablegen(${name}Interfaces.h.inc -gen-op-interface-decls ${flags})
    mlir_tablegen(${name}Interfaces.cpp.inc -gen-op-interface-defs ${flags})
    mlir_tablegen(${name}AttrInterfaces.h.inc -gen-attr-interface-decls ${flags})
    mlir_tablegen(${name}AttrInterfaces.cpp.inc -gen-attr-interface-defs ${flags})
  endif()
  girih_tablegen(Girih${name}TableGen)
  add_girih_library(Girih${name} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK} DEPENDS Girih${name}TableGen)
endfunction()

# add_girih_phase(Fusion SOURCES ... LINK ...): a folder of lib/ with a Passes.td.
function(add_girih_phase name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name=Girih${name} -I${CMAKE_SOURCE_DIR})
  girih_tablegen(Girih${name}PassesTableGen)
  add_girih_library(Girih${name} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK} DEPENDS Girih${name}PassesTableGen)
endfunction()

# add_girih_target(CPU LINK ...): the rooms of lib/Target hold the same file names.
function(add_girih_target name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_girih_phase(${name} SOURCES Target.cpp Pipeline.cpp Lowering.cpp CostModel.cpp Emit.cpp ${ARG_SOURCES} LINK ${ARG_LINK})
endfunction()

# add_girih_tool(girih-opt LINK ...): a thin main in tools/<name>/<name>.cpp.
function(add_girih_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${name}.cpp ${ARG_SOURCES})
  girih_compiler_options(${name})
  add_dependencies(${name} girih-tablegen)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
endfunction()
