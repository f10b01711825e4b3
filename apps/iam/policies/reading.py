"""Reads a policy's text without Cedar: its tokens with their places, and whether Cedar may be given it at all.

The parser behind `cedarpy` overflows its stack on some hundred nested brackets, which ends the whole process, and takes
quadratic time over long chains of attributes. So what a tenant writes is measured here first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

MOST_TOKENS = 800
MOST_NESTED = 20
MOST_CHAINED = 20
_TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|\d+|::|&&|\|\||==|!=|<=|>=|\S')
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a text, and what helps. Lines and columns count from 1."""

    line: int
    column: int
    message: str
    help: str = ""

    @property
    def sentence(self) -> str:
        """`line 2, column 14: …; …`"""
        return f"line {self.line}, column {self.column}: {self.message}" + (f"; {self.help}" if self.help else "")


class Text:
    """A policy's text. Offsets count characters from 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = (Token(match.group(), match.start()) for match in _TOKEN.finditer(text))
        self.tokens = [token for token in found if not token.text.startswith("//")]
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def problem(self, at: int, message: str, help_: str = "") -> Problem:
        """A problem at an offset."""
        line = bisect_right(self._lines, at)
        return Problem(line, at - self._lines[line - 1] + 1, message, help_)

    def place_of(self, *texts: str) -> int | None:
        """Where one of these tokens stands first, in their order; None where none of them does."""
        for text in texts:
            for token in self.tokens:
                if token.text == text:
                    return token.start
        return None

    def beyond_limits(self) -> Problem | None:
        """The first thing that Cedar must not be given."""
        if "\x00" in self.text:
            return self.problem(self.text.index("\x00"), "a character that no text has", "remove it")
        if len(self.tokens) > MOST_TOKENS:
            at = self.tokens[MOST_TOKENS].start
            return self.problem(at, f"more than {MOST_TOKENS} words and signs", "make several policies of it")
        return self._too_deep() or self._too_long_a_chain()

    def _too_deep(self) -> Problem | None:
        depth = 0
        for token in self.tokens:
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
            if depth > MOST_NESTED:
                return self.problem(
                    token.start, f"more than {MOST_NESTED} brackets inside one another", "make several policies of it"
                )
        return None

    def _too_long_a_chain(self) -> Problem | None:
        """Dots, index brackets and prefixes that follow one another without an operator between."""
        length = 0
        for token in self.tokens:
            if token.text in (".", "[", "!", "-", "if"):
                length += 1
            elif token.text in ("&&", "||", ",", ";", "{"):
                length = 0
            if length > MOST_CHAINED:
                return self.problem(token.start, "too long a chain", "make several policies of it")
        return None
