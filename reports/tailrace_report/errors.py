# SPDX-License-Identifier: MIT
"""What a report may refuse, each as sentences for a person; cli.py turns them into exit codes."""


class CampaignError(Exception):
    """The campaign cannot be believed: one sentence per bad file or line, each naming it."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class OutputError(Exception):
    """The report cannot be written; the message names the path and the cause."""
