# SPDX-License-Identifier: MIT
# Included by both arms of the regression gate (CMAKE_PROJECT_tailrace_INCLUDE): where a tree lies
# must not be in its executables, or two builds of equal sources would differ.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
                    "-ffile-prefix-map=${CMAKE_BINARY_DIR}/=build/")
