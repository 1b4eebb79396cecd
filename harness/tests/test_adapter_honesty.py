# SPDX-License-Identifier: MIT
"""scripts/adapter-honesty: what it says where there is nothing to compare."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/adapter-honesty"


class AdapterHonesty(unittest.TestCase):
    def refused(self, *words: str) -> str:
        done = subprocess.run([SCRIPT, *words], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual((2, ""), (done.returncode, done.stdout))
        return done.stderr

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
