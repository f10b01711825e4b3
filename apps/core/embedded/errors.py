"""What can go wrong while servers and processes are run. Every message says what to do; none needs a traceback."""


class EmbeddedError(Exception):
    """Root of this part's errors; its text is shown to the person at the terminal as it is."""


class ServerNotFound(EmbeddedError):
    """A server program is not installed on this machine."""


class ServerFailed(EmbeddedError):
    """A server did not start, or ended while it was needed. The text carries its last log lines."""


class FolderUnreachable(EmbeddedError):
    """The operating-system user a server runs as cannot reach the folder its data should lie in."""


class BadOption(EmbeddedError):
    """A variable of the command line or the environment has a value that cannot be used."""


class AlreadyRunning(EmbeddedError):
    """Another supervisor holds this state folder."""


class CrashLoop(EmbeddedError):
    """A process the platform cannot do without keeps ending right after its start."""


class StepFailed(EmbeddedError):
    """A step of the set-up ended with an error."""


class NothingToUpgrade(EmbeddedError):
    """The databases are of the wanted version already, or there are none."""


class NotEmpty(EmbeddedError):
    """A backup is restored into an empty folder only."""


class BackupBroken(EmbeddedError):
    """A backup is not what it was when it was made, or none at all."""
