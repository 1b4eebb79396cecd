# SPDX-License-Identifier: MIT
"""scripts/bench-client: what it says where it cannot begin, and how it puts a spread."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import bench_client


class BenchClient(unittest.TestCase):
    def test_a_server_that_is_not_built_is_one_sentence(self) -> None:
        with tempfile.TemporaryDirectory() as empty:
            done = subprocess.run([sys.executable, "-B", HERE / "bench_client.py", "--bin", empty],
                                  capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertEqual(1, done.stderr.count("\n"), done.stderr)
        self.assertIn("scripts/build", done.stderr)

    def test_a_run_of_wrk_that_went_wrong_gives_no_rate(self) -> None:
        rate = "Requests/sec:   {}\n"
        errors = "  Socket errors: connect 0, read 9, write 0, timeout 0\n"
        self.assertEqual(bench_client.wrk_rate(rate.format("1234.50")), 1234.5)
        for out in ("", rate.format("0.00"), errors + rate.format("12.00"),
                    "  Non-2xx or 3xx responses: 7\n" + rate.format("12.00")):
            with self.assertRaises(SystemExit) as refused:
                bench_client.wrk_rate(out)
            self.assertRegex(str(refused.exception), "^bench-client: wrk: .+")

    def test_a_spread_is_the_median_with_the_least_and_the_greatest(self) -> None:
        self.assertEqual(bench_client.spread([3.0, 1.0, 2.0], ".1f"), "2.0 [1.0 - 3.0]")


if __name__ == "__main__":
    unittest.main()
