# SPDX-License-Identifier: MIT
"""What our adapters cost their libraries: libuv and Boost.Asio beside the same echo written with
the bare library, in interleaved blocks (profile `adapters`).

usage: scripts/adapter-honesty [--preset release] [--blocks N] [--campaign FOLDER] [--instructions]

Prints, for each adapter and each style of the bare echo, the ratio adapter / bare of the rate, of
the server's CPU time an echo and of its user memory a connection that was used once, with its
interval over blocks. --campaign reads one that was
measured before; --instructions adds exact user instructions an echo (valgrind; some minutes).
Exit codes: 1 an adapter is worse than the bare library by more than 5 % beyond doubt, 2 nothing was
compared (bad usage, or a campaign that cannot be read).
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "reports"))
sys.dont_write_bytecode = True

from tailrace_report.campaign import Cell  # noqa: E402
from tailrace_report.errors import CampaignError  # noqa: E402
from tailrace_report.load import Campaign, read_campaign  # noqa: E402
from tailrace_report.stats import Estimate, paired_ratio  # noqa: E402

ALLOWED = 1.05
# Adapter and form, bare echo and form, and the style that this form means. Both of a pair keep
# their buffers alike; `callbacks` is a form of the profile's own.
PAIRS = (
    ("libuv", "default", "plain-libuv", "default", "style=guide"),
    ("libuv", "best", "plain-libuv", "best", "style=lean"),
    ("asio-epoll", "best", "plain-asio-epoll", "default", "style=awaitable"),
    ("asio-epoll", "best", "plain-asio-epoll", "callbacks", "style=callbacks"),
    ("asio-epoll", "lent", "plain-asio-epoll", "best", "style=waiting"),
    ("asio-uring", "best", "plain-asio-uring", "default", "style=awaitable"),
    ("asio-uring", "best", "plain-asio-uring", "callbacks", "style=callbacks"),
    ("asio-uring", "lent", "plain-asio-uring", "best", "style=waiting"),
)
# Options of the adapters in those forms.
LIBUV_FORMS = ("style=guide", "style=lean")
ASIO_FORMS = (
    ("contexts=per-core",),
    ("contexts=per-core", "buffer=lent", "buffer_bytes=65536"),
)


@dataclass(frozen=True)
class Metric:
    """`of`: its number in a cell, in one unit, or None."""

    name: str
    of: Callable[[Cell], float | None]
    more_is_better: bool = False


def user_bytes(cell: Cell) -> float | None:
    """Of memory a connection that was used once."""
    if not cell.memory or "user_memory" in cell.spoiled:
        return None
    slope = cell.memory.slopes.get(("after_echo", "user"))
    return slope.bytes if slope else None


METRICS = (
    Metric("rate", lambda cell: cell.numbers.get("load.achieved_per_s"), more_is_better=True),
    Metric("CPU an echo", lambda cell: cell.numbers.get("server.cpu_us_per_op")),
    Metric("user bytes", user_bytes),
)


def refuse(sentence: str) -> NoReturn:
    print(f"adapter-honesty: {sentence}", file=sys.stderr)
    sys.exit(2)


def blocks_of(
    campaign: Campaign, point: str, contestant: tuple[str, str], metric: Metric
) -> dict[int, float]:
    """One number a block; a contestant whose forms are equal was measured as `best` alone."""
    found: dict[int, float] = {}
    for cell in campaign.cells:
        same = (cell.subject.id, cell.subject.form) == contestant
        number = metric.of(cell) if same and cell.point.id == point and cell.measured else None
        if number is not None:
            found[cell.block] = number
    return found


def verdict(ratio: Estimate, more_is_better: bool) -> str:
    """Worse by how much: the adapter's loss is 1 / ratio of a rate, ratio of a cost."""
    low, high = (1 / ratio.high, 1 / ratio.low) if more_is_better else (ratio.low, ratio.high)
    if ratio.kind != "interval":
        return "too few blocks to tell"
    if high <= ALLOWED:
        return "within 5 %"
    return "WORSE" if low > ALLOWED else "open: more blocks"


def print_pairs(campaign: Campaign) -> bool:
    """Whether no adapter is worse beyond doubt."""
    honest = True
    for point in dict.fromkeys(cell.point.id for cell in campaign.cells):
        print(f"\n{point}: adapter / bare library")
        cells = [cell for cell in campaign.cells if cell.point.id == point]
        metrics = [m for m in METRICS if any(m.of(cell) is not None for cell in cells)]
        for adapter, of_adapter, bare, of_bare, style in PAIRS:
            for metric in metrics:
                of = blocks_of(campaign, point, (adapter, of_adapter), metric)
                to = blocks_of(campaign, point, (bare, of_bare), metric)
                ratio = paired_ratio(of, to)
                title = f"  {adapter:11} / {bare} {style}"
                if ratio is None:
                    print(f"{title:50} {metric.name:12} not measured")
                    continue
                said = verdict(ratio, metric.more_is_better)
                honest = honest and said != "WORSE"
                print(
                    f"{title:50} {metric.name:12} {ratio.median:5.3f} "
                    f"[{ratio.low:5.3f} .. {ratio.high:5.3f}] of {ratio.blocks} blocks: {said}"
                )
    return honest


def measure(folder: Path, blocks: int | None) -> Path:
    """Runs the profile; the campaign's folder."""
    command = [str(folder / "tailrace"), "run", "--profile", "adapters"]
    command += ["--targets", str(folder / "servers")]
    command += ["--blocks", str(blocks)] if blocks else []
    if subprocess.run(command, cwd=ROOT, check=False).returncode not in (0, 1):
        refuse("the measurement did not run; the reason is above")
    return ROOT / "results" / "latest"


def print_instructions(folder: Path) -> None:
    """Those of each adapter in the forms that are compared, and of each style of bare echo."""
    libuv = folder / "tailrace-target-libuv"
    targets: list[tuple[Path, tuple[str, ...]]] = [(libuv, (style,)) for style in LIBUV_FORMS]
    for asio in ("asio-epoll", "asio-uring"):
        targets += [(folder / f"tailrace-target-{asio}", form) for form in ASIO_FORMS]
    for _, _, bare, _, style in PAIRS:
        targets.append((folder / "servers" / f"tailrace-target-{bare}", (style,)))
    sys.stdout.flush()
    for target, options in targets:
        words = [folder / "tailrace", "cost", target, "--only", "instructions", "--repeats", "1"]
        settings = [word for option in options for word in ("--set", option)]
        subprocess.run([*words, *settings], check=False)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/adapter-honesty",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preset", default="release")
    parser.add_argument("--blocks", type=int)
    parser.add_argument("--campaign", type=Path)
    parser.add_argument("--instructions", action="store_true")
    asked = parser.parse_args()
    folder = ROOT / "build" / asked.preset / "bin"
    if (asked.campaign is None or asked.instructions) and not (folder / "servers").is_dir():
        refuse(f"{folder} has no servers; build them: scripts/build {asked.preset}")
    try:
        campaign = read_campaign(asked.campaign or measure(folder, asked.blocks))
    except CampaignError as error:
        refuse(error.sentences[0])
    honest = print_pairs(campaign)
    if asked.instructions:
        print_instructions(folder)
    sys.exit(0 if honest else 1)


if __name__ == "__main__":
    main()
