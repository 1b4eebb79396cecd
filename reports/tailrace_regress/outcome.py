# SPDX-License-Identifier: MIT
"""The words a metric can be judged with, the exit codes of a job, and the refusals that end one."""

from pathlib import Path

REGRESSION, IMPROVEMENT, SAME = "regression", "improvement", "same"
INCONCLUSIVE, INVALID = "inconclusive", "invalid"
VERDICTS = (REGRESSION, INVALID, INCONCLUSIVE, IMPROVEMENT, SAME)  # worst first

# None confirmed; bad usage; nothing measured or incorrect; confirmed regression; inconclusive
# (only when strict); the machine cannot be believed.
NONE, USAGE, NOTHING, SLOWER, OPEN, ENVIRONMENT = 0, 1, 2, 3, 4, 5
INTERRUPTED = 130


class GateError(Exception):
    """The job cannot go on: one sentence for a person, what may stand below it, the code, and the
    folder of the job where it had one."""

    folder: Path | None = None

    def __init__(self, code: int, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.detail = code, sentence, detail


def usage(sentence: str) -> GateError:
    return GateError(USAGE, sentence)


def nothing(sentence: str, detail: str = "") -> GateError:
    return GateError(NOTHING, sentence, detail)


def unwritten(error: OSError) -> GateError:
    """A file or folder that is not as it must be."""
    return nothing(f"{error.filename or 'a file'}: {error.strerror or error}")
