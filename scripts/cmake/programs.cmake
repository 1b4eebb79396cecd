# SPDX-License-Identifier: MIT
# The target `programs`: what a benchmark needs, without the tests. The target `inhouse`: what
# of it is ours and serves or runs a workload, with what shows that it does so as it must.
set(program_names "^tailrace(-.*)?$")
set(inhouse "(bare-.*|local|steal|uring|threads.*)")
set(inhouse_names
  "^tailrace-conform$|^tailrace-target-${inhouse}$|^(conformance|extensions)_${inhouse}_test$")

# tailrace_collect(<target> <folder> <regex>): `target` needs every executable of that name,
# wherever it is defined.
function(tailrace_collect collection folder names)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE" AND target MATCHES "${names}")
      add_dependencies(${collection} ${target})
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(inner IN LISTS folders)
    tailrace_collect(${collection} ${inner} "${names}")
  endforeach()
endfunction()

add_custom_target(programs)
tailrace_collect(programs ${CMAKE_SOURCE_DIR} "${program_names}")
add_dependencies(programs peers) # not CMake's executables, as below
add_custom_target(inhouse)
tailrace_collect(inhouse ${CMAKE_SOURCE_DIR} "${inhouse_names}")
