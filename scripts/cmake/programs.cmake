# SPDX-License-Identifier: MIT
# The target `programs`: what a benchmark needs, without the tests.
# Every executable named tailrace or tailrace-*, wherever it is defined.
function(tailrace_collect_programs folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE" AND target MATCHES "^tailrace(-.*)?$")
      add_dependencies(programs ${target})
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(inner IN LISTS folders)
    tailrace_collect_programs(${inner})
  endforeach()
endfunction()

add_custom_target(programs)
tailrace_collect_programs(${CMAKE_SOURCE_DIR})
add_dependencies(programs peers) # not CMake's executables
