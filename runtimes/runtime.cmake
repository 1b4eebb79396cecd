# SPDX-License-Identifier: MIT
# What the build makes of a folder with a runtime: one call of tailrace_runtime() in its
# CMakeLists.txt. (Targets and tests may name libraries that are only defined later.)
set(TAILRACE_SUITE_TEMPLATE ${CMAKE_CURRENT_LIST_DIR}/tests/suite_test.cpp.in)

# tailrace_runtime(<id> SOURCES <file>... [LINK <library>...]
#                  [CLASS <class>] [TARGET <file>] [EXTENSIONS] [NO_MICRO])
# makes
# - the library tailrace_<id> of the sources; without SOURCES it is there already,
# - tailrace-target-<id> of TARGET (target.cpp), one executable a contestant, so that memory,
#   allocator and code layout are its own,
# - the suite `conformance` over CLASS (<id>::runtime), and with EXTENSIONS, where it has all of
#   extensions.hpp, that suite too; see tailrace_suite(),
# - tailrace-micro-<id> of micro.cpp, where there is one; not with NO_MICRO, for the second of two
#   contestants of one folder.
# What conforms from outside (conform-<id>) finds the target by itself: harness/conform.
function(tailrace_runtime id)
  cmake_parse_arguments(PARSE_ARGV 1 arg "EXTENSIONS;NO_MICRO" "CLASS;TARGET" "SOURCES;LINK")
  if(arg_SOURCES)
    add_library(tailrace_${id} STATIC ${arg_SOURCES})
    target_link_libraries(tailrace_${id} PUBLIC
      tailrace_base tailrace_runtime_api Threads::Threads ${arg_LINK})
  endif()
  if(NOT arg_CLASS)
    set(arg_CLASS ${id}::runtime)
  endif()
  if(NOT arg_TARGET)
    set(arg_TARGET target.cpp)
  endif()
  tailrace_target(${id} ${arg_TARGET} tailrace_${id} tailrace_workloads)
  tailrace_suite(conformance ${id} tailrace_${id} ${arg_CLASS})
  if(arg_EXTENSIONS)
    tailrace_suite(extensions ${id} tailrace_${id} ${arg_CLASS})
  endif()
  if(benchmark_FOUND AND NOT arg_NO_MICRO AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/micro.cpp)
    add_executable(tailrace-micro-${id} micro.cpp)
    target_link_libraries(tailrace-micro-${id} PRIVATE tailrace_${id} tailrace_micro_main)
    tailrace_micro_test(${id})
  endif()
endfunction()

# tailrace_target(<id> <source> <library>...): where the folder has that source.
function(tailrace_target id source)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
    add_executable(tailrace-target-${id} ${source})
    target_link_libraries(tailrace-target-${id} PRIVATE ${ARGN} tailrace_target_protocol)
    add_dependencies(tailrace-target-${id} tailrace_tree)
  endif()
endfunction()

# tailrace_suite(<suite> <id> <library> <class> [<header>]): <suite>_<id>_test, the suite
# runtimes/tests/<suite>.hpp over one runtime: from tests/<suite>_test.cpp of the folder where there
# is one; else what is tested is named by <header>, or by tests/under_test.hpp of the folder, or is
# the class as runtime.hpp of the folder has it.
function(tailrace_suite suite id library class)
  if(NOT TAILRACE_TESTS)
    return()
  endif()
  set(header ${ARGN})
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${PROJECT_SOURCE_DIR}
             OUTPUT_VARIABLE folder)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/tests/${suite}_test.cpp)
  if(NOT EXISTS ${source})
    if(NOT header AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/tests/under_test.hpp)
      set(header under_test.hpp)
    endif()
    if(header)
      set(under_test "#include \"${folder}/tests/${header}\"")
    else()
      string(CONCAT under_test "#include \"${folder}/runtime.hpp\"\n"
                    "namespace tailrace {\nusing runtime_under_test = ${class};\n}")
    endif()
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${suite}_${id}_test.cpp)
    configure_file(${TAILRACE_SUITE_TEMPLATE} ${source} @ONLY)
  endif()
  add_executable(${suite}_${id}_test ${source})
  target_link_libraries(${suite}_${id}_test PRIVATE ${library} tailrace_watched_main)
  gtest_discover_tests(${suite}_${id}_test TEST_PREFIX ${id}. PROPERTIES TIMEOUT 90)
endfunction()

# tailrace_suite_again(<name of the test> <suite> <id> <VARIABLE=value>...): the whole suite as one
# test in a process of its own, with that environment.
function(tailrace_suite_again name suite id)
  if(TAILRACE_TESTS)
    add_test(NAME "${name}" COMMAND ${suite}_${id}_test)
    set_tests_properties("${name}" PROPERTIES TIMEOUT 120 ENVIRONMENT "${ARGN}")
  endif()
endfunction()

# tailrace_conform_form(<id> <name=value>...): the target conforms in this form, too, as far as
# options can change that.
function(tailrace_conform_form id)
  if(NOT TAILRACE_TESTS OR NOT TARGET tailrace-target-${id})
    return()
  endif()
  set(settings)
  foreach(option ${ARGN})
    list(APPEND settings --set ${option})
  endforeach()
  list(JOIN ARGN " " form)
  add_test(NAME "conform-${id} (${form})"
           COMMAND tailrace-conform $<TARGET_FILE:tailrace-target-${id}> ${settings}
                   --form-checks --timeout-s 150)
  set_tests_properties("conform-${id} (${form})" PROPERTIES TIMEOUT 170)
endfunction()

# tailrace_idle_memory(<id> <at least> <at most> <task at most> <name=value>...): user bytes that an
# idle connection and a sleeping task may hold with these options; where the build is none of a
# sanitizer, whose memory is another.
function(tailrace_idle_memory id at_least at_most task_at_most)
  if(NOT TAILRACE_TESTS OR TAILRACE_ONLY_THREADED OR CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    return()
  endif()
  set(form defaults)
  if(ARGN)
    list(JOIN ARGN " " form)
  endif()
  add_test(NAME "idle_memory-${id} (${form})"
           COMMAND ${TAILRACE_PYTHON} -B ${PROJECT_SOURCE_DIR}/runtimes/tests/idle_memory_test.py
                   $<TARGET_FILE:tailrace> $<TARGET_FILE:tailrace-target-${id}>
                   ${at_least} ${at_most} ${task_at_most} ${ARGN})
  set_tests_properties("idle_memory-${id} (${form})" PROPERTIES
    TIMEOUT 110 SKIP_RETURN_CODE 77)
endfunction()

# tailrace_conform_refused(<id> <refusal> <command>...): run by that command, which takes away what
# the target needs, it says so.
function(tailrace_conform_refused id refusal)
  if(NOT TAILRACE_TESTS OR NOT TARGET tailrace-target-${id})
    return()
  endif()
  set(name conform-${id}-${refusal})
  add_test(NAME ${name} COMMAND ${ARGN} $<TARGET_FILE:tailrace-conform>
                                $<TARGET_FILE:tailrace-target-${id}> --timeout-s 150)
  set_tests_properties(${name} PROPERTIES
    TIMEOUT 170 SKIP_RETURN_CODE 77
    PASS_REGULAR_EXPRESSION "ok +says_why_unavailable" FAIL_REGULAR_EXPRESSION "FAILED")
endfunction()

function(tailrace_conform_without_io_uring id)
  tailrace_conform_refused(${id} without-io-uring ${TAILRACE_PYTHON}
    ${PROJECT_SOURCE_DIR}/harness/conform/tests/without_io_uring.py)
endfunction()

# Every row for next to no time; judges no time.
function(tailrace_micro_test id)
  if(NOT TAILRACE_TESTS)
    return()
  endif()
  set(sanitized)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    set(sanitized --no-allocations)
  endif()
  add_test(NAME micro_${id}
    COMMAND ${TAILRACE_PYTHON} -B ${PROJECT_SOURCE_DIR}/workloads/micro/tests/micro_command_test.py
            $<TARGET_FILE:tailrace-micro-${id}> ${id} ${sanitized})
  set_tests_properties(micro_${id} PROPERTIES TIMEOUT 300)
endfunction()
