# SPDX-License-Identifier: MIT
"""The same reads by contestants and by fio, the outside reference: IOPS and CPU time a read.

usage: scripts/fio-parity [options] [CONTESTANT ...]      (default: uring threads)

One file, one block size; for each page-cache mode and depth, rounds in which every contestant and
fio's engines io_uring (registered file and buffers) and psync (a thread for each of the depth) run
once, in shuffled order, on the same CPUs. A contestant's depth is its number of reading tasks.
Printed are the medians over the rounds, and of the ratios within a round to fio's io_uring the
median with the least and the greatest. CPU time is that of the reading phase: fio's own account,
the contestant's `whole_cpu_ns`. A contestant compares the stamps of what it read and notes each
read's latency in a histogram, as fio notes it too.

A contestant with options is one argument: "uring files=async". Exit: 0; 1 a run failed; 2 bad
usage; 3 fio is not installed.
"""
import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

FIO = ("fio io_uring", "fio psync")


def fail(sentence: str, code: int = 1) -> None:
    """Ends the script with one sentence."""
    print(f"fio-parity: {sentence}", file=sys.stderr)
    sys.exit(code)


class Run:
    """What one run cost."""

    def __init__(self, reads: int, seconds: float, cpu_us: float) -> None:
        self.iops = reads / seconds
        self.cpu_us = cpu_us / reads


def run_fio(engine: str, cache: str, depth: int, asked: argparse.Namespace, path: str) -> Run:
    """One run of fio, pinned as the contestants are."""
    ring = engine == "io_uring"
    words = ["fio", "--name=parity", f"--filename={path}", "--readonly", "--rw=randread",
             f"--bs={asked.block_bytes}", f"--direct={int(cache == 'direct')}",
             f"--ioengine={engine}", f"--iodepth={depth if ring else 1}",
             f"--numjobs={1 if ring else depth}", "--thread", "--group_reporting",
             "--norandommap=1", "--randrepeat=1", "--invalidate=0", "--clocksource=clock_gettime",
             "--time_based", f"--runtime={int(asked.seconds * 1000)}ms",
             f"--cpus_allowed={asked.cpus}", "--output-format=json"]
    if ring:
        words += ["--fixedbufs=1", "--registerfiles=1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(words)} failed: {done.stderr.strip() or done.stdout[:300]}")
    job = json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]
    reads = job["read"]["total_ios"]
    cpu_us = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] * 1000
    return Run(reads, job["read"]["runtime"] / 1000, cpu_us)


def run_contestant(name: str, cache: str, depth: int, asked: argparse.Namespace, path: str) -> Run:
    """One run of a target, by the target protocol."""
    target, *settings = name.split()
    program = os.path.join(asked.targets, f"tailrace-target-{target}")
    if not os.path.exists(program):
        fail(f"there is no {program}; build it, or name the folder with --targets", 2)
    settings += [f"file={path}", f"cache={cache}", f"concurrency={depth}",
                 f"block_bytes={asked.block_bytes}", f"duration_ms={int(asked.seconds * 1000)}"]
    words = ["taskset", "-c", asked.cpus, program, "run", "--workload", "file-read",
             "--workers", str(asked.workers)]
    for setting in settings:
        words += ["--set", setting]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin and child.stdout
        ready = json.loads(child.stdout.readline() or "{}")
        if ready.get("event") != "ready":
            fail(f"{name} did not get ready: {ready.get('message', 'see above')}")
        child.stdin.write("start\n")
        child.stdin.flush()
        result = json.loads(child.stdout.readline() or "{}")
        counts = result.get("counts")
    if not counts or child.returncode != 0:
        fail(f"{name} ended without a result")
    if counts["stamp_sum"] != counts["expected_sum"] or counts["errors"] or counts["short_reads"]:
        fail(f"{name} did not read what it was asked for: {counts}")
    return Run(counts["reads"], counts["whole_ns"] / 1e9, counts["whole_cpu_ns"] / 1e3)


def arrange(asked: argparse.Namespace, cache: str) -> dict:
    """The file, in or out of the page cache."""
    words = [os.path.join(asked.targets, "tailrace"), "file", "--folder", asked.folder,
             "--mib", str(asked.mib), "--cache", "warm" if cache == "warm" else "cold"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(done.stderr.strip() or f"{words[0]} failed")
    told = json.loads(done.stdout)
    if cache == "warm" and told["resident"] < told["pages"]:
        fail(f"the page cache keeps {told['resident']} of {told['pages']} pages of the file")
    return told


def measure(asked: argparse.Namespace, cache: str, depth: int, order: random.Random) -> dict:
    """Name -> one Run a round."""
    runs: dict = {name: [] for name in FIO + tuple(asked.contestants)}
    for _ in range(asked.rounds):
        names = list(runs)
        order.shuffle(names)
        for name in names:
            path = arrange(asked, cache)["path"]
            if name in FIO:
                run = run_fio(name.split()[1], cache, depth, asked, path)
            else:
                run = run_contestant(name, cache, depth, asked, path)
            runs[name].append(run)
    return runs


def ratio_text(values: list, references: list) -> str:
    """Median, least and greatest of the ratios round by round."""
    ratios = [value / reference for value, reference in zip(values, references)]
    return f"{statistics.median(ratios):.3f} [{min(ratios):.3f}, {max(ratios):.3f}]"


def print_table(cache: str, depth: int, runs: dict) -> None:
    """One point."""
    print(f"\n{cache}, depth {depth}")
    print(f"  {'':28}{'kIOPS':>9}{'us CPU/read':>13}   {'IOPS / fio io_uring':24}"
          f"{'CPU / fio io_uring':24}")
    reference = runs[FIO[0]]
    for name, of_name in runs.items():
        iops = [run.iops for run in of_name]
        cpu = [run.cpu_us for run in of_name]
        print(f"  {name:28}{statistics.median(iops) / 1e3:9.1f}{statistics.median(cpu):13.2f}   "
              f"{ratio_text(iops, [run.iops for run in reference]):24}"
              f"{ratio_text(cpu, [run.cpu_us for run in reference]):24}", flush=True)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    root = Path(__file__).resolve().parents[3]
    parser = argparse.ArgumentParser(prog="scripts/fio-parity", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contestants", nargs="*", default=["uring", "threads"])
    parser.add_argument("--targets", default=root / "build/release/bin",
                        help="folder with the executables (default: build/release/bin)")
    parser.add_argument("--folder", default=root / "results/.files",
                        help="folder of the file, on a disk (default: results/.files)")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file (default: 1024)")
    parser.add_argument("--cache", default="warm,direct", help="of warm,direct (default: both)")
    parser.add_argument("--depth", default="1,16,64", help="list (default: 1,16,64)")
    parser.add_argument("--block-bytes", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--cpus", default="0", help="CPUs of both (default: 0)")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="of the order within rounds")
    return parser.parse_args()


def main() -> None:
    """Point by point."""
    asked = parse_arguments()
    caches = asked.cache.split(",")
    depths = [int(depth) if depth.isdigit() else 0 for depth in asked.depth.split(",")]
    if not set(caches) <= {"warm", "direct"} or min(depths) < 1:
        fail("--cache takes warm,direct and --depth numbers above 0, such as 1,16,64", 2)
    if shutil.which("fio") is None:
        fail("fio is not installed, and it is the reference: install the package fio "
             "(apt-get install fio)", 3)
    version = subprocess.run(["fio", "--version"], capture_output=True, text=True, check=True)
    told = arrange(asked, "warm")
    print(f"{version.stdout.strip()}; {asked.mib} MiB on {told['filesystem']} ({told['device']}), "
          f"{asked.block_bytes} bytes a read, {asked.rounds} rounds of {asked.seconds} s, "
          f"CPU {asked.cpus}; ratios: median [least, greatest] over rounds")
    order = random.Random(asked.seed)
    for cache in caches:
        for depth in depths:
            print_table(cache, depth, measure(asked, cache, depth, order))


if __name__ == "__main__":
    main()
