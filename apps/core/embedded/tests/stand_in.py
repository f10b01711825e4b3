"""Starts the real servers and supervisor around stand-ins for web, worker, relay and beat.

`python -m apps.core.embedded.tests.stand_in PROJECT` reads the same variables as `manage.py up`. PROJECT is a folder
whose `manage.py` notes its calls. `CRASHING` names a process that ends as soon as it has started.
"""

import os
import sys
from pathlib import Path

from apps.core.embedded.environment import Environment
from apps.core.embedded.errors import EmbeddedError
from apps.core.embedded.options import Options, options_from
from apps.core.embedded.platform import Platform
from apps.core.embedded.process import Program
from apps.core.embedded.programs import APPLICATION
from apps.core.embedded.screen import Screen
from apps.core.embedded.state import State

WEB = """
import http.server, os
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
host, port = os.environ["BIND"].split(":")
http.server.HTTPServer((host, int(port)), Ready).serve_forever()
"""
IDLE = "import signal; signal.pause()"
CRASH = "import sys; sys.exit('stand-in: no good')"

MANAGE = """
import json, os, pathlib, sys
command, state = sys.argv[1], pathlib.Path(os.environ["STATE_DIR"])
roles = sorted(name for name in os.environ if name.endswith(("_OWNER_URL", "_RELAY_URL")))
with open("calls", "a") as calls:
    print(json.dumps([command, roles]), file=calls)
if command == "seed_demo":
    account = {"email": "owner@acme.example", "password": "secret", "role": "owner"}
    (state / "demo.json").write_text(json.dumps({"tenants": [{"id": "1", "slug": "acme", "accounts": [account]}]}))
"""


def application(options: Options, state: State, environment: Environment) -> list[Program]:
    crashing = options.given.get("CRASHING")
    environments = {
        "web": environment.for_web(),
        "worker": environment.for_relay(),
        "relay": environment.for_relay(),
        "bulk": environment.for_relay(),
        "beat": environment.for_web(),
    }
    return [
        Program(
            name=name,
            argv=(sys.executable, "-c", CRASH if name == crashing else WEB if name == "web" else IDLE),
            cwd=options.project,
            log=state.log / f"{name}.log",
            env=env,
            tier=APPLICATION,
        )
        for name, env in environments.items()
    ]


def main(project: Path) -> int:
    screen = Screen()
    try:
        options = options_from(project, os.environ)
        return Platform(options, State(options.state), screen, application).run()
    except EmbeddedError as error:
        screen.fail(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
