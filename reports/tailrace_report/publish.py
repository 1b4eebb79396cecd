# SPDX-License-Identifier: MIT
"""`scripts/publish CAMPAIGN`: a finished campaign into
results/published/<date>-<machine>/<profile>, whole and small enough to be committed, with the
summary that is drawn from what is published.

Packed (stored.py): manifest.json and selftest.json as they are; plan, cells, counts and micro
benchmarks as NAME.xz; all histograms in one archive, each the same V2 without its own compression,
since xz sees what is alike in thousands of them. Left out are histograms that no report reads.
Where that is more than BYTES_MAX, histograms are kept with two significant figures instead of
three, a quarter of the size; the manifest says so, and every report of it.
Of paths of the machine, that of the tree is taken off.
"""

import difflib
import io
import json
import lzma
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tailrace_report import build, hdr, kinds, slices, stored, summary
from tailrace_report.errors import CampaignError, OutputError
from tailrace_report.load import SCHEMA, read_bytes, read_campaign
from tailrace_report.study import Study

BYTES_MAX = 4 << 20
XZ = 7  # takes 190 MB; above it memory grows, and the result is hardly smaller
PLAIN = ("manifest.json", "selftest.json")
PACKED = ("plan.json", "cells.jsonl", "costs.jsonl", "micro.json")
SUMMARY = "summary.md"
ALIKE_MIN = 0.98  # of the marks of a summary
# Of a CPU's model: what is not the name of its family.
MAKERS = ("amd", "intel", "cpu", "processor", "core", "genuineintel", "with", "virtual", "unknown")
UNPACKED_MAX = 256 << 20


def publish(campaign: Path, root: Path, name: str = "", anyway: bool = False) -> Path:
    """The folder made below `root`; one that was there is replaced. `name`: of the machine, else
    made from its CPU. `anyway`: also where the tree that was measured is not known or was changed.
    Raises CampaignError, OutputError."""
    study = Study(read_campaign(campaign))
    manifest = dict(study.campaign.manifest)
    if not anyway:
        _check_tree(campaign, manifest)
    if study.campaign.planned != len(study.campaign.cells):
        raise CampaignError([
            f"{campaign} is not finished: {len(study.campaign.cells)} of"
            f" {study.campaign.planned} cells; go on with tailrace run --resume, then publish it."
        ])
    profile = manifest.get("profile")
    title = str(profile.get("name") if isinstance(profile, dict) else "")
    place = root / f"{str(manifest.get('started_at'))[:10]}-{name or machine(manifest)}"
    if not re.fullmatch(r"[\w.-]+/\d{4}-\d\d-\d\d-[\w-]+/[\w-]+", f"x/{place.name}/{title}"):
        raise CampaignError([f"{campaign}: `started_at` or `profile` of its manifest is no name."])
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".publish-", dir=place) as scratch:
            made = Path(scratch) / title
            _fill(made, campaign, study, rough=False)
            if size(made) > BYTES_MAX:
                _fill(made, campaign, study, rough=True)
            if (taken := size(made)) > BYTES_MAX:
                raise OutputError(
                    f"{campaign} takes {taken:,} bytes packed, more than the {BYTES_MAX:,} that are"
                    " published; measure fewer points or generations."
                )
            if (place / title).exists():
                os.replace(place / title, Path(scratch) / "before")
            os.replace(made, place / title)
    except OSError as error:
        raise OutputError(f"{place / title} cannot be written: {error.strerror}.") from None
    return place / title


def redraw(folder: Path) -> str:
    """The text of summary.md of a published campaign, from its records alone. Raises
    CampaignError."""
    return summary.markdown(Study(read_campaign(folder)))


def _check_tree(campaign: Path, manifest: dict[str, Any]) -> None:
    build = manifest.get("build")
    found = build if isinstance(build, dict) else {}
    remedy = "build a committed tree with scripts/build and measure again, or give --anyway"
    if not found.get("commit"):
        why = found.get("commit_cause") or "its manifest has no commit"
        raise CampaignError([
            f"{campaign}: which tree was measured is not known ({why}); {remedy}."
        ])
    if found.get("dirty") is not False:
        raise CampaignError([
            f"{campaign}: the tree that was measured differed from {found['commit'][:12]};"
            f" {remedy}."
        ])


def machine(manifest: dict[str, Any]) -> str:
    """`epyc-2cpu`: family of the CPU and number of those that are online."""
    whole = manifest.get("machine")
    cpu = whole.get("cpu") if isinstance(whole, dict) else None
    model, online = (str(cpu.get(key)) for key in ("model", "online")) if cpu else ("", "0")
    words = [word.lower() for word in re.findall(r"[A-Za-z]{3,}", model)]
    family = next((word for word in words if word not in MAKERS), "machine")
    return f"{family}-{online}cpu"


def _fill(made: Path, campaign: Path, study: Study, rough: bool) -> None:
    """Writes everything and proves that it says the same; of what is `rough`, that it calls the
    same different. Raises CampaignError, OutputError, OSError."""
    made.mkdir(exist_ok=True)
    tree = _tree(study.campaign.manifest)
    for name in (*PLAIN, *PACKED):
        if not stored.exists(campaign / name):
            continue
        data = read_bytes(campaign / name)
        if tree:
            data = data.replace(tree, b"")
        if rough and name == PLAIN[0]:
            whole = {**json.loads(data), "published": {"significant_figures": hdr.ROUGH_FIGURES}}
            data = json.dumps(whole, indent=1).encode()
        if name in PACKED:
            (made / (name + stored.PACKED)).write_bytes(lzma.compress(data, preset=XZ))
        else:
            (made / name).write_bytes(data)
    (made / stored.HISTOGRAMS).write_bytes(_archive(campaign, rough))
    text = redraw(made)
    said = summary.markdown(study).replace(tree.decode(), "")
    if not (_nearly(text, said) if rough else _body(text) == _body(said)):
        raise OutputError(f"{campaign} says something else once it is packed, so it is not kept.")
    (made / SUMMARY).write_text(text, "utf-8")


def _body(text: str) -> str:
    """All but the heading, which has the name."""
    return text.partition("\n")[2]


def _nearly(one: str, other: str) -> bool:
    """Whether, in order, as good as all is different, the same and open in both: what is within a
    hair of either may change sides with the third figure."""
    marks = [re.findall(r"[≠=?]", text) for text in (one, other)]
    return difflib.SequenceMatcher(None, *marks, autojunk=False).ratio() >= ALIKE_MIN


def _tree(manifest: Any) -> bytes:
    """The path of the tree that was measured, with its slash at the end; empty where the manifest
    does not tell."""
    files = str(manifest.get("files_folder") or "")
    root, found, _ = files.rpartition("results/.files")
    return root.encode() if found and root.startswith("/") and len(root) > 2 else b""


def _archive(campaign: Path, rough: bool) -> bytes:
    """hist.tar.xz, in the order of subject, point and histogram, generations side by side."""
    out = io.BytesIO()
    total = 0
    with tarfile.open(fileobj=out, mode="w:xz", preset=XZ) as archive:
        for path, whole in sorted(_histograms(campaign), key=_alike):
            data = hdr.rounded(whole) if rough else whole
            member = tarfile.TarInfo(path)
            member.size = len(data)
            total += len(data)
            if total > UNPACKED_MAX:
                raise OutputError(f"{campaign} has more than {UNPACKED_MAX:,} bytes of histograms.")
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _alike(one: tuple[str, bytes]) -> tuple[str, str]:
    """`hist/b0-<the rest>`: the rest first, so that what is alike is near."""
    generation, _, rest = one[0].partition("-")
    return rest, generation


def _histograms(campaign: Path) -> Iterator[tuple[str, bytes]]:
    """Path and V2 bytes of each histogram that a report reads."""
    packed = stored.histograms(campaign)
    wanted = tuple(f".{name}" for name in (*kinds.HISTOGRAMS, slices.AS_LIVED))
    if packed:
        yield from packed.items()
        return
    for path in sorted((campaign / "hist").glob("*.hdr")):
        if path.stem.endswith(wanted):  # ids of points may have dots, too
            yield f"hist/{path.name}", _inflated(path)


def _inflated(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hdr.inflated(file.read(hdr.TEXT_BYTES_MAX + 1))
    except hdr.HdrError as error:
        raise CampaignError([f"histogram {path}: {error}."]) from None


def campaigns(root: Path) -> list[Path]:
    """The published folders of the format that is read, in order. Raises CampaignError where a
    manifest is none."""
    found = []
    for path in sorted(root.glob("*/*/manifest.json")):
        try:
            schema = json.loads(path.read_text("utf-8")).get("schema")
        except (OSError, ValueError, AttributeError) as error:
            raise CampaignError([f"{path} is no manifest ({error})."]) from None
        if schema == SCHEMA:
            found.append(path.parent)
    return found


def size(folder: Path) -> int:
    """Bytes of its files."""
    return sum(path.stat().st_size for path in folder.iterdir())


def redraw_all(root: Path) -> list[Path]:
    """Writes every summary again; those that changed. Raises CampaignError, OutputError."""
    changed = []
    for folder in campaigns(root):
        path, text = folder / SUMMARY, redraw(folder)
        if not path.exists() or path.read_text("utf-8") != text:
            build.write(folder, {SUMMARY: text.encode()})
            changed.append(path)
    return changed
