"""``python -m tocsin.cli``: the command, where it is not on the PATH."""

import sys

from tocsin.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
