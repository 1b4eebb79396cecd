# SPDX-License-Identifier: MIT
# Targets that stand for several: `programs`, what a benchmark needs, without the tests;
# `conformance`, every contestant of this build with what shows that it behaves as it must.

# tailrace_targets_below(<result> <folder>): everything that is compiled in it, wherever defined.
function(tailrace_targets_below result folder)
  set(found)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "EXECUTABLE|STATIC_LIBRARY|SHARED_LIBRARY")
      list(APPEND found ${target})
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(inner IN LISTS folders)
    tailrace_targets_below(more ${inner})
    list(APPEND found ${more})
  endforeach()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# tailrace_collect(<target> <regex>): `target` needs every executable of that name.
function(tailrace_collect collection names)
  add_custom_target(${collection})
  tailrace_targets_below(all ${CMAKE_SOURCE_DIR})
  foreach(target IN LISTS all)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE" AND target MATCHES "${names}")
      add_dependencies(${collection} ${target})
    endif()
  endforeach()
endfunction()

tailrace_collect(programs "^tailrace(-.*)?$")
add_dependencies(programs peers) # not CMake's executables
tailrace_collect(conformance
  "^tailrace-conform$|^tailrace-target-|^(conformance|extensions)_.*_test$")
