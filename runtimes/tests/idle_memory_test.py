# SPDX-License-Identifier: MIT
"""What an idle connection, new and after a use, and a sleeping task hold in user memory, by
`tailrace cost --only memory`: at least so many bytes, and at most so many. A buffer that a
connection with lent buffers keeps shows as a page at least. Standard library only.
Usage: idle_memory_test.py TAILRACE TARGET AT_LEAST AT_MOST TASK_AT_MOST [NAME=VALUE]..."""

import json
import subprocess
import sys

UNSUPPORTED = 3  # exit code: the target cannot run on this machine
SKIPPED = 77
OF_CONNECTIONS = ("user_bytes_per_idle_connection", "user_bytes_per_used_connection")
OF_TASKS = ("user_bytes_per_task",)


def main() -> None:
    tailrace, target, at_least, at_most, task_at_most, *options = sys.argv[1:]
    words = [tailrace, "cost", target, "--only", "memory", "--repeats", "1", "--json", "-"]
    words += [word for option in options for word in ("--set", option)]
    ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=100, check=False)
    if ran.returncode == UNSUPPORTED:
        sys.exit(SKIPPED)
    if ran.returncode != 0:
        sys.exit(f"tailrace cost ended with {ran.returncode}")
    metrics = {one["name"]: one["values"] for one in json.loads(ran.stdout)["metrics"]}
    bounds = dict.fromkeys(OF_CONNECTIONS, (int(at_least), int(at_most)))
    bounds |= dict.fromkeys(OF_TASKS, (0, int(task_at_most)))
    for name, (least, most) in bounds.items():
        (held,) = metrics[name]
        print(f"{name}: {held} B, allowed: {least} to {most}")
        if not least <= held <= most:
            sys.exit(f"{name} is out of bounds")


if __name__ == "__main__":
    main()
