"""Papers for people: A4 in PDF, with a font of its own, so that Latin, Greek and Cyrillic names come out right.

The same content gives the same bytes: a paper bears the moment of what it is about, not that of its drawing. Its
title, language and author are in the document's properties. The text is not tagged (PDF/UA).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import fontpkg
from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout

_FAMILY, _SMALL, _NORMAL, _LARGE = "Fira Sans", 8, 10, 18
_MARGIN_MM, _LINE_MM = 18, 5
_GREY = (90, 98, 110)
_HEAD = FontFace(emphasis="BOLD", fill_color=(238, 240, 243))

Row = Sequence[str]


class Paper:
    """A paper that is written from top to bottom."""

    def __init__(self, *, title: str, author: str, at: datetime, foot: str = "") -> None:
        self._pdf = _Sheets(foot or title)
        self._pdf.set_margin(_MARGIN_MM)
        self._pdf.set_auto_page_break(True, margin=_MARGIN_MM + 6)
        self._pdf.set_creation_date(at)
        self._pdf.set_title(title)
        self._pdf.set_author(author)
        self._pdf.set_lang("en")
        for style, weight in (("", 400), ("B", 700)):
            self._pdf.add_font(_FAMILY, style, fontpkg.path("fira-sans", weight=weight))
        self._pdf.set_font(_FAMILY, size=_NORMAL)
        self._pdf.add_page()

    def heading(self, text: str) -> None:
        self._write(text, size=_LARGE, style="B", height=10)
        self.space()

    def block(self, label: str, lines: Sequence[str]) -> None:
        """A few lines below a label, such as an address. Lines without text are left out."""
        self._write(label, size=_SMALL, style="B", colour=_GREY)
        for line in filter(None, lines):
            self._write(line)
        self.space()

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """What is so: a name and a value each. Those without a value are left out."""
        with self._pdf.table(
            col_widths=(1, 3), borders_layout=TableBordersLayout.NONE, first_row_as_headings=False, padding=0.5
        ) as table:
            for name, value in pairs:
                if value:
                    row = table.row()
                    row.cell(name, style=FontFace(emphasis="BOLD"))
                    row.cell(value)
        self.space()

    def table(self, heads: Row, rows: Sequence[Row], *, widths: Sequence[int], last: Sequence[Row] = ()) -> None:
        """The first column reads from the left, the others from the right. `last`: rows of sums. Heads come again on
        each page.
        """
        alignment = ("LEFT", *("RIGHT" for _ in heads[1:]))
        with self._pdf.table(
            col_widths=tuple(widths),
            text_align=alignment,
            headings_style=_HEAD,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            padding=1,
        ) as table:
            for cells in (heads, *rows):
                table.row(cells)
            for cells in last:
                table.row(cells, style=FontFace(emphasis="BOLD"))
        self.space()

    def text(self, text: str) -> None:
        if text:
            self._write(text)

    def space(self) -> None:
        self._pdf.ln(_LINE_MM)

    def content(self) -> bytes:
        return bytes(self._pdf.output())

    def _write(
        self,
        text: str,
        *,
        size: int = _NORMAL,
        style: str = "",
        height: float = _LINE_MM,
        colour: tuple[int, int, int] = (0, 0, 0),
    ) -> None:
        self._pdf.set_font(_FAMILY, style=style, size=size)
        self._pdf.set_text_color(*colour)
        self._pdf.multi_cell(0, height, text, new_x="LMARGIN", new_y="NEXT")
        self._pdf.set_font(_FAMILY, size=_NORMAL)
        self._pdf.set_text_color(0, 0, 0)


class _Sheets(FPDF):
    """Pages that say at their foot what they are of, and how many there are."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self._foot = foot

    def footer(self) -> None:
        self.set_y(-_MARGIN_MM)
        self.set_font(_FAMILY, size=_SMALL)
        self.cell(0, _LINE_MM, f"{self._foot} · page {self.page_no()} of {{nb}}", align="C")
