# SPDX-License-Identifier: MIT
"""Published campaigns: each says what its summary says, and what is packed is the whole campaign.

After a wanted change of the reports, `scripts/publish --redraw` writes the summaries again; read
the difference.
"""

from __future__ import annotations

import io
import json
import lzma
import random
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import make_campaign
from reading import page_of, study_of
from tailrace_report import hdr, load, publish, stored
from tailrace_report.errors import CampaignError, OutputError
from tailrace_report.load import SCHEMA, read_campaign

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "results" / "published"


class Published(unittest.TestCase):
    def test_each_is_redrawn_to_its_summary(self) -> None:
        whole = publish.campaigns(PUBLISHED)
        self.assertTrue(whole, "there is none of the present format")
        for folder in whole:
            with self.subTest(folder.relative_to(PUBLISHED)):
                said = (folder / publish.SUMMARY).read_text("utf-8")
                self.assertEqual(publish.redraw(folder), said, "scripts/publish --redraw")
                self.assertLessEqual(publish.size(folder), publish.BYTES_MAX)
                for data in _plain(folder):
                    self.assertNotRegex(data, rb'"/[^"]*/results/\.files"')

    def test_those_of_another_format_are_refused_with_who_reads_them(self) -> None:
        old = [path.parent for path in PUBLISHED.glob("*/*/manifest.json")]
        old = [folder for folder in old if folder not in publish.campaigns(PUBLISHED)]
        for folder in old:
            with self.subTest(folder.name), self.assertRaises(CampaignError) as caught:
                read_campaign(folder)
            self.assertIn("tailrace 0.1.0 reads it", caught.exception.sentences[0])


def archive_of(names: list[str]) -> bytes:
    """Empty files of these names."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:xz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return made.getvalue()


def _plain(folder: Path) -> list[bytes]:
    """What is in the files that are no histograms."""
    names = (*publish.PLAIN, *publish.PACKED)
    found = [folder / name for name in names if stored.exists(folder / name)]
    read = []
    for path in found:
        with stored.opened(path) as file:
            read.append(file.read())
    return read


class Publishing(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.folder = make_campaign.write_campaign(self.scratch / "made-up", blocks=2, scale=1)
        self.plan_all()

    def plan_all(self) -> None:
        """Makes the campaign a finished one."""
        cells = (self.folder / "cells.jsonl").read_text("utf-8").splitlines()
        self.change("plan.json", lambda plan: plan.update(cells=[{}] * len(cells)))

    def change(self, name: str, change: Any) -> None:
        value = json.loads((self.folder / name).read_text("utf-8"))
        change(value)
        (self.folder / name).write_text(json.dumps(value), "utf-8")

    def publish(self, **more: Any) -> Path:
        return publish.publish(self.folder, self.scratch / "published", "box", **more)

    def refusal(self, **more: Any) -> str:
        with self.assertRaises((CampaignError, OutputError)) as caught:
            self.publish(**more)
        left = list((self.scratch / "published").glob("**/*"))
        self.assertEqual([path for path in left if path.is_file()], [])
        return str(caught.exception)

    def test_what_is_packed_reads_as_what_was_written(self) -> None:
        made = self.publish()
        self.assertEqual(made, self.scratch / "published" / "2026-11-21-box" / "made-up")
        names = {path.name for path in made.iterdir()}
        wanted = {"manifest.json", "cells.jsonl.xz", "hist.tar.xz", "summary.md"}
        self.assertLessEqual(wanted, names)
        before, after = study_of(self.folder), study_of(made)
        self.assertEqual(page_of(before), page_of(after))
        self.assertEqual(
            [(cell.name, {n: h.slots for n, h in cell.histograms.items()})
             for cell in before.campaign.cells],
            [(cell.name, {n: h.slots for n, h in cell.histograms.items()})
             for cell in after.campaign.cells],
        )
        self.assertEqual((made / "summary.md").read_text("utf-8"), publish.redraw(made))
        # What is packed can be packed again, and replaces what was there.
        again = publish.publish(made, self.scratch / "published", "box")
        self.assertEqual(publish.redraw(again), publish.redraw(made))

    def test_it_can_be_unpacked_with_tar(self) -> None:
        archive, out = self.publish() / "hist.tar.xz", self.scratch / "out"
        out.mkdir()
        subprocess.run(["tar", "-xJf", archive, "-C", out], check=True)
        some = next((out / "hist").glob("*.response.hdr"))
        self.assertEqual(
            hdr.decode(some.read_bytes()).slots,
            hdr.decode((self.folder / "hist" / some.name).read_bytes()).slots,
        )

    def test_paths_of_the_machine_are_taken_off(self) -> None:
        self.change("manifest.json", lambda m: m.update(
            files_folder="/some/where/results/.files", load_program=["/some/where/build/load"]
        ))
        manifest = json.loads((self.publish() / "manifest.json").read_text("utf-8"))
        self.assertEqual(manifest["load_program"], ["build/load"])

    def test_a_tree_that_is_not_known_or_was_changed_is_refused(self) -> None:
        self.change("manifest.json", lambda m: m["build"].update(dirty=True))
        self.assertIn("differed from 0123456789ab", self.refusal())
        unknown = {"commit": None, "commit_cause": "no git"}
        self.change("manifest.json", lambda m: m["build"].update(unknown))
        self.assertIn("not known (no git)", self.refusal())
        self.change("manifest.json", lambda m: m["build"].pop("commit_cause"))
        self.assertIn("has no commit", self.refusal())
        self.assertTrue(self.publish(anyway=True).is_dir())

    def test_one_that_is_not_finished_or_too_large_is_refused(self) -> None:
        with mock.patch.object(publish, "BYTES_MAX", 1000):
            self.assertIn("more than the 1,000 that are published", self.refusal())
        self.change("plan.json", lambda plan: plan["cells"].append({}))
        self.assertIn("is not finished", self.refusal())

    def test_one_that_is_a_little_too_large_is_published_with_fewer_figures(self) -> None:
        whole = study_of(self.publish())
        most = publish.size(whole.campaign.folder) - 1
        before = {c.name: c.histograms for c in whole.campaign.cells}
        with mock.patch.object(publish, "BYTES_MAX", most):
            made = self.publish()
        after = read_campaign(made)
        self.assertIn("histograms of 2 significant figures", " ".join(after.notes))
        self.assertIn("histograms of 2 significant figures", publish.redraw(made))
        some = 0
        for cell in after.cells:
            for name, histogram in cell.histograms.items():
                exact = before[cell.name][name]
                self.assertEqual(histogram.total, exact.total)
                for p in (0.5, 0.99) if exact.total else ():
                    ratio = histogram.quantile(p) / exact.quantile(p)
                    self.assertTrue(1 <= ratio < 1.008, ratio)
                    some += ratio > 1
        self.assertGreater(some, 0)

    def test_a_name_that_leads_elsewhere_is_refused(self) -> None:
        self.change("manifest.json", lambda m: m["profile"].update(name="../../x"))
        self.assertIn("is no name", self.refusal())

    def test_the_machine_is_named_after_its_cpu(self) -> None:
        for model, name in (
            ("AMD EPYC 9B14", "epyc-4cpu"),
            ("Intel(R) Xeon(R) CPU @ 2.20GHz", "xeon-4cpu"),
            ("", "machine-4cpu"),
        ):
            found = publish.machine({"machine": {"cpu": {"model": model, "online": 4}}})
            self.assertEqual(found, name)
        self.assertEqual(publish.machine({}), "machine-0cpu")

    def test_damaged_packs_are_sentences(self) -> None:
        made = self.publish()
        cells, histograms = made / "cells.jsonl.xz", made / "hist.tar.xz"
        whole = {path: path.read_bytes() for path in (cells, histograms)}
        bomb = io.BytesIO()
        with tarfile.open(fileobj=bomb, mode="w:xz") as archive:
            member = tarfile.TarInfo("hist/x.response.hdr")
            member.size = stored.MEMBER_BYTES_MAX + 1
            archive.addfile(member, io.BytesIO(bytes(member.size)))
        for path, data, words in (
            (cells, whole[cells][:-40], "damaged"),
            (cells, b"nonsense", "damaged"),
            (cells, lzma.compress(b"nonsense\n"), "not JSON"),
            (histograms, whole[histograms][:-40], "damaged"),
            (histograms, b"nonsense", "damaged"),
            (histograms, lzma.compress(b"nonsense" * 999), "damaged"),
            (histograms, bomb.getvalue(), "no file of a permitted size"),
        ):
            with self.subTest(path.name, words=words), self.assertRaises(CampaignError) as caught:
                path.write_bytes(data)
                read_campaign(made)
            self.assertIn(words, caught.exception.sentences[0])
            self.assertIn(path.name.removesuffix(".xz"), caught.exception.sentences[0])
            path.write_bytes(whole[path])
        histograms.unlink()
        with self.assertRaises(CampaignError):
            read_campaign(made)

    def test_what_unpacks_to_too_much_is_refused_before_it_is_kept(self) -> None:
        made = self.publish()
        cells, histograms = made / "cells.jsonl.xz", made / "hist.tar.xz"
        filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 512 << 20}]
        for path, limit, data, words in (
            (histograms, "MEMBERS_MAX", archive_of(["hist/one.hdr"] * 9), "permitted size"),
            (histograms, "MEMBERS_BYTES_MAX", archive_of(["x" * 65536]), "more than is permitted"),
            (cells, "UNPACKER_BYTES_MAX", lzma.compress(b"{}\n", filters=filters), "damaged"),
        ):
            before = path.read_bytes()
            path.write_bytes(data)
            small = stored.UNPACKER_BYTES_MAX if path == cells else 8
            with self.subTest(limit), mock.patch.object(stored, limit, small):
                with self.assertRaises(CampaignError) as caught:
                    read_campaign(made)
                self.assertIn(words, caught.exception.sentences[0])
            path.write_bytes(before)
        with mock.patch.object(load, "LINES_BYTES_MAX", 999):
            with self.assertRaises(CampaignError) as caught:
                read_campaign(made)
        self.assertIn("999 in all", caught.exception.sentences[0])

    def test_folders_with_anything_in_them_are_read_or_refused(self) -> None:
        made, changed = self.publish(), self.scratch / "changed"
        lot, refused = random.Random(5), 0
        names = sorted(path.name for path in made.iterdir() if path.name != publish.SUMMARY)
        for turn in range(60):
            shutil.rmtree(changed, ignore_errors=True)
            shutil.copytree(made, changed)
            path = changed / lot.choice(names)
            data = bytearray(path.read_bytes())
            if turn % 3 == 0:
                data = data[: lot.randrange(len(data))]
            for _ in range(lot.randint(1, 8) if turn % 3 else 0):
                data[lot.randrange(len(data))] = lot.randrange(256)
            path.write_bytes(data)
            try:
                read_campaign(changed)
            except CampaignError as error:
                refused += 1
                self.assertIn(path.name.removesuffix(".xz"), str(error))
        self.assertGreater(refused, 20)

    def test_the_format_is_that_which_is_read(self) -> None:
        made = self.publish()
        self.assertEqual(publish.campaigns(self.scratch / "published"), [made])
        manifest = json.loads((made / "manifest.json").read_text("utf-8"))
        self.assertEqual(manifest["schema"], SCHEMA)


if __name__ == "__main__":
    unittest.main()
