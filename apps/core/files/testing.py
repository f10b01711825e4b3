"""Images as tests need them."""

from __future__ import annotations

import io

from PIL import Image


def image(form: str = "PNG", *, width: int = 4, height: int = 3) -> bytes:
    """A small picture in red."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(content, form)
    return content.getvalue()
