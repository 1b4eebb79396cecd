# SPDX-License-Identifier: MIT
"""`python -m tailrace_regress`: hands the command line to cli.main and its answer to the shell."""

import sys

from tailrace_regress.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
