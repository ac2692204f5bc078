# What every Girih folder uses, with or without LLVM: warnings, sanitizers, ccache, lld.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers carry no timestamps (below), so ccache may reuse what they feed.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Xclang> $<$<COMPILE_LANGUAGE:CXX>:-fno-pch-timestamp>)
  add_link_options(-fuse-ld=lld)
endif()
if(GIRIH_SANITIZE)
  add_compile_options(-fsanitize=${GIRIH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  # The shared runtime, because the Python modules live in an interpreter that is not instrumented: it is preloaded there.
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libclang_rt.asan-x86_64.so
    OUTPUT_VARIABLE girih_sanitizer_runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  cmake_path(GET girih_sanitizer_runtime PARENT_PATH girih_sanitizer_folder)
  add_link_options(-fsanitize=${GIRIH_SANITIZE} -shared-libasan -Wl,-rpath,${girih_sanitizer_folder})
endif()

include_directories(${CMAKE_SOURCE_DIR}/include)
