# SPDX-License-Identifier: MIT
# One line a dependency: FOUND x.y or SKIPPED (why). A required one that is absent ends the
# configuration with the remedy.

# tailrace_dependency(NAME REQUIRED|OPTIONAL "what it is for")
macro(tailrace_dependency name kind purpose)
  find_package(${name} QUIET)
  if(NOT ${name}_VERSION) # CMake 3.25's FindZLIB knows only the longer name
    set(${name}_VERSION "${${name}_VERSION_STRING}")
  endif()
  tailrace_report_dependency(${name} ${kind} "${purpose}" "${${name}_FOUND}"
                             "${${name}_VERSION}")
endmacro()

function(tailrace_report_dependency name kind purpose found version)
  if(found)
    message(STATUS "tailrace: ${name} FOUND ${version}")
  elseif(kind STREQUAL "REQUIRED")
    message(FATAL_ERROR "tailrace: ${name} is missing (${purpose}): run scripts/setup")
  else()
    message(STATUS "tailrace: ${name} SKIPPED (not installed; ${purpose})")
  endif()
endfunction()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "tailrace: g++ ${CMAKE_CXX_COMPILER_VERSION} is too old: C++23 needs g++ 12 "
                      "(Debian 12, Ubuntu 24.04 or newer), or clang++-19 (preset clang)")
endif()
message(STATUS "tailrace: compiler FOUND ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
tailrace_report_dependency(pkg-config REQUIRED "finds libuv and liburing" "${PKG_CONFIG_FOUND}"
                           "${PKG_CONFIG_VERSION_STRING}")
tailrace_dependency(fmt REQUIRED "text output")
tailrace_dependency(CLI11 REQUIRED "command lines")
tailrace_dependency(nlohmann_json REQUIRED "results and the target protocol")
tailrace_dependency(tomlplusplus REQUIRED "profiles")
tailrace_dependency(ZLIB REQUIRED "compressed histograms")
if(TAILRACE_TESTS)
  tailrace_dependency(GTest REQUIRED "the tests; or configure with -DTAILRACE_TESTS=OFF")
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/find-python OUTPUT_VARIABLE TAILRACE_PYTHON
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE cause RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "tailrace: ${cause}")
  endif()
  message(STATUS "tailrace: python FOUND ${TAILRACE_PYTHON}")
endif()

if(TAILRACE_LIBRARIES)
  pkg_check_modules(libuv QUIET IMPORTED_TARGET libuv)
else()
  set(libuv_FOUND FALSE) # whatever an earlier configuration has found
endif()
tailrace_report_dependency(libuv OPTIONAL "the libuv contestant is not built" "${libuv_FOUND}"
                           "${libuv_VERSION}")
pkg_check_modules(liburing QUIET IMPORTED_TARGET liburing)
tailrace_report_dependency(liburing REQUIRED "the io_uring contestants" "${liburing_FOUND}"
                           "${liburing_VERSION}")

# Headers only, 1.78 or later: the system's, or what scripts/boost-headers has unpacked.
set(TAILRACE_ASIO_INCLUDE_DIR "")
set(TAILRACE_BOOST_VERSION "")
foreach(folder /usr/include /usr/local/include ${PROJECT_SOURCE_DIR}/build/boost/usr/include)
  if(TAILRACE_LIBRARIES AND NOT TAILRACE_ASIO_INCLUDE_DIR AND EXISTS ${folder}/boost/version.hpp)
    file(STRINGS ${folder}/boost/version.hpp version REGEX "define BOOST_LIB_VERSION")
    string(REGEX REPLACE ".*\"([0-9]+)_([0-9]+).*\".*" "\\1.\\2" version "${version}")
    if(version VERSION_GREATER_EQUAL 1.78)
      set(TAILRACE_ASIO_INCLUDE_DIR ${folder})
      set(TAILRACE_BOOST_VERSION ${version})
    endif()
  endif()
endforeach()
tailrace_report_dependency("Boost.Asio" OPTIONAL
  "1.78 or later: asio-epoll and asio-uring are not built" "${TAILRACE_ASIO_INCLUDE_DIR}"
  "${TAILRACE_BOOST_VERSION}")

tailrace_dependency(benchmark OPTIONAL "the micro benchmarks are not built")

if(TAILRACE_MODEL)
  find_path(TAILRACE_RELACY_DIR relacy/relacy.hpp)
  if(NOT TAILRACE_RELACY_DIR)
    message(FATAL_ERROR "tailrace: relacy is missing (model checking): run scripts/setup --dev")
  endif()
  message(STATUS "tailrace: relacy FOUND ${TAILRACE_RELACY_DIR}")
endif()
