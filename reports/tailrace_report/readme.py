# SPDX-License-Identifier: MIT
"""`scripts/readme-figures`: what README.md says of a published campaign, made from its records: the
picture, two sentences and the table between two comments, the first of which names the campaign.

The picture carries its words: so whether it is that of the campaign can be asked without comparing
dots, which another matplotlib sets a little differently.
"""

import re
import struct
from pathlib import Path

from tailrace_report import build, canvas, overview, page, readings
from tailrace_report.errors import CampaignError
from tailrace_report.load import read_campaign
from tailrace_report.study import Study
from tailrace_report.tables import Table, to_markdown

MARKS = re.compile(
    r"(<!-- figures of (?P<campaign>results/published/[\w./-]+): scripts/readme-figures -->\n)"
    r"(?P<text>.*?)(<!-- end of the figures -->\n)",
    re.S,
)
PICTURE = "answer.png"
BYTES_MAX = 100  # of a line
ABOUTS = ("CPU", "Rate")  # statements that are shown
COLUMNS = ("subject", "CPU/op", "p50", "closed rate", "calls/op", "user B/conn", "B/task")
WITH_RATIO = ("CPU/op",)


def update(root: Path, check: bool) -> list[Path]:
    """The files that were not up to date; written unless `check`. Raises CampaignError,
    OutputError; ImportError, before anything is written, where there is no matplotlib."""
    path = root / "README.md"
    try:
        whole = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CampaignError([f"{path} cannot be read: {error}."]) from None
    found = MARKS.search(whole)
    if found is None:
        raise CampaignError([f"{path} has no comment `figures of ...: scripts/readme-figures`."])
    campaign = found["campaign"]
    study = Study(read_campaign(root / campaign))
    text = section(study, campaign)
    stale = _picture(study, root / campaign / PICTURE, check)
    if found["text"] != text:
        stale.append(path)
        if not check:
            build.write(root, {path.name: (whole[: found.start("text")] + text
                                           + whole[found.end("text") :]).encode()})
    return stale


def section(study: Study, place: str) -> str:
    """What stands between the comments."""
    opening = page.opening(study)
    first: dict[str, str] = {}  # of each the first, and of that the first sentence
    for one in overview.statements(study):
        if one.about in ABOUTS:
            first.setdefault(one.about, one.text.partition(". ")[0].rstrip(".") + ".")
    profile = study.campaign.manifest.get("profile")
    manifest = study.campaign.manifest
    name = profile.get("name") if isinstance(profile, dict) else place
    built = manifest.get("build")
    commit = built.get("commit") if isinstance(built, dict) else None
    which = f"commit {commit[:12]}" if isinstance(commit, str) else "commit not recorded"
    minutes = sum(cell.wall_s for cell in study.campaign.cells) / 60
    end = (
        f"Profile `{name}`, {minutes:.0f} minutes of {str(manifest.get('started_at'))[:10]},"
        f" {which}; {readings.machine_class(manifest)}. All of it: `{place}/summary.md`."
    )
    parts = [f"![every contestant beside the floor]({place}/{PICTURE})"]
    parts += [_filled(text) for text in (f"{opening.title}.", *first.values())]
    parts += [to_markdown(shown(study)).rstrip("\n"), _filled(end)]
    return "\n\n".join(parts) + "\n"


def shown(study: Study) -> Table:
    """The columns of the first table of the report that fit into a README."""
    whole = overview.headline(study)
    titles = [column.title for column in whole.columns]
    titles[0] = COLUMNS[0]
    kept = []
    for at, title in enumerate(titles):
        beside = title == overview.RATIO and titles[at - 1] in WITH_RATIO
        if title in COLUMNS or beside:
            kept.append(at)
    made = Table("", [whole.columns[at] for at in kept])
    for row in whole.rows:
        made.add(*(row[at].rstrip() for at in kept))
    return made


def _filled(text: str) -> str:
    """A paragraph in lines of at most BYTES_MAX bytes."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer.encode()) > BYTES_MAX and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _picture(study: Study, path: Path, check: bool) -> list[Path]:
    with canvas.settings():
        drawn = page.opening(study).draw()
        if drawn is None:
            raise CampaignError([f"{study.campaign.folder} has no picture."])
        figure, words = drawn
        if path.exists() and description(path.read_bytes()) == words:
            return []
        if not check:
            build.write(path.parent, {path.name: canvas.png(figure, words)})
    return [path]


def description(png: bytes) -> str:
    """The words that are in a picture of ours; empty where there are none."""
    at = 8
    while at + 8 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        data = png[at + 8 : at + 8 + length]
        keyword, _, rest = data.partition(b"\0")
        if keyword == b"Description" and kind == b"iTXt":
            return rest[2:].split(b"\0", 2)[2].decode("utf-8", "replace")
        if keyword == b"Description" and kind == b"tEXt":
            return rest.decode("latin-1")
        at += 12 + length
    return ""
