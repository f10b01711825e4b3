"""`manage.py up`: one supervisor over one state folder, from the first step to the last process."""

import os

from apps.core.embedded import leftovers, private_json, programs
from apps.core.embedded.options import Options
from apps.core.embedded.screen import Screen
from apps.core.embedded.startup import STEPS, Application, Startup
from apps.core.embedded.state import State
from apps.core.embedded.supervisor import StopRequested, Supervisor


class Platform:
    """Starts, watches and stops an installation, and keeps platform.json telling the truth about it.

    `application` says which processes of our own there are, once the servers run.
    """

    def __init__(
        self, options: Options, state: State, screen: Screen, application: Application = programs.application
    ) -> None:
        self._options, self._state, self._screen = options, state, screen
        self._supervisor = Supervisor(state.children, say=screen.say, changed=self._publish, pulse=self._pulse)
        self._startup = Startup(options, state, self._supervisor, screen, application)
        self._ready = False

    def run(self) -> int:
        """Run until somebody stops it; the exit code. Raises EmbeddedError with a text for the person."""
        self._state.create()
        self._state.acquire()
        try:
            self._publish()  # after a kill the file still says that all is well
            self._end_leftovers()
            self._startup.choose_port()
            with self._supervisor.listening():
                self._start_and_watch()
        finally:
            self._ready = False
            self._publish()
            self._state.release()
        return 0

    def _start_and_watch(self) -> None:
        try:
            with self._screen.starting(STEPS):
                self._startup.run()
            self._ready = True
            self._publish()
            self._screen.running(self._startup.facts(), self._startup.tenants())
            self._supervisor.supervise()
        except StopRequested:
            self._screen.plain("\n  Stopping …")

    def _end_leftovers(self) -> None:
        if ended := leftovers.end(self._state.children, self._state.root):
            self._screen.note(f"The last run was cut off. Ended what was left of it: {', '.join(ended)}.")

    def _pulse(self) -> None:
        self._screen.pulse()
        if self._ready:
            self._startup.follow_mock_kafka()

    def _publish(self) -> None:
        processes = {"supervisor": os.getpid(), **self._supervisor.processes} if self._supervisor.processes else {}
        private_json.write(
            self._state.platform,
            {
                "base_url": self._startup.base_url,
                "ready": self._ready,
                "tenants": self._startup.tenants(),
                "processes": [{"name": name, "pid": pid} for name, pid in processes.items()],
            },
        )
