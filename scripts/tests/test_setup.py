# SPDX-License-Identifier: MIT
"""scripts/setup on distributions that this machine is not, with package tools that only record."""
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
TOOLS = ("bash", "sed", "grep", "dirname", "mkdir", "tail", "cat", "env")


def packages(name, *sets):
    text = (SCRIPTS / "packages" / f"{name}.txt").read_text(encoding="utf-8")
    return re.findall(rf"^(?:{'|'.join(sets)}) (\S+)$", text, re.M)


class machine:
    """A folder that is the whole PATH, and a copy of scripts/ so that build/ stays untouched."""

    def __init__(self, folder, system, uid=0, installed=(), sudo=False, install_fails=False):
        self.root = Path(folder)
        self.path = self.root / "bin"
        self.path.mkdir()
        shutil.copytree(SCRIPTS, self.root / "tree" / "scripts")
        (self.root / "os-release").write_text(f"ID={system}\n", encoding="utf-8")
        (self.root / "installed").write_text("".join(f"{name}\n" for name in installed))
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool))
        self.fake("id", f"echo {uid}")
        self.fake("dpkg-query", f'sed "s/^/installed /" {self.root}/installed')
        self.fake("rpm", f'for last; do :; done; grep -qxF "$last" {self.root}/installed')
        self.fake("pacman", f'[ "$1" = -T ] && {{ shift; printf "%s\\n" "$@" | '
                            f'grep -vxFf {self.root}/installed && exit 127 || exit 0; }}; '
                            f'echo pacman "$@" >>{self.root}/calls')
        for tool in ("apt-get", "dnf"):
            fails = "exit 100" if install_fails else "exit 0"
            self.fake(tool, f'echo {tool} "$@" >>{self.root}/calls; '
                            f'[ "$1" = update ] || {{ echo no route to host; {fails}; }}')
        if sudo:
            self.fake("sudo", f'echo sudo >>{self.root}/calls; exec "$@"')

    def fake(self, name, body):
        file = self.path / name
        file.write_text(f"#!{shutil.which('bash')}\n{body}\n", encoding="utf-8")
        file.chmod(0o755)

    def setup(self, *arguments):
        run = subprocess.run([self.root / "tree/scripts/setup", *arguments], text=True,
                             capture_output=True, check=False,
                             env={"PATH": str(self.path),
                                  "TAILRACE_OS_RELEASE": str(self.root / "os-release")})
        calls = self.root / "calls"
        return run, calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []


class setup_script(unittest.TestCase):
    def on(self, system, *arguments, **options):
        with tempfile.TemporaryDirectory() as folder:
            return machine(folder, system, **options).setup(*arguments)

    def test_nothing_missing_does_nothing(self):
        for system, name in (("debian", "debian"), ("ubuntu", "ubuntu"), ("fedora", "fedora"),
                             ("arch", "arch")):
            run, calls = self.on(system, installed=packages(name, "bench"))
            self.assertEqual((run.returncode, run.stdout + run.stderr, calls), (0, "", []), system)

    def test_installs_only_what_is_missing(self):
        have = packages("debian", "bench")
        have.remove("libfmt-dev")
        run, calls = self.on("debian", installed=have)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(calls, ["apt-get update -q",
                                 "apt-get install -q -y --no-install-recommends libfmt-dev"])

    def test_a_name_that_contains_a_missing_one_does_not_count(self):
        have = [name for name in packages("debian", "bench") if name != "g++"] + ["g++-12"]
        _, calls = self.on("debian", installed=have)
        self.assertTrue(calls[-1].endswith(" g++"), calls)

    def test_fresh_machine_of_each_kind(self):
        for system in ("debian", "ubuntu", "fedora", "arch"):
            run, calls = self.on(system)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertTrue(calls[-1].endswith(" ".join(packages(system, "bench"))), calls)

    def test_dev_adds_the_compilers_and_linters(self):
        _, calls = self.on("debian", "--dev", installed=packages("debian", "bench"))
        self.assertTrue(calls[-1].endswith(" ".join(packages("debian", "check"))), calls)

    def test_uses_sudo_when_not_root(self):
        run, calls = self.on("debian", uid=1000, sudo=True)
        self.assertEqual(run.returncode, 0)
        self.assertEqual([call for call in calls if call == "sudo"], ["sudo", "sudo"])

    def test_without_root_and_sudo_prints_the_command(self):
        have = [name for name in packages("debian", "bench") if name != "cmake"]
        run, calls = self.on("debian", uid=1000, installed=have)
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(calls, [])
        self.assertIn("apt-get update -q && env DEBIAN_FRONTEND=noninteractive apt-get install -q "
                      "-y --no-install-recommends cmake\n", run.stderr)

    def test_check_installs_nothing(self):
        run, calls = self.on("debian", "--check")
        self.assertEqual((run.returncode, calls), (1, []))
        self.assertIn("missing: g++ cmake", run.stderr)

    def test_failed_installation_says_what_to_do(self):
        run, _ = self.on("debian", install_fails=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("no route to host", run.stderr)
        self.assertIn("check the network", run.stderr)

    def test_unknown_distribution(self):
        run, calls = self.on("plan9")
        self.assertEqual((run.returncode, calls), (1, []))
        self.assertIn("no package list for this distribution (plan9", run.stderr)

    def test_bad_argument(self):
        self.assertEqual(self.on("debian", "--nonsense")[0].returncode, 2)


if __name__ == "__main__":
    unittest.main()
