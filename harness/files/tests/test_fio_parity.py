# SPDX-License-Identifier: MIT
"""scripts/fio-parity: what it says where it cannot begin, and how it puts ratios."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import fio_parity


def run(*words: str, path: str) -> subprocess.CompletedProcess:
    """The comparison with that PATH."""
    return subprocess.run([sys.executable, "-B", HERE / "fio_parity.py", *words],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "PATH": path})


class FioParity(unittest.TestCase):
    def test_without_fio_it_says_so(self) -> None:
        with tempfile.TemporaryDirectory() as empty:
            done = run(path=empty)
        self.assertEqual(done.returncode, 3)
        self.assertIn("fio is not installed", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_bad_usage_is_one_sentence(self) -> None:
        for words in (("--depth", "0"), ("--depth", "x"), ("--cache", "cold")):
            done = run(*words, path=os.environ["PATH"])
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_ratios_are_taken_round_by_round(self) -> None:
        # The medians alone would say 2 / 2.
        self.assertEqual(fio_parity.ratio_text([1, 2, 9], [2, 1, 9]), "1.000 [0.500, 2.000]")


if __name__ == "__main__":
    unittest.main()
