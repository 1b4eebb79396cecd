# SPDX-License-Identifier: MIT
"""`python -m tailrace_report`: hands the command line to cli.main and its answer to the shell."""

import sys

from tailrace_report.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
