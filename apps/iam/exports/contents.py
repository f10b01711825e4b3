"""The bytes of a company's files, in every service: what rows of `files_storedfile` only describe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from apps.business.facade import business
from apps.core.files import exporting
from apps.core.tenantdata.reading import RowsPage
from apps.iam.service import DATABASE


@dataclass(frozen=True, slots=True)
class Content:
    """One file of the company as an entry of an export. `read` raises NotFound where its bytes are gone."""

    entry: str
    name: str
    read: Callable[[], bytes]


def contents_of_company() -> Iterator[Content]:
    """Every file of the current tenant, read only when it is its turn."""
    own = partial(exporting.page_of_export, using=DATABASE)
    yield from _all("iam", own, partial(exporting.content_of, using=DATABASE))
    yield from _all("business", business.exported_files, business.file_content)


def _all(service: str, ask: Callable[..., RowsPage], read: Callable[[UUID], bytes]) -> Iterator[Content]:
    after: str | None = None
    while True:
        page = ask(after=after)
        for row in page.rows:
            yield _content(service, row, read)
        after = page.after
        if after is None:
            return


def _content(service: str, row: dict[str, Any], read: Callable[[UUID], bytes]) -> Content:
    """Called by its id, as the rows that name it do; what people call it is in the manifest."""
    return Content(f"{service}/files/{row['id']}", row["name"], partial(read, UUID(row["id"])))
