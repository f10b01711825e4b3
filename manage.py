#!/usr/bin/env python
"""Django's commands, and those that start and stop the platform, which need no settings yet."""

import os
import sys
from pathlib import Path

from apps.core.embedded import cli, environment
from apps.core.embedded.options import state_folder
from apps.core.embedded.state import State

PROJECT = Path(__file__).resolve().parent


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in cli.COMMANDS and "--help" not in sys.argv:
        sys.exit(cli.run(command, PROJECT, os.environ, sys.argv[2:]))
    environment.complete(os.environ, State(state_folder(PROJECT, os.environ)).environment, command)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
