# SPDX-License-Identifier: MIT
"""scripts/adapter-honesty: what it says of memory, and where there is nothing to compare."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts/adapter-honesty"
sys.path.insert(0, str(ROOT / "reports/tests"))
sys.path.insert(0, str(ROOT / "reports"))

import make_campaign  # noqa: E402


def campaign_of(folder: Path, adapter_bytes: float, bare_bytes: float) -> None:
    """Six blocks in which a connection of `libuv` and of `plain-libuv` takes so many bytes."""
    make_campaign.write_campaign(folder, blocks=6, scale=1)
    path = folder / "cells.jsonl"
    cells = []
    for line in path.read_text("utf-8").splitlines():
        cell = json.loads(line)
        subject = cell["subject"]
        taken = {"libuv": adapter_bytes, "local": bare_bytes}.get(subject["id"])
        if cell["point"]["kind"] != "memory" or taken is None or subject["form"] != "best":
            continue
        if subject["id"] == "local":
            subject["id"] = "plain-libuv"
        cell["memory"]["states"]["after_echo"]["user"]["slope_bytes"] = taken + cell["block"]
        cells.append(json.dumps(cell) + "\n")
    path.write_text("".join(cells), "utf-8")


class AdapterHonesty(unittest.TestCase):
    def refused(self, *words: str) -> str:
        done = subprocess.run([SCRIPT, *words], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual((2, ""), (done.returncode, done.stdout))
        return done.stderr

    def test_memory_beyond_5_per_cent_is_worse(self) -> None:
        for taken, code, said in ((1030, 0, "within 5 %"), (1200, 1, "WORSE")):
            with self.subTest(said), tempfile.TemporaryDirectory() as folder:
                campaign_of(Path(folder) / "c", taken, 1000)
                done = subprocess.run([SCRIPT, "--campaign", f"{folder}/c"], capture_output=True,
                                      text=True, timeout=60, check=False)
                self.assertEqual((code, ""), (done.returncode, done.stderr))
                (line,) = [at for at in done.stdout.splitlines() if "style=lean" in at]
                self.assertRegex(line, rf"user bytes +{taken / 1000:.2f}.*of 6 blocks: {said}")

    def test_no_campaign_is_one_sentence(self) -> None:
        with tempfile.TemporaryDirectory() as empty:
            said = self.refused("--campaign", empty)
        self.assertEqual(1, said.count("\n"), said)
        self.assertIn(empty, said)

    def test_a_preset_that_is_not_built_is_one_sentence(self) -> None:
        said = self.refused("--preset", "nonesuch")
        self.assertEqual(1, said.count("\n"), said)
        self.assertIn("scripts/build nonesuch", said)


if __name__ == "__main__":
    unittest.main()
