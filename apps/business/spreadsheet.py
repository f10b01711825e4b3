"""Cells that a spreadsheet shows as what they are.

What begins with one of a few characters is taken for a formula, and run, when a file is opened (CWE-1236): a quote
before it keeps it text. Who reads the file again takes the quote away.
"""

from __future__ import annotations

# The quote itself is among them, so that a text that begins with one comes back as it was.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def guarded(text: str) -> str:
    """The text as it is written into a file."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def unguarded(cell: str) -> str:
    """The text of such a cell. A quote that guards nothing is somebody's own, and stays."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
