"""What exports refuse."""

from apps.core.errors import Conflict, NotFound


class ExportNotFound(NotFound):
    """There is no such export."""

    code = "export_not_found"


class ExportNotReady(Conflict):
    """This export is still being made, could not be made, or its file is gone by now."""

    code = "export_not_ready"
