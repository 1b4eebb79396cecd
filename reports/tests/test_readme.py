# SPDX-License-Identifier: MIT
"""README.md has the picture, sentences and table of a published campaign, made by
scripts/readme-figures and by nobody's hand."""

from __future__ import annotations

import shutil
import tempfile
import unittest
from pathlib import Path

from tailrace_report import readme
from tailrace_report.errors import CampaignError

ROOT = Path(__file__).resolve().parents[2]


class Readme(unittest.TestCase):
    def test_it_is_that_of_its_campaign(self) -> None:
        self.assertEqual(readme.update(ROOT, check=True), [], "scripts/readme-figures")

    def test_what_is_not_is_found_and_written(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            text = (ROOT / "README.md").read_text("utf-8")
            found = readme.MARKS.search(text)
            assert found is not None
            place = found["campaign"]
            shutil.copytree(ROOT / place, root / place)
            shown = found["text"]
            changed = text.replace(shown, shown.replace("1", "2"))
            (root / "README.md").write_text(changed, "utf-8")
            picture = root / place / readme.PICTURE
            words = readme.description(picture.read_bytes())
            self.assertIn("Relative to", words)
            picture.write_bytes(picture.read_bytes().replace(words[:20].encode(), b"x" * 20))
            stale = readme.update(root, check=True)
            self.assertEqual(stale, [picture, root / "README.md"])
            self.assertEqual((root / "README.md").read_text("utf-8"), changed)
            readme.update(root, check=False)
            self.assertEqual((root / "README.md").read_text("utf-8"), text)
            self.assertEqual(readme.description(picture.read_bytes()), words)
            self.assertEqual(readme.update(root, check=True), [])

    def test_lines_are_short(self) -> None:
        found = readme.MARKS.search((ROOT / "README.md").read_text("utf-8"))
        assert found is not None
        long = [line for line in found["text"].splitlines() if len(line.encode()) > 100]
        self.assertEqual(long, [])

    def test_without_the_comments_it_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            with self.assertRaisesRegex(CampaignError, "cannot be read"):
                readme.update(Path(scratch), check=True)
            (Path(scratch) / "README.md").write_text("# Nothing\n")
            with self.assertRaises(CampaignError) as caught:
                readme.update(Path(scratch), check=True)
            self.assertIn("has no comment", str(caught.exception))

    def test_no_picture_has_no_words(self) -> None:
        for data in (b"", b"\x89PNG\r\n\x1a\n", b"x" * 50, bytes(8) + b"\0\0\0\3abc"):
            self.assertEqual(readme.description(data), "")


if __name__ == "__main__":
    unittest.main()
