"""`python -m apps.core.testing.measured some.module …`: what `python -m some.module …` does, with its lines noted.

For what tests of a whole run start: traced by coverage, a process of the platform needs twice as long to start.
"""

from __future__ import annotations

import atexit
import os
import sys

from apps.core.testing.contexts import INTEGRATION, MEASURED
from apps.core.testing.lines import Lines


def main() -> None:
    lines = Lines()
    lines.measure()
    lines.enter(INTEGRATION)
    atexit.register(lines.save, os.environ[MEASURED])
    del sys.argv[0]
    lines.run(sys.argv[0])


if __name__ == "__main__":
    main()
