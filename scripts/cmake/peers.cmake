# SPDX-License-Identifier: MIT
# Peers in other languages: built where their toolchain is present. A folder of runtimes/ is one if
# its CMakeLists.txt calls a function tailrace_peer..., or if it has an executable script named
# tailrace-target-<id>. Whether a peer can be built is decided when configuring. Where it cannot, or
# where its build fails, a note beside the other executables says why, `tailrace` shows it, and
# nothing else fails.
option(TAILRACE_PEERS "Build the peers in other languages whose toolchains are present" ON)
add_custom_target(peers)
set(tailrace_peer_step ${CMAKE_CURRENT_LIST_DIR}/build_peers)

# Adds all that there are in the folder that is being configured.
function(tailrace_peers)
  file(GLOB lists CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/CMakeLists.txt)
  foreach(list IN LISTS lists)
    file(STRINGS ${list} calls REGEX "^ *tailrace_peer")
    if(calls)
      cmake_path(GET list PARENT_PATH folder)
      add_subdirectory(${folder})
    endif()
  endforeach()
  tailrace_peers_cause(cause)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/tailrace-target-*)
  foreach(script IN LISTS scripts)
    cmake_path(GET script FILENAME program)
    tailrace_peer_note("${cause}" ${program})
    if(NOT cause)
      file(MAKE_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
      file(CREATE_LINK ${script} ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${program}
           COPY_ON_ERROR SYMBOLIC)
      tailrace_peer_program(${program})
    endif()
  endforeach()
  get_property(programs GLOBAL PROPERTY tailrace_peer_targets)
  list(JOIN programs "\n" text)
  file(WRITE ${CMAKE_BINARY_DIR}/peers.txt "${text}\n") # for scripts/peers
endfunction()

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

# tailrace_version_of(<result> <word> <command> ...): the version behind this word at the beginning
# of a line of what a command prints, or nothing where it does not run. Standard error is not looked
# at, and no other number: a virtual machine tells there which options it has picked up, a wrapper
# of a toolchain which one it has chosen.
function(tailrace_version_of result word)
  set(version "")
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE code TIMEOUT 20)
  if(code EQUAL 0 AND "\n${text}" MATCHES "\n${word}([0-9]+(\\.[0-9]+)*)")
    set(version ${CMAKE_MATCH_1})
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# What a toolchain says went wrong: its first line that says so, else its last.
function(tailrace_said result text)
  string(REGEX MATCH "(error|ERROR|Error):[^\n]*" said "${text}")
  if(NOT said)
    string(STRIP "${text}" text)
    string(REGEX MATCH "[^\n]*$" said "${text}")
  endif()
  set(${result} "${said}" PARENT_SCOPE)
endfunction()

# tailrace_peer_note(<cause or nothing> <program> ...): leaves the note, or removes that of before.
function(tailrace_peer_note cause)
  foreach(program IN LISTS ARGN)
    if(program MATCHES "^tailrace-target-")
      set_property(GLOBAL APPEND PROPERTY tailrace_peer_targets ${program})
    endif()
    set(path ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${program})
    file(REMOVE ${path}.absent)
    if(cause)
      file(REMOVE ${path}) # of an earlier build, with other sources
      file(WRITE ${path}.absent "${cause}\n")
    endif()
  endforeach()
endfunction()

# Makes the executable a target of this name, which tests look for.
function(tailrace_peer_program program)
  add_executable(${program} IMPORTED GLOBAL)
  set_target_properties(${program} PROPERTIES
    IMPORTED_LOCATION ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${program})
endfunction()

# tailrace_peer_build(<language> PROGRAMS <name> ... DEPENDS <file> ... COMMAND <word> ...): the
# command, run in the folder that is being configured, makes these programs, whole, in the folder of
# the executables. It is part of a whole build; those that it fails to make get a note.
function(tailrace_peer_build language)
  cmake_parse_arguments(PARSE_ARGV 1 peer "" "" "PROGRAMS;DEPENDS;COMMAND")
  set(bin ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  set(built ${CMAKE_CURRENT_BINARY_DIR}/built)
  list(TRANSFORM peer_PROGRAMS PREPEND ${bin}/ OUTPUT_VARIABLE outputs)
  list(JOIN peer_PROGRAMS " " programs)
  add_custom_command(
    OUTPUT ${built} # CMake takes a dependency on a program for one on the target of its name
    BYPRODUCTS ${outputs}
    COMMAND ${tailrace_peer_step} ${bin} ${programs} ${built} ${peer_COMMAND}
    DEPENDS ${peer_DEPENDS} ${tailrace_peer_step}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    COMMENT "Building what there is in ${language}"
    VERBATIM)
  add_custom_target(tailrace_peers_${language} ALL DEPENDS ${built})
  add_dependencies(peers tailrace_peers_${language})
  foreach(program IN LISTS peer_PROGRAMS)
    tailrace_peer_program(${program})
  endforeach()
endfunction()
