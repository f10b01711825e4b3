"""`make bench`: every case, or those named: `python -m bench tenancy invoices`.

INVOICES=<file> names an invoice file for the import's case. Servers are started for the run on free ports, durable
settings included, and gone afterwards.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from contextlib import ExitStack

from bench import cases
from bench.harness import Bench, stamp


def main(names: list[str]) -> int | str:
    known = [module.name for module in pkgutil.iter_modules(cases.__path__)]
    unknown = [name for name in names if name not in known]
    if unknown:
        return f"there is no case {', '.join(unknown)}; there are {', '.join(known)}"
    print(stamp(), end="\n\n", flush=True)
    with ExitStack() as stack:
        prepare(stack)
        bench = Bench()
        for name in names or known:
            importlib.import_module(f"bench.cases.{name}").run(bench)
    return 0


def prepare(stack: ExitStack) -> None:
    """Servers, databases, migrations: what every case stands on."""
    from apps.core.testing.servers import start_servers

    start_servers(stack, durable=True)
    os.environ.setdefault("LOG_LEVEL", "WARNING")  # a line for each request would bury the tables
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
