# SPDX-License-Identifier: MIT
"""Scripts asked for help or for what they do not have, which must not begin any work."""
import subprocess
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
WITHOUT_OPTIONS = ("bench", "build", "check", "claims", "conformance", "format", "lint", "peers",
                   "publish", "readme-figures", "reproduce", "sanitize", "smoke", "test",
                   "tree-state")


def call(name, *words):
    return subprocess.run([SCRIPTS / name, *words], capture_output=True, text=True, timeout=60)


class Usage(unittest.TestCase):
    def test_help_is_the_head_of_the_script(self):
        for name in WITHOUT_OPTIONS:
            for flag in ("-h", "--help"):
                with self.subTest(name, flag=flag):
                    done = call(name, flag)
                    self.assertEqual((0, ""), (done.returncode, done.stderr))
                    self.assertTrue(done.stdout.startswith(f"scripts/{name}"), done.stdout)
                    self.assertNotIn("set -euo", done.stdout)

    def test_an_unknown_option_is_refused(self):
        for name in WITHOUT_OPTIONS:
            with self.subTest(name):
                done = call(name, "--nonsense")
                self.assertEqual((2, ""), (done.returncode, done.stdout))
                self.assertIn("no option --nonsense", done.stderr)


if __name__ == "__main__":
    unittest.main()
