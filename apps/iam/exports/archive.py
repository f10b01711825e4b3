"""The file: a zip of JSON Lines, written as a stream, with a manifest that says what is in it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any

from apps.core.errors import NotFound
from apps.iam.exports.contents import Content
from apps.iam.exports.sources import Part

FORMAT = 1
_TOLD_EVERY = 1000

Told = Callable[[str, int, int], None]
"""Called with the part at hand, how many parts are done, and how many rows."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows by file."""

    counts: dict[str, int]


def write_archive(
    file: IO[bytes], parts: Iterable[Part], about: dict[str, Any], told: Told, *, contents: Iterable[Content] = ()
) -> Written:
    """Write all parts, the files, then the manifest. A page of rows, or one file, is in memory at any time."""
    counts: dict[str, int] = {}
    listed: list[dict[str, Any]] = []
    listed_files: list[dict[str, Any]] = []
    total = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, part in enumerate(parts):
            told(part.label, place, total)
            count, digest = _write_part(archive, part, _beside(told, part.label, place, total))
            counts[part.file], total = count, total + count
            entry = {"file": part.file, "what": part.label, "rows": count, "sha256": digest}
            listed.append(entry | ({"left_out": list(part.left_out)} if part.left_out else {}))
        for content in contents:
            told(content.name, len(listed), total)
            listed_files.append(_write_content(archive, content))
        manifest = {"format": FORMAT, **about, "rows": total, "files": listed, "contents": listed_files}
        archive.writestr("manifest.json", json.dumps(manifest, indent=2, default=str, ensure_ascii=False))
    told("", len(listed), total)
    return Written(counts)


def _write_content(archive: zipfile.ZipFile, content: Content) -> dict[str, Any]:
    """What the manifest says of a file. One whose bytes are gone is named all the same."""
    named = {"file": content.entry, "name": content.name}
    try:
        read = content.read()
    except NotFound:
        return named | {"missing": True}
    archive.writestr(content.entry, read)
    return named | {"bytes": len(read), "sha256": hashlib.sha256(read).hexdigest()}


def _beside(told: Told, label: str, place: int, before: int) -> Callable[[int], None]:
    """Tells of a part's rows as of so many more than all before it had."""

    def tell(rows: int) -> None:
        told(label, place, before + rows)

    return tell


def _write_part(archive: zipfile.ZipFile, part: Part, told: Callable[[int], None]) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    with archive.open(part.file, "w", force_zip64=True) as entry:
        for row in part.rows():
            line = json.dumps(row, default=str, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            entry.write(line)
            digest.update(line)
            count += 1
            if count % _TOLD_EVERY == 0:
                told(count)
    return count, digest.hexdigest()
