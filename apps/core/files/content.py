"""What a file is, read from its content: what its name and its sender say of it is not believed."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass

from PIL import Image

_IMAGE_TYPES = {
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with more pictures behind the first, as cameras make them
    "PNG": "image/png",
    "WEBP": "image/webp",
}
# What Pillow raises for files that are broken.
_BROKEN = (OSError, EOFError, SyntaxError, ValueError, KeyError, struct.error)
_PDF = b"%PDF-"
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# How large an image may be is decided here, before any of it is decoded.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Content:
    """What was found. Width and height are those of an image, else 0."""

    type: str
    width: int = 0
    height: int = 0


def examined(content: bytes) -> Content | None:
    """What the bytes are, or None where they are nothing that is known."""
    return _image(content) or _document(content) or _text(content)


def _image(content: bytes) -> Content | None:
    try:
        with Image.open(io.BytesIO(content), formats=("GIF", "JPEG", "PNG", "WEBP")) as image:
            found = Content(_IMAGE_TYPES[str(image.format)], *image.size)
            image.verify()
    except _BROKEN:
        return None
    return found


def _document(content: bytes) -> Content | None:
    return Content("application/pdf") if content.startswith(_PDF) else None


def _text(content: bytes) -> Content | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if _NO_TEXT.search(text) else Content("text/plain")
