# SPDX-License-Identifier: MIT
"""scripts/faults: every patch still applies to this tree."""
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FAULTS = ROOT / "scripts" / "faults"


def in_git() -> bool:
    """Whether the tree is a working tree of its own repository."""
    done = subprocess.run(["git", "rev-parse", "--show-toplevel"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    return done.returncode == 0 and Path(done.stdout.strip()) == ROOT


class Faults(unittest.TestCase):
    @unittest.skipUnless(in_git(), "not a git repository")
    def test_each_still_applies(self) -> None:
        patches = sorted(FAULTS.glob("*.patch"))
        self.assertNotEqual(patches, [])
        for patch in patches:
            done = subprocess.run(["git", "apply", "--check", str(patch)], cwd=ROOT,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(
                done.returncode, 0,
                f"scripts/faults/{patch.name} no longer applies: make its change by hand and write "
                f"it anew (scripts/faults/README.md)\n{done.stderr}")

    def test_the_readme_has_each_and_no_other(self) -> None:
        rows = re.findall(r"^\| `([\w-]+)` \|", (FAULTS / "README.md").read_text(), re.M)
        self.assertEqual(sorted(rows), sorted(patch.stem for patch in FAULTS.glob("*.patch")))


if __name__ == "__main__":
    unittest.main()
