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
# Beside a busy machine more messages are under way at once at one level than at another, and their
# buffers are in the slope.
TRIES = 3
OF_CONNECTIONS = ("user_bytes_per_idle_connection", "user_bytes_per_used_connection")
OF_TASKS = ("user_bytes_per_task",)


def held(words: list[str]) -> dict[str, float]:
    """Bytes by metric."""
    ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=100, check=False)
    if ran.returncode == UNSUPPORTED:
        sys.exit(SKIPPED)
    if ran.returncode != 0:
        sys.exit(f"tailrace cost ended with {ran.returncode}")
    return {one["name"]: one["values"][0] for one in json.loads(ran.stdout)["metrics"]}


def out_of_bounds(found: dict[str, float], bounds: dict[str, tuple[int, int]]) -> list[str]:
    wrong = []
    for name, (least, most) in bounds.items():
        print(f"{name}: {found[name]} B, allowed: {least} to {most}")
        if not least <= found[name] <= most:
            wrong.append(name)
    return wrong


def main() -> None:
    tailrace, target, at_least, at_most, task_at_most, *options = sys.argv[1:]
    words = [tailrace, "cost", target, "--only", "memory", "--repeats", "1", "--json", "-"]
    words += [word for option in options for word in ("--set", option)]
    bounds = dict.fromkeys(OF_CONNECTIONS, (int(at_least), int(at_most)))
    bounds |= dict.fromkeys(OF_TASKS, (0, int(task_at_most)))
    for _ in range(TRIES):
        wrong = out_of_bounds(held(words), bounds)
        if not wrong:
            return
    sys.exit(f"out of bounds {TRIES} times: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
