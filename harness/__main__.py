"""The program's entry: says so in one line, and not in a traceback, when it is interrupted while it still loads."""

from __future__ import annotations

import sys
from typing import NoReturn

_INTERRUPTED = 130


def main() -> NoReturn:
    """Loads the command line, which takes most of a second, and hands over to it."""
    try:
        from harness.cli import main as run  # noqa: PLC0415 - slow, and to be interruptible
    except KeyboardInterrupt:
        sys.stderr.write("bench: interrupted\n")
        sys.exit(_INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
