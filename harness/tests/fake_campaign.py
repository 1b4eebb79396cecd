# SPDX-License-Identifier: MIT
"""What `tailrace run` needs for one target called fake. For the tests of the command."""

import os


def prepare(folder, command, points, blocks=1, costs="false"):
    """Writes a profile of these points, and a target that is this command of the shell; returns the
    options that name both."""
    targets = os.path.join(folder, "targets")
    os.makedirs(targets, exist_ok=True)
    path = os.path.join(targets, "tailrace-target-fake")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{command}\n")
    os.chmod(path, 0o755)
    profile = os.path.join(folder, "test.toml")
    with open(profile, "w", encoding="utf-8") as file:
        file.write(f'blocks = {blocks}\ncosts = {costs}\ncontestants = ["fake"]\n{points}')
    return ["--profile", profile, "--targets", targets]
