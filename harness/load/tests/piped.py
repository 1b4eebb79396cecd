# SPDX-License-Identifier: MIT
"""A program that is talked to over pipes, and ends when its standard input does."""

import subprocess
from typing import Self


class Piped:
    """Started at once; a context manager that ends it. Standard library only."""

    def __init__(self, command: list[str], errors: int = subprocess.DEVNULL) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, text=True)

    def __enter__(self) -> Self:
        return self

    def line(self) -> str:
        """The next that it prints; empty at its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def tell(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
        if self.process.stderr is not None:
            self.process.stderr.close()
