# SPDX-License-Identifier: MIT
"""The whole report of a made-up campaign: golden texts, well-formed and safe HTML, same bytes.

`python test_report.py --accept` rewrites the golden files after a wanted change; read the diff.
"""

from __future__ import annotations

import re
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

import hdr_encoder
import make_campaign
import make_micro
from tailrace_report import finding, headline, inside, micro_tables, sections, summary, uneven
from tailrace_report.build import Result, build
from tailrace_report.load import read_campaign, read_micro_file
from tailrace_report.study import Study
from tailrace_report.tables import to_text

GOLDEN = Path(__file__).with_name("golden")
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use", "rect"}
HTML_BYTES_MAX = 1_500_000


def golden_texts(scratch: Path) -> dict[str, str]:
    """Every text that is kept as golden, from the campaign of seed 1."""
    folder = make_campaign.write_campaign(scratch / "golden-campaign")
    study = Study(read_campaign(folder))
    tables = [headline.headline(study)]
    for point in study.points_of("open"):
        tables += [sections.latency(study, point), sections.cost(study, point)]
    for point in study.points_of("closed"):
        tables += [sections.cost(study, point), sections.closed(study, point)]
    tables += [uneven.hogs(study, point) for point in uneven.burning_points(study)]
    tables += [uneven.skew(study, point) for point in study.points_of("skew")]
    tables.append(inside.inside(study))
    for point in study.points_of("memory", "task_memory"):
        tables += sections.memory(study, point)
    tables += [sections.gates(study), sections.trouble(study)]
    return {
        "summary.md": summary.markdown(study),
        "tables.txt": "\n".join(to_text(table) for table in tables),
        "terminal.txt": summary.terminal(study, Path("OUT")),
        "micro.txt": micro_text(scratch),
    }


def micro_text(scratch: Path) -> str:
    """What `tailrace_report micro` prints of a made-up micro.json."""
    micro = read_micro_file(make_micro.write_micro(scratch))
    return "\n".join(to_text(table) for table in micro_tables.tables(micro))


class Checker(HTMLParser):
    """Walks a page: tags closed in order, ids unique, every reference answered inside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = 0
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for key, value in attrs:
            if key == "id":
                self.ids.append(value or "")
            elif key in ("href", "src", "xlink:href"):
                self.links.append(value or "")
            elif key == "aria-labelledby":
                self.links += [f"#{name}" for name in (value or "").split()]
            elif key.startswith("on"):
                self.problems.append(f"event handler {key} on {tag}")
            if value and (found := re.findall(r"url\((.*?)\)", value)):
                self.links += found

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]} at {self.getpos()}")
        else:
            self.open.pop()


def check(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    checker.close()
    return checker


class Whole(unittest.TestCase):
    scratch: tempfile.TemporaryDirectory[str]
    folder: Path
    page: str
    result: Result

    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = make_campaign.write_campaign(Path(cls.scratch.name) / "campaign")
        cls.result = build(cls.folder, cls.folder / "report")
        cls.page = (cls.folder / "report" / "index.html").read_text("utf-8")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.scratch.cleanup()

    def test_golden_texts(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            for name, text in golden_texts(Path(scratch)).items():
                with self.subTest(name=name):
                    self.assertEqual(text, (GOLDEN / name).read_text("utf-8"))

    def test_memory_from_procfs_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            folder = make_campaign.write_campaign(Path(scratch) / "campaign")
            cells = folder / "cells.jsonl"
            text = cells.read_text("utf-8")
            self.assertIn('"cgroup-v1"', text)
            cells.write_text(text.replace('"cgroup-v1"', '"procfs"'), "utf-8")
            build(folder, folder / "report")
            self.assertIn("sockets are not", (folder / "report" / "summary.md").read_text("utf-8"))

    def test_the_page_is_well_formed(self) -> None:
        checker = check(self.page)
        self.assertEqual(checker.problems, [])
        self.assertEqual(checker.open, [])
        self.assertEqual(sorted(checker.ids), sorted(set(checker.ids)))

    def test_the_page_needs_nothing_else(self) -> None:
        checker = check(self.page)
        for link in checker.links:
            if link.startswith("#"):
                self.assertIn(link[1:], checker.ids)
            else:
                self.assertTrue((self.folder / "report" / link).is_file(), link)
        self.assertNotRegex(self.page, r"https?://(?!www\.w3\.org/)|@import|//cdn")
        self.assertLess(len(self.page.encode("utf-8")), HTML_BYTES_MAX)

    def test_texts_of_the_campaign_stay_text(self) -> None:
        self.assertEqual(check(self.page).scripts, 1)
        self.assertNotIn("<script>alert", self.page)
        self.assertIn("&lt;script&gt;alert", self.page)
        self.assertNotIn("\x1b", self.page + self.result.terminal)
        self.assertIn("&lt;b&gt;bold&lt;/b&gt;", self.page)
        markdown = (self.folder / "report" / "summary.md").read_text("utf-8")
        self.assertIn(r"\<b\>bold\</b\>", markdown)

    def test_failed_and_gated_cells_are_counted_at_the_top(self) -> None:
        top = self.page[: self.page.index("<section")]
        self.assertIn("<b>1</b> failed", top)
        self.assertIn("<b>8</b> gated", top)
        self.assertIn("<b>60</b> skipped", top)

    def test_every_figure_is_drawn_described_and_followed_by_its_table(self) -> None:
        names = ["latency", "memory", "task-memory", "cpu", "syscalls", "rate", "hog", "skew"]
        for name in names:
            self.assertIn(f'<title id="{name}-title">', self.page)
            self.assertIn(f'<desc id="{name}-desc">', self.page)
            for ending, start in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
                data = (self.folder / "report" / f"{name}{ending}").read_bytes()
                self.assertTrue(data.startswith(start))
        self.assertEqual(self.page.count('role="img"'), len(names))
        self.assertEqual(self.page.count("<figure>"), len(names))
        for section in re.findall(r"<section.*?</section>", self.page, re.S):
            if "<figure>" in section:
                self.assertLess(section.rindex("<figure>"), section.index("<details>"))
                self.assertIn("<table>", section)

    def test_the_same_campaign_gives_the_same_bytes(self) -> None:
        again = self.folder / "again"
        build(self.folder, again)
        first = {p.name: p.read_bytes() for p in (self.folder / "report").iterdir()}
        second = {p.name: p.read_bytes() for p in again.iterdir()}
        self.assertEqual(first.keys(), second.keys())
        for name in first:
            self.assertEqual(first[name], second[name], name)

    def test_gated_contestants_are_shown_without_a_group(self) -> None:
        study = Study(read_campaign(self.folder))
        (point,) = [p for p in study.points if p.id == "closed-50x64"]
        rows = {row[0]: row for row in sections.closed(study, point).rows}
        self.assertEqual(rows["local (default)"][4], "gated")
        self.assertEqual(rows["local (default)"][1], "6 gated")
        self.assertEqual(rows["local (default)"][3], "-")
        self.assertEqual(rows["bare-epoll"][3], "floor")

    def test_unsupported_quantiles_are_not_printed(self) -> None:
        study = Study(read_campaign(self.folder))
        (point,) = [p for p in study.points if p.id == "open-50x64-10000"]
        row = sections.latency(study, point).rows[0]
        # 20,000 requests a block carry p99 (200 above), not p99.9 (20); 120,000 together do.
        self.assertIn("[", row[5])
        self.assertRegex(row[6], r"^[^\[]+ †$")
        self.assertEqual(row[7], "-")


class Small(unittest.TestCase):
    """Campaigns that have next to nothing must still give an honest report."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = Path(scratch.name) / "c"

    def built(self) -> str:
        build(self.path, self.path / "report")
        page = (self.path / "report" / "index.html").read_text("utf-8")
        self.assertEqual(check(page).problems, [])
        return page

    def test_empty(self) -> None:
        make_campaign.write_campaign(self.path, blocks=1, scale=1)
        (self.path / "cells.jsonl").write_text("")
        page = self.built()
        self.assertIn("Nothing measured", page)
        self.assertIn("<b>57</b> planned but not run", page)

    def test_all_failed(self) -> None:
        make_campaign.write_campaign(self.path, blocks=1, scale=1)
        text = (self.path / "cells.jsonl").read_text("utf-8")
        text = re.sub(r'"status": "[a-z]+"', '"status": "failed"', text)
        (self.path / "cells.jsonl").write_text(text, "utf-8")
        page = self.built()
        self.assertIn("<b>57</b> failed", page)
        self.assertIn("Nothing measured", page)

    def test_all_gated_is_shown_but_neither_ranked_nor_concluded_from(self) -> None:
        make_campaign.write_campaign(self.path, blocks=2, scale=1)
        text = (self.path / "cells.jsonl").read_text("utf-8")
        text = text.replace('"status": "ok"', '"status": "gated"')
        (self.path / "cells.jsonl").write_text(text, "utf-8")
        self.assertIn("Nothing ranked", self.built())
        study = Study(read_campaign(self.path))
        self.assertEqual(len(finding.statements(study)), 2)
        for row in headline.headline(study).rows:
            self.assertTrue(all("gated" in text or text == "-" for text in row[1:]), row)

    def test_one_block_ranks_nobody(self) -> None:
        make_campaign.write_campaign(self.path, blocks=1)
        self.assertIn("nothing is separated from anything", self.built())
        study = Study(read_campaign(self.path))
        for point in study.points_of("open"):
            groups = {row[-2] for row in sections.latency(study, point).rows}
            self.assertLessEqual(groups, {"a", "gated"})

    def test_three_blocks_are_called_a_range(self) -> None:
        make_campaign.write_campaign(self.path, blocks=3)
        study = Study(read_campaign(self.path))
        notes = " ".join(sections.cost(study, study.points_of("open")[0]).notes)
        self.assertIn("range", notes)
        self.assertIn("provisional", " ".join(s.text for s in finding.statements(study)))

    def test_a_block_too_small_for_a_quantile_takes_it_from_all(self) -> None:
        make_campaign.write_campaign(self.path, blocks=2)
        name = "b1-open-50x64-10000-local-best.response.hdr"
        (self.path / "hist" / name).write_text(hdr_encoder.encode({150_000: 500}))
        study = Study(read_campaign(self.path))
        rows = sections.latency(study, study.points_of("open")[0]).rows
        (row,) = [row for row in rows if row[0] == "local"]
        self.assertIn("[", row[3])
        self.assertRegex(row[5], r"^[^\[]+ †$")
        self.assertEqual(row[-2], "-")

    def test_without_the_floor_there_are_no_ratios(self) -> None:
        make_campaign.write_campaign(self.path, blocks=2, scale=1)
        lines = (self.path / "cells.jsonl").read_text("utf-8").splitlines(keepends=True)
        kept = "".join(line for line in lines if '"id": "bare-epoll"' not in line)
        (self.path / "cells.jsonl").write_text(kept, "utf-8")
        self.built()
        study = Study(read_campaign(self.path))
        table = sections.cost(study, study.points_of("open")[0])
        self.assertEqual({row[5] for row in table.rows}, {"-"})


if __name__ == "__main__":
    if sys.argv[1:] == ["--accept"]:
        GOLDEN.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            for file, content in golden_texts(Path(place)).items():
                (GOLDEN / file).write_text(content, "utf-8")
    else:
        unittest.main()
