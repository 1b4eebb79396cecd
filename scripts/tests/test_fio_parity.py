# SPDX-License-Identifier: MIT
"""scripts/fio-parity: what it says where it cannot begin, and how it puts ratios."""
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fio-parity")


def run(*words: str, path: str) -> subprocess.CompletedProcess:
    """The script with that PATH."""
    return subprocess.run([sys.executable, "-B", SCRIPT, *words], capture_output=True, text=True,
                          check=False, env={**os.environ, "PATH": path})


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
        loader = importlib.machinery.SourceFileLoader("fio_parity", SCRIPT)
        spec = importlib.util.spec_from_loader("fio_parity", loader)
        assert spec
        module = importlib.util.module_from_spec(spec)
        sys.dont_write_bytecode = True
        loader.exec_module(module)
        # The medians alone would say 2 / 2.
        self.assertEqual(module.ratio_text([1, 2, 9], [2, 1, 9]), "1.000 [0.500, 2.000]")


if __name__ == "__main__":
    unittest.main()
