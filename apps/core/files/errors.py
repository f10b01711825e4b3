"""What is refused of a file."""

from __future__ import annotations

from apps.core.errors import Invalid, NotFound


class FileNotKept(NotFound):
    """There is no such file, the link to it is none of ours, or it has expired."""

    code = "file_not_found"


class FileRefused(Invalid):
    """The file is empty, too large, or not of a type that is kept for that purpose."""

    code = "file_refused"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors={"file": [detail]})
