# SPDX-License-Identifier: MIT
# The target `headers`: compiles each header of ours alone, tests apart (not part of `all`). One
# that leans on what its includer included before fails here. Where a header is the first that its
# .cpp includes, the .cpp shows the same, and is compiled anyway.
file(GLOB_RECURSE headers RELATIVE ${CMAKE_SOURCE_DIR} runtimes/*.hpp
     workloads/*.hpp harness/*.hpp)
list(FILTER headers EXCLUDE REGEX "/tests/") # a suite may be text for one runtime to be named first
if(NOT libuv_FOUND)
  list(FILTER headers EXCLUDE REGEX "^runtimes/libuv/")
endif()
if(NOT TAILRACE_ASIO_INCLUDE_DIR)
  list(FILTER headers EXCLUDE REGEX "^runtimes/asio/")
endif()
if(NOT benchmark_FOUND)
  list(FILTER headers EXCLUDE REGEX "^workloads/micro/")
endif()

set(units)
foreach(header IN LISTS headers)
  string(REGEX REPLACE "hpp$" "cpp" source ${CMAKE_SOURCE_DIR}/${header})
  set(first "")
  if(EXISTS ${source})
    file(STRINGS ${source} first REGEX "^#include" LIMIT_COUNT 1)
  endif()
  if(NOT first STREQUAL "#include \"${header}\"")
    set(unit ${CMAKE_BINARY_DIR}/headers/${header}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n" @ONLY)
    list(APPEND units ${unit})
  endif()
endforeach()
add_library(headers OBJECT EXCLUDE_FROM_ALL ${units})
target_include_directories(headers PRIVATE ${CMAKE_SOURCE_DIR})
if(TAILRACE_ASIO_INCLUDE_DIR)
  target_include_directories(headers SYSTEM PRIVATE ${TAILRACE_ASIO_INCLUDE_DIR})
endif()
target_link_libraries(
  headers
  PRIVATE Threads::Threads fmt::fmt CLI11::CLI11 nlohmann_json::nlohmann_json
          tomlplusplus::tomlplusplus ZLIB::ZLIB $<TARGET_NAME_IF_EXISTS:PkgConfig::libuv>
          $<TARGET_NAME_IF_EXISTS:benchmark::benchmark>)
