# SPDX-License-Identifier: MIT
"""scripts/watch-tests over a test that hangs: what it was doing is in the output."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "watch-tests"
HANGS = """import subprocess
def hangs_here():
    subprocess.run(["sleep", "60"])
hangs_here()
"""


@unittest.skipUnless(shutil.which("ctest"), "needs ctest")
class WatchTests(unittest.TestCase):
    def run_over(self, program: str, time_out_s: int) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "program.py").write_text(program)
            (root / "CTestTestfile.cmake").write_text(
                f'add_test(its_name "{sys.executable}" "{root}/program.py")\n'
                f"set_tests_properties(its_name PROPERTIES TIMEOUT {time_out_s})\n")
            return subprocess.run([SCRIPT, "--test-dir", folder, "--output-on-failure"],
                                  capture_output=True, text=True, timeout=60, check=False)

    def test_what_hangs_is_described(self) -> None:
        done = self.run_over(HANGS, 30)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("its_name hangs", done.stderr)
        self.assertRegex(done.stderr, r"process \d+: sleep 60")
        self.assertIn("in hangs_here", done.stdout)  # Python's own stack, with the test's output

    def test_what_ends_in_time_is_not(self) -> None:
        done = self.run_over("pass", 60)
        self.assertEqual((0, ""), (done.returncode, done.stderr))


if __name__ == "__main__":
    unittest.main()
