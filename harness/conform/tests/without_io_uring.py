#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command in a process to which the kernel refuses io_uring.

usage: without_io_uring.py COMMAND [ARGUMENT ...]

A seccomp filter answers io_uring_setup with EPERM, as those of containers do; all else passes.
The filter is inherited by what the command starts. Exits 77 where no filter can be set.
"""
import ctypes
import errno
import os
import struct
import sys

IO_URING_SETUP = 425  # on every architecture
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
SKIPPED = 77


def refuse_io_uring() -> bool:
    """Installs the filter in this process; False where the kernel does not take it."""
    program = b"".join(
        struct.pack("HBBI", *instruction)
        for instruction in (
            (LOAD_NUMBER, 0, 0, 0),
            (JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP),
            (RETURN, 0, 0, REFUSE),
            (RETURN, 0, 0, ALLOW),
        )
    )
    code = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", 4, ctypes.addressof(code))  # struct sock_fprog
    libc = ctypes.CDLL(None, use_errno=True)
    return (
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        and libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) == 0
    )


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not refuse_io_uring():
        print("without_io_uring: the kernel takes no seccomp filter", file=sys.stderr)
        sys.exit(SKIPPED)
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
