# SPDX-License-Identifier: MIT
"""What a user's environment hands to the scripts: variables of a git hook, a search path of cd."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
ROOT = SCRIPTS.parent
CHANGES_FOLDER = re.compile(r"(?:^|[(;&]\s*|\$\()\s*cd\s", re.M)


def shell_scripts():
    files = [*SCRIPTS.iterdir(), *ROOT.glob(".ci/*"), ROOT / "reports/tests/run"]
    for path in files:
        if path.is_file() and re.match(r"#!.*\b(ba)?sh\b", path.read_text(encoding="utf-8")):
            yield path


class environment(unittest.TestCase):
    def run_it(self, *command, **more):
        cwd = more.pop("cwd", ROOT)
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False,
                              env={**os.environ, **more})

    def test_a_search_path_of_cd_leads_nowhere_else(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "scripts").mkdir()
            run = self.run_it("scripts/regress", "decide", "--help", CDPATH=f"{folder}:.")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("regress", run.stdout)

    def test_no_script_changes_folder_by_it(self):
        for path in shell_scripts():
            self.assertNotRegex(path.read_text(encoding="utf-8"), CHANGES_FOLDER, path.name)

    def test_a_repository_made_in_a_hook_is_not_that_of_the_commit(self):
        with tempfile.TemporaryDirectory() as folder:
            user, own = Path(folder) / "user", Path(folder) / "own"
            own.mkdir()
            self.run_it(SCRIPTS / "git-here", "init", "-q", str(user))
            before = (user / ".git/config").read_bytes()
            hook = {"GIT_DIR": str(user / ".git"), "GIT_INDEX_FILE": str(user / ".git/index.lock"),
                    "GIT_PREFIX": ""}
            run = self.run_it(SCRIPTS / "git-here", "init", "-q", cwd=own, **hook)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertTrue((own / ".git").is_dir())
            self.assertEqual((user / ".git/config").read_bytes(), before)

    def test_no_script_asks_a_git_that_a_hook_directs(self):
        for path in shell_scripts():
            if path.name != "git-here":
                self.assertNotRegex(path.read_text(encoding="utf-8"), r"(?m)^[^#\n]*\bgit [a-z]",
                                    path.name)

    def test_what_is_configured_by_the_environment_stays(self):
        run = self.run_it(SCRIPTS / "git-here", "config", "x.y", GIT_CONFIG_COUNT="1",
                          GIT_CONFIG_KEY_0="x.y", GIT_CONFIG_VALUE_0="seen",
                          GIT_DIR="/no/such/repository")
        self.assertEqual(run.stdout, "seen\n", run.stderr)


if __name__ == "__main__":
    unittest.main()
