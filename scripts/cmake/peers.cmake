# SPDX-License-Identifier: MIT
# Peers in other languages: built where their toolchain is present. Whether they can be is decided
# when configuring; where not, a note beside the other executables says why, `tailrace` shows it,
# and nothing else fails.
option(TAILRACE_PEERS "Build the peers in other languages whose toolchains are present" ON)
add_custom_target(peers)

# Why no peer is built here, whatever the toolchains, or nothing.
function(tailrace_peers_cause result)
  set(cause "")
  if(NOT TAILRACE_PEERS)
    set(cause "not built in this preset; use another, such as release")
  elseif(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    set(cause "not built under a sanitizer; use another preset")
  endif()
  set(${result} "${cause}" PARENT_SCOPE)
endfunction()

# tailrace_peers_note(<cause or nothing> <program> ...): leaves the note, or removes that of before.
function(tailrace_peers_note cause)
  foreach(program IN LISTS ARGN)
    set(path ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${program})
    file(REMOVE ${path}.absent)
    if(cause)
      file(REMOVE ${path}) # of an earlier build, with other sources
      file(WRITE ${path}.absent "${cause}\n")
    endif()
  endforeach()
endfunction()

# The version in what a command prints, or nothing where it does not run.
function(tailrace_version_of result)
  set(version "")
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE text RESULT_VARIABLE code
                  TIMEOUT 20)
  if(code EQUAL 0 AND text MATCHES "([0-9]+(\\.[0-9]+)*)")
    set(version ${CMAKE_MATCH_1})
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# tailrace_peers_built(<target> <program> ...): `target` makes these programs, and is part of a
# whole build.
function(tailrace_peers_built target)
  add_dependencies(peers ${target})
  foreach(program IN LISTS ARGN)
    add_executable(${program} IMPORTED GLOBAL)
    set_target_properties(${program} PROPERTIES
      IMPORTED_LOCATION ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${program})
  endforeach()
endfunction()
