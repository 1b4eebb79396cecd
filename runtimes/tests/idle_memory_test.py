# SPDX-License-Identifier: MIT
"""What an idle connection holds in user memory, new and after a use, by `tailrace cost --only
memory`: at least and less than so many bytes. A buffer that a connection with lent buffers keeps
shows as a page at least. Standard library only.
Usage: idle_memory_test.py TAILRACE TARGET AT_LEAST LESS_THAN [NAME=VALUE]..."""

import json
import subprocess
import sys

UNSUPPORTED = 3  # exit code: the target cannot run on this machine
SKIPPED = 77
NAMES = ("user_bytes_per_idle_connection", "user_bytes_per_used_connection")


def main() -> None:
    tailrace, target, at_least, less_than, *options = sys.argv[1:]
    words = [tailrace, "cost", target, "--only", "memory", "--repeats", "1", "--json", "-"]
    words += [word for option in options for word in ("--set", option)]
    ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=100, check=False)
    if ran.returncode == UNSUPPORTED:
        sys.exit(SKIPPED)
    if ran.returncode != 0:
        sys.exit(f"tailrace cost ended with {ran.returncode}")
    metrics = {one["name"]: one["values"] for one in json.loads(ran.stdout)["metrics"]}
    for name in NAMES:
        (held,) = metrics[name]
        print(f"{name}: {held} B, allowed: {at_least} <= B < {less_than}")
        if not int(at_least) <= held < int(less_than):
            sys.exit(f"{name} is out of bounds")


if __name__ == "__main__":
    main()
