# SPDX-License-Identifier: MIT
"""The whole report of a made-up campaign: golden texts, well-formed and safe HTML, same bytes.

`python test_report.py --accept` rewrites the golden files after a wanted change; read the diff.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import hdr_encoder
import make_campaign
import make_micro
from reading import page_of, rewritten, rows_of, study_of
from sliced_cells import set_rate
from tailrace_report import decide, limits, micro_page, overview, page, summary
from tailrace_report.build import Result, build
from tailrace_report.kinds import echo
from tailrace_report.load import read_micro_file
from tailrace_report.tables import to_text

GOLDEN = Path(__file__).with_name("golden")
VOID = {"meta", "link", "br", "hr", "img", "input", "path", "use", "rect"}
HTML_BYTES_MAX = 1_500_000


def golden_texts(scratch: Path) -> dict[str, str]:
    """Every text that is kept as golden, from the campaign of seed 1."""
    study = study_of(make_campaign.write_campaign(scratch / "golden-campaign"))
    tables = [table for section in page.sections(study) for table in section.tables if table.rows]
    return {
        "summary.md": summary.markdown(study),
        "tables.txt": "\n".join(to_text(table) for table in tables),
        "terminal.txt": summary.terminal(study, Path("OUT")),
        "micro.txt": micro_text(scratch),
    }


def micro_text(scratch: Path) -> str:
    """What `tailrace_report micro` prints of a made-up micro.json."""
    micro = read_micro_file(make_micro.write_micro(scratch))
    return "\n".join(to_text(table) for table in micro_page.tables(micro))


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

    def test_failed_and_invalid_cells_are_counted_at_the_top(self) -> None:
        top = self.page[: self.page.index("<section")]
        self.assertIn("<b>1</b> failed", top)
        self.assertIn("<b>8</b> invalid", top)
        self.assertIn("<b>60</b> skipped", top)

    def test_every_figure_is_drawn_described_and_followed_by_its_table(self) -> None:
        names = ["answer", "latency", "memory", "task-memory", "cpu", "syscalls", "instructions"]
        names += ["rate", "hog", "skew"]
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

    def test_invalid_subjects_are_shown_and_not_compared(self) -> None:
        study = study_of(self.folder)
        (point,) = [p for p in study.points if p.id == "closed-50x64"]
        rows = rows_of(echo.rate_table(study, point))
        self.assertEqual(rows["local (default)"]["generations"], "6 invalid")
        self.assertEqual(rows["local (default)"]["rate / floor"], "-")
        self.assertEqual(rows["bare-epoll"]["rate / floor"], "floor")

    def test_unsupported_quantiles_are_not_printed(self) -> None:
        study = study_of(self.folder)
        (point,) = [p for p in study.points if p.id == "open-50x64-10000"]
        row = rows_of(echo.response_table(study, point))["bare-epoll"]
        # 20,000 requests a block carry p99 (200 above), not p99.9 (20); 120,000 together do.
        self.assertIn("[", row["p99"])
        self.assertRegex(row["p99.9"], r"^[^\[]+ †$")
        self.assertEqual(row["p99.99"], "-")

    def test_counts_come_from_the_short_pass_and_say_what_is_missing(self) -> None:
        table = echo.counts_table(study_of(self.folder))
        rows = rows_of(table)
        self.assertIn("50 connections × 64 B", table.title)
        self.assertEqual(rows["local (default)"]["system calls"], "2.44")
        self.assertEqual(rows["libuv"]["instructions, user mode"], "-")
        self.assertNotIn("uring", rows)
        notes = " ".join(table.notes)
        self.assertIn("libuv: instructions, user mode not counted: valgrind gave up", notes)
        self.assertIn("uring: not counted: io_uring is refused", notes)

    def test_who_shares_too_few_blocks_is_not_compared(self) -> None:
        study = study_of(self.folder)  # one block of threads failed at this point
        (point,) = [p for p in study.points if p.id == "closed-1000x64"]
        compared = study.compare(point, echo.RATE)
        assert compared is not None
        (entry,) = [e for e in compared.entries if e.label == "threads"]
        for other in compared.valid:
            if other != entry:
                found = compared.pairs.of(entry.subject, other.subject)
                self.assertEqual(found.outcome, decide.NOT_COMPARED)
        rate = next(s.text for s in overview.statements(study) if s.about == "Rate")
        self.assertIn("too few shared generations to compare threads", rate)
        cell = rows_of(overview.headline(study))["threads"]["closed rate × floor"]
        self.assertRegex(cell, r"^0\.\d+× *$")
        last = overview.statements(study)[-1].text
        self.assertIn("pairs above were not compared: they share as few as 5 generations", last)


class Small(unittest.TestCase):
    """Campaigns that have next to nothing must still give an honest report."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = Path(scratch.name) / "c"

    def page(self) -> str:
        text = page_of(study_of(self.path))
        self.assertEqual(check(text).problems, [])
        return text

    def test_empty(self) -> None:
        make_campaign.write_campaign(self.path, blocks=1, scale=1)
        (self.path / "cells.jsonl").write_text("")
        self.assertIn("Nothing measured", self.page())
        self.assertIn("<b>57</b> not run", self.page())

    def test_all_failed(self) -> None:
        make_campaign.write_campaign(self.path, blocks=1, scale=1)
        rewritten(self.path, lambda cell: cell.update(status="failed") or True)
        self.assertIn("<b>57</b> failed", self.page())
        self.assertIn("Nothing measured", self.page())

    def test_all_invalid_is_shown_but_neither_compared_nor_concluded_from(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            cell["status"] = "invalid" if cell["status"] == "ok" else cell["status"]
            return True

        make_campaign.write_campaign(self.path, blocks=6, scale=1)
        study = rewritten(self.path, change)
        (self.path / "costs.jsonl").unlink()
        study = study_of(self.path)
        self.assertIn("failed a validity check", self.page())
        self.assertEqual([s.about for s in overview.statements(study)], ["Invalid"])
        for row in overview.headline(study).rows:
            self.assertTrue(all("invalid" in text or text in ("-", "") or "invalid" in row
                                for text in row[1:]), row)

    def test_below_six_blocks_nothing_is_called_different(self) -> None:
        for blocks, words in ((1, "as few as 1 generation,"), (3, "as few as 2 generations,")):
            make_campaign.write_campaign(self.path / str(blocks), blocks=blocks, scale=1)
            study = study_of(self.path / str(blocks))
            last = overview.statements(study)[-1]
            self.assertEqual(last.about, "How firm")
            self.assertIn(words, last.text)
            self.assertFalse(set(to_text(overview.headline(study))) & set("≠=?±"))
            for statement in overview.statements(study)[:-1]:
                self.assertNotIn("same within", statement.text)
                self.assertNotIn("open for", statement.text)
            if blocks == 3:
                notes = echo.cost_table(study, study.points_of("open")[0]).notes
                self.assertIn("range", " ".join(notes))

    def test_only_a_virtual_machine_is_called_one(self) -> None:
        make_campaign.write_campaign(self.path, blocks=1, scale=1)
        path = self.path / "manifest.json"
        manifest = json.loads(path.read_text("utf-8"))
        for kind, told in (
            ("virtual machine (QEMU), docker", True),
            ("docker, podman", False),
            ("none found", False),
        ):
            manifest["machine"]["virtualization"] = kind
            path.write_text(json.dumps(manifest), "utf-8")
            text = " ".join(limits.limits(study_of(self.path)))
            self.assertEqual("This was a virtual machine" in text, told, kind)

    def test_a_block_too_small_for_a_quantile_takes_it_from_all(self) -> None:
        make_campaign.write_campaign(self.path, blocks=2)
        name = "b1-open-50x64-10000-local-best.response.hdr"
        (self.path / "hist" / name).write_text(hdr_encoder.encode({150_000: 500}))
        study = study_of(self.path)
        row = rows_of(echo.response_table(study, study.points_of("open")[0]))["local"]
        self.assertIn("[", row["p50"])
        self.assertRegex(row["p99"], r"^[^\[]+ †$")
        self.assertEqual(row["p99 / floor"], "-")

    def test_the_floor_is_the_first_of_its_family_and_without_one_there_are_no_ratios(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            return cell["subject"]["id"] != "bare-epoll"

        make_campaign.write_campaign(self.path, blocks=2, scale=1)
        floor = study_of(self.path).floor
        assert floor is not None
        self.assertEqual((floor.id, floor.family), ("bare-epoll", "floor"))
        study = rewritten(self.path, change)
        self.assertIsNone(study.floor)
        self.page()
        rows = rows_of(echo.cost_table(study, study.points_of("open")[0]))
        self.assertEqual({row["CPU / floor"] for row in rows.values()}, {"-"})

    def test_the_worst_rate_is_the_lowest(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            rates = {"bare-epoll": 270e3, "local": 150e3, "libuv": 85e3}
            who = cell["subject"]
            if cell["point"]["kind"] != "closed" or who["form"] != "best":
                return False
            if who["id"] in rates and cell["load"]:
                set_rate(cell, rates[who["id"]] + cell["block"])
            return who["id"] in rates

        make_campaign.write_campaign(self.path, blocks=6, scale=1)
        study = rewritten(self.path, change)
        (rate,) = [s for s in overview.statements(study) if s.about == "Rate"]
        self.assertIn("the rate is highest for bare-epoll 270 k/s", rate.text)
        self.assertIn("lowest for libuv 85.0 k/s", rate.text)

    def test_sentences_and_marks_know_three_outcomes(self) -> None:
        rates = {"bare-epoll": 270e3, "local": 269.9e3, "libuv": 268e3, "threads": 150e3}

        def change(cell: dict[str, Any]) -> bool:
            who, block = cell["subject"], cell["block"]
            if cell["point"]["kind"] != "closed" or who["form"] != "best" or not cell["load"]:
                return False
            noise = 0.03 * (block % 4 - 1.5) if who["id"] == "libuv" else 1e-4 * (block % 3)
            set_rate(cell, rates[who["id"]] * (1 + noise))
            return True

        make_campaign.write_campaign(self.path, blocks=8, scale=1)
        study = rewritten(self.path, change)
        (rate,) = [s for s in overview.statements(study) if s.about == "Rate"]
        self.assertIn("highest for bare-epoll 270 k/s", rate.text)
        self.assertIn(", the same within 2 % for local 270 k/s", rate.text)
        words = r"; open for libuv 268 k/s \[.*\] \([\d.]+ % would have been seen"
        self.assertRegex(rate.text, words)
        rows = rows_of(overview.headline(study))
        marks = {name: row["closed rate × floor"][-1] for name, row in rows.items()}
        self.assertEqual(marks["local"] + marks["libuv"], "=?")


if __name__ == "__main__":
    if sys.argv[1:] == ["--accept"]:
        GOLDEN.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            for file, content in golden_texts(Path(place)).items():
                (GOLDEN / file).write_text(content, "utf-8")
    else:
        unittest.main()
