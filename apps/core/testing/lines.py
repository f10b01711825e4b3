"""Which lines of the platform ran, as the code itself notes it: each statement is compiled with a mark before it.

Before Python 3.12 a tracer slows down whatever runs, also the libraries that nobody measures: a test process worked
for half as long again. A mark costs some nanoseconds, and only where something is measured. Coverage still traces the
processes that tests start, and keeps, combines and reports the lines of both.
"""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

from coverage import Coverage, CoverageData

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = ROOT / "pyproject.toml"
IMPORTING = ""  # the context of what runs at import time
_MARKS = "__lines__"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Lines:
    """The lines that have run since `measure`, by context."""

    def __init__(self) -> None:
        self._context = IMPORTING
        # For each module its file, its global names, and by context a list with a 1 for each line that ran.
        self._modules: list[tuple[str, dict[str, Any], dict[str, list[int]]]] = []

    def measure(self) -> None:
        """From here on, for every module below `apps` that is imported and that the settings do not omit."""
        sys.meta_path.insert(0, _Finder(self))

    def expect(self, path: str, names: dict[str, Any], length: int) -> None:
        """Note what runs of a module of so many lines."""
        names[_MARKS] = [0] * (length + 1)
        self._modules.append((path, names, {self._context: names[_MARKS]}))

    def enter(self, context: str) -> None:
        """What runs from now on runs in this context."""
        if context == self._context:
            return
        self._context = context
        for _, names, marks in self._modules:
            if context not in marks:
                marks[context] = [0] * len(names[_MARKS])
            names[_MARKS] = marks[context]

    def run(self, name: str) -> None:
        """As `python -m name` does, in this process."""
        names: dict[str, Any] = {}
        spec = find_spec(name)
        if spec is not None and isinstance(spec.loader, _Loader):
            spec.loader.expect(names)
        runpy.run_module(name, names, "__main__", alter_sys=True)

    def save(self, file: str) -> None:
        """As coverage's data, in a file beside `file` that `Coverage.combine` finds."""
        data = CoverageData(basename=file, suffix=True)
        for context in {context for _, _, marks in self._modules for context in marks}:
            data.set_context(context)
            data.add_lines(self._ran_in(context))
        data.write()

    def _ran_in(self, context: str) -> dict[str, set[int]]:
        ran: dict[str, set[int]] = {}
        for path, _, marks in self._modules:  # some were imported more than once
            ran.setdefault(path, set()).update(line for line, mark in enumerate(marks.get(context, ())) if mark)
        return ran


class _Finder(MetaPathFinder):
    """Has the measured modules loaded with marks, all others as ever."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        settings = Coverage(config_file=str(SETTINGS), data_file=None)
        self._omitted = cast(list[str], settings.get_option("run:omit"))

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith("apps."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader and self.measures(Path(spec.loader.path)):
            spec.loader = _Loader(name, spec.loader.path, self._lines)
            return spec
        return None

    def measures(self, file: Path) -> bool:
        return not any(fnmatch(str(file.relative_to(ROOT)), pattern) for pattern in self._omitted)


class _Loader(SourceFileLoader):
    """What it compiles is kept, as ever, beside what is compiled without marks."""

    def __init__(self, name: str, path: str, lines: Lines) -> None:
        super().__init__(name, path)
        self._lines = lines

    def expect(self, names: dict[str, Any]) -> None:
        self._lines.expect(self.path, names, self.get_data(self.path).count(b"\n") + 1)

    def exec_module(self, module: ModuleType) -> None:
        self.expect(vars(module))
        super().exec_module(module)

    def source_to_code(self, data: Any, path: Any, **options: Any) -> CodeType:  # type: ignore[override]
        return super().source_to_code(marked(ast.parse(data, path)), path, **options)

    def get_data(self, path: str) -> bytes:
        return super().get_data(_place(path))

    def set_data(self, path: str, data: Any, **options: Any) -> None:
        super().set_data(_place(path), data, **options)


def compile_all() -> None:
    """What each process of a run would compile at the same time as the others."""
    finder = _Finder(Lines())
    for file in (ROOT / "apps").rglob("*.py"):
        if finder.measures(file):
            _Loader(file.stem, str(file), Lines()).get_code(file.stem)


def _place(path: str) -> str:
    return f"{path.removesuffix('.pyc')}.marked.pyc" if path.endswith(".pyc") else path


def marked(tree: ast.Module) -> ast.Module:
    """The module with a mark before each statement, and at the start of what each `except` and `case` leads to."""
    for node in list(ast.walk(tree)):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if isinstance(block, list):
                block[:] = _with_marks(node, block)
    return ast.fix_missing_locations(tree)


def _with_marks(owner: ast.AST, block: list[ast.stmt]) -> Iterator[ast.stmt]:
    start = _length_of_head(owner, block)
    yield from block[:start]
    if isinstance(owner, ast.ExceptHandler):
        yield _mark(owner.lineno, block[0])
    if isinstance(owner, ast.match_case):
        yield _mark(owner.pattern.lineno, block[0])
    for statement in filter(_is_of_future, block[:start]):
        yield _mark(statement.lineno, statement)
    for statement in block[start:]:
        for line in _lines_of(statement):
            yield _mark(line, statement)
        yield statement


def _length_of_head(owner: ast.AST, block: list[ast.stmt]) -> int:
    """How many statements must stay first: the docstring, and what is imported from the future."""
    is_documented = isinstance(owner, (*_DEFINITIONS, ast.Module)) and ast.get_docstring(owner, clean=False) is not None
    length = int(is_documented)
    while length < len(block) and _is_of_future(block[length]):
        length += 1
    return length


def _is_of_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _lines_of(statement: ast.stmt) -> list[int]:
    decorators = statement.decorator_list if isinstance(statement, _DEFINITIONS) else []
    return [*(decorator.lineno for decorator in decorators), statement.lineno]


def _mark(line: int, where: ast.stmt) -> ast.stmt:
    """`__lines__[line] = 1`"""
    place = ast.Subscript(ast.Name(_MARKS, ast.Load()), ast.Constant(line), ast.Store())
    return ast.copy_location(ast.Assign([place], ast.Constant(1)), where)
