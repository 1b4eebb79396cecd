# SPDX-License-Identifier: MIT
# How much work the compiler is given. What is measured, and what measures, is compiled with the
# flags of the preset. The rest takes most of the time of a build and none of a measurement:
#
#   TAILRACE_LIGHT_FLAGS  parts of the harness that only decide and print, and the tests of runtimes
#                         and workloads (at -O0, g++ has no room for deep chains of coroutines; at
#                         -O1 it sees overflows of strings where there are none)
#   TAILRACE_TEST_FLAGS   the tests of the harness
#   TAILRACE_PRECOMPILE   read the headers of libraries once. With clang only, which loads them
#                         faster than it reads them (g++ 12 does not), and without the other two:
#                         headers precompiled at one level of optimisation serve no other
#
# Each preset gives those that it uses; each flag comes after those of the preset and so wins.
option(TAILRACE_PRECOMPILE "Precompile the headers of libraries" OFF)
set(TAILRACE_LIGHT_FLAGS "" CACHE STRING "For what neither is measured nor measures")
set(TAILRACE_TEST_FLAGS "" CACHE STRING "For the tests of the harness")
set(light_folders "/harness/(campaign|cli|conform|cost|kinds|record)$")
# These judge the code that the compiler makes of a runtime, and its order of memory accesses.
set(whole_tests "(round_trip|stress)_test$")

set(precompiled <algorithm> <array> <atomic> <chrono> <coroutine> <cstdint> <filesystem>
                <functional> <future> <map> <memory> <mutex> <optional> <random> <set> <span>
                <sstream> <string> <string_view> <thread> <variant> <vector>)

# tailrace_precompiled(<name> <library> <header>...): what others take their headers from.
function(tailrace_precompiled name library)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/${name}.cpp CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/precompiled/${name}.cpp)
  target_link_libraries(${name} PRIVATE nlohmann_json::nlohmann_json Threads::Threads ${library})
  target_precompile_headers(${name} PRIVATE ${precompiled} <nlohmann/json.hpp> ${ARGN})
endfunction()

# Sets `is_test`: GoogleTest is linked.
macro(tailrace_look_for_tests target)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  string(FIND "${libraries}" "GTest::" is_test)
  math(EXPR is_test "${is_test} + 1")
endmacro()

function(tailrace_lighten target)
  get_target_property(folder ${target} SOURCE_DIR)
  tailrace_look_for_tests(${target})
  separate_arguments(light UNIX_COMMAND "${TAILRACE_LIGHT_FLAGS}")
  separate_arguments(test UNIX_COMMAND "${TAILRACE_TEST_FLAGS}")
  if(target MATCHES "${whole_tests}")
    return()
  elseif(folder MATCHES "/harness/.*/tests$")
    target_compile_options(${target} PRIVATE ${test})
  elseif(folder MATCHES "${light_folders}" OR is_test)
    target_compile_options(${target} PRIVATE ${light})
  endif()
endfunction()

tailrace_targets_below(all ${CMAKE_SOURCE_DIR})
if(TAILRACE_PRECOMPILE)
  tailrace_precompiled(tailrace_precompiled_parts fmt::fmt <fmt/format.h>)
  if(TAILRACE_TESTS)
    tailrace_precompiled(tailrace_precompiled_tests GTest::gtest <gtest/gtest.h>)
  endif()
endif()
foreach(target IN LISTS all)
  tailrace_lighten(${target})
  tailrace_look_for_tests(${target})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")  # other code than that of executables
    continue()
  elseif(TAILRACE_PRECOMPILE AND is_test)
    target_precompile_headers(${target} REUSE_FROM tailrace_precompiled_tests)
  elseif(TAILRACE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM tailrace_precompiled_parts)
  endif()
endforeach()
