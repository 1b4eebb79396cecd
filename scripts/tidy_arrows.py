# SPDX-License-Identifier: MIT
"""Which folder may include which: the arrows of dependency, for tidy.py.

base <- single <- each runtime <- harness/targets -> workloads -> the runtime concept. What measures
(LAYERS below) includes no runtime and no workload, and of runtimes/base only base/uring: that is a
layer over the kernel and no part of a runtime. Tests may include anything.
"""
import ast
import re
import sys

# In the folder of a runtime: main() of its target, and the names of its options.
TARGET = re.compile(r"(^|_)target(_options)?\.[ch]pp$")
GENERATED = {"syscall_table.inc"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
SYSTEM_INCLUDE = re.compile(r"^\s*#\s*include\s+<([^>]+)>(.*)")
# What measures, in layers: each may include what stands before it, and nothing after.
LAYERS = (("observe", "record"), ("load",), ("files",), ("session",), ("cost", "conform"),
          ("campaign",), ("kinds",), ("selftest",), ("cli",))
LEVELS = {folder: level for level, layer in enumerate(LAYERS) for folder in layer}
KERNEL_LAYER = "runtimes/base/uring/"  # what drives io_uring, for whoever does

# Headers through which a runtime would reach the kernel past runtimes/base.
KERNEL = {"sys/epoll.h", "sys/socket.h", "sys/eventfd.h", "sys/timerfd.h", "sys/syscall.h",
          "sys/uio.h", "sys/mman.h", "unistd.h", "fcntl.h", "poll.h", "linux/io_uring.h",
          "liburing.h"}
KERNEL_FREE = ("runtimes/base/", "runtimes/bare/")
KERNEL_WITH_REASON = ("runtimes/threads/", "runtimes/libuv/")
EPOLL_BITS = "sys/epoll.h"  # may be included for the bits of struct epoll_event, with that reason
KERNEL_EXCEPTIONS = {
    "runtimes/asio/nameless_cancels.hpp": "wraps what Asio calls; no call of its own",
}

REPORT_LIBRARIES = {"matplotlib", "numpy"}


def zone(path):
    """The part of the tree that a file belongs to, as the arrows name it."""
    parts = path.split("/")
    if "tests" in parts[:-1] or parts[:2] == ["workloads", "micro"]:
        return "tests"
    if parts[0] == "runtimes":
        if len(parts) == 2:
            return "api"
        if TARGET.search(parts[-1]):
            return "harness/targets"
        if parts[-1] == "micro.cpp":
            return "tests"
        return parts[1] if parts[1] in ("base", "single") else "runtime " + parts[1]
    if parts[0] == "workloads":
        return "workloads"
    if parts[0] == "harness" and len(parts) > 2:
        return "harness/" + parts[1]
    return parts[0]


def folder(zone_name):
    """`load` of `harness/load`; empty for what is no folder of the harness."""
    return zone_name.removeprefix("harness/") if zone_name.startswith("harness/") else ""


def allowed(source, target):
    """May a file of zone `source` include a file of zone `target`?"""
    if source == target or source == "tests":
        return True
    if target == "tests":
        return False
    if source == "base":
        return False
    if source == "api":
        return target == "base"
    if source == "single":
        return target in ("base", "api")
    if source.startswith("runtime "):
        return target in ("base", "api", "single")
    if source == "workloads":
        return target in ("api", "base")
    if source == "harness/targets":
        return target in ("workloads", "base", "api") or target.startswith("runtime ")
    if folder(source) in LEVELS:
        return folder(target) in LEVELS and LEVELS[folder(target)] < LEVELS[folder(source)]
    return target.startswith("harness")


def include_arrows(path, lines, files):
    """(line, message) for each include against the arrows."""
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1)
        if target not in files:
            if target not in GENERATED:
                yield number, f'"{target}" names no file from the root of the tree'
            continue
        if target.startswith(KERNEL_LAYER) and folder(zone(path)) in LEVELS:
            continue
        if not allowed(zone(path), zone(target)):
            yield number, f"{zone(path)} must not include {zone(target)} ({target})"


def kernel_headers(path, lines):
    """(line, message) for each header of system calls outside the places that make them."""
    if not path.startswith("runtimes/") or path.startswith(KERNEL_FREE):
        return
    if zone(path) == "tests" or path in KERNEL_EXCEPTIONS:
        return
    for number, line in enumerate(lines, 1):
        match = SYSTEM_INCLUDE.match(line)
        if not match or match.group(1) not in KERNEL:
            continue
        if path.startswith(KERNEL_WITH_REASON) or match.group(1) == EPOLL_BITS:
            if not re.search(r"//\s*\w+", match.group(2)):
                yield number, f"<{match.group(1)}> needs its reason as a comment on the line"
        else:
            yield number, f"<{match.group(1)}>: system calls belong to runtimes/base"


def report_imports(path, text, files):
    """(line, message) for each import of reports/ beyond the standard library, matplotlib, numpy
    and the packages beside it; the report does not know the gate."""
    own = {file.split("/")[1] for file in files if file.startswith("reports/")}
    if "/tests/" in path:
        own |= {file.split("/")[-1].removesuffix(".py") for file in files
                if file.startswith("reports/tests/")}
    if path.startswith("reports/tailrace_report/"):
        own.discard("tailrace_regress")
    fine = set(sys.stdlib_module_names) | REPORT_LIBRARIES | own
    for node in ast.walk(ast.parse(text)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        for name in names:
            if name.split(".")[0] not in fine:
                yield node.lineno, f"reports must not import {name}"
