"""SCIM filters as conditions of the ORM (RFC 7644 §3.4.2.2): the tree that `scim2_models` parses, walked once.

No text of a filter becomes SQL. Attributes with a column are compared there; the others lie in a JSON document and are
compared by an SQL/JSON path, which is a parameter of the statement, made of declared names and of quoted literals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Protocol

from django.db.models import BooleanField, Func, Q, QuerySet, Value
from scim2_models import InvalidFilterException, Path
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from apps.iam.scim.resources import as_id
from apps.iam.users.names import folded

_LOOKUPS = {"co": "contains", "sw": "startswith", "ew": "endswith", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}
_COMPARED = {"eq": "==", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_SPECIAL = str.maketrans({character: f"\\{character}" for character in r"\.^$*+?()[]{}|"})
NOTHING, EVERYTHING = Q(pk__in=[]), ~Q(pk__in=[])


class Attribute(Protocol):
    """Something that filters may compare. `ne` and `not` are made of these by negation."""

    def compares(self, op: str, value: Any) -> Q: ...

    def is_present(self) -> Q: ...


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the rows themselves, which holds what is compared. `empty` is what it holds where nothing is said."""

    name: str
    empty: Any = ""

    def compares(self, op: str, value: Any) -> Q:
        if value is None:
            return ~self.is_present()
        if not isinstance(value, str) and op in ("co", "sw", "ew"):
            raise InvalidFilterException(detail=f"{op} compares with a text")
        lookup = _LOOKUPS.get(op)
        found = Q(**{f"{self.name}__{lookup}" if lookup else self.name: value})
        return found if self.empty is None else found & self.is_present()

    def is_present(self) -> Q:
        return EVERYTHING if self.empty is None else ~Q(**{self.name: self.empty})


@dataclass(frozen=True, slots=True)
class Identity:
    """An id: compared for equality alone. `condition` says which rows have it."""

    condition: Callable[[Any], Q]
    present: Q = EVERYTHING

    def compares(self, op: str, value: Any) -> Q:
        if op != "eq":
            raise InvalidFilterException(detail=f"an id is compared by eq and ne, not by {op}")
        if value is None:
            return ~self.present
        id_ = as_id(value)
        return NOTHING if id_ is None else self.condition(id_)

    def is_present(self) -> Q:
        return self.present


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every row, such as the type of the resource."""

    value: Any

    def compares(self, op: str, value: Any) -> Q:
        text, own = str(value), str(self.value)
        found = {"eq": self.value == value, "co": text in own, "sw": own.startswith(text), "ew": own.endswith(text)}
        if op not in found:
            raise InvalidFilterException(detail=f"this attribute is not compared by {op}")
        return EVERYTHING if found[op] else NOTHING

    def is_present(self) -> Q:
        return EVERYTHING


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A column of another table, whose rows name ours. `found` gives the condition on ours for one on theirs."""

    column: Column
    found: Callable[[Q], Q]

    def compares(self, op: str, value: Any) -> Q:
        return ~self.is_present() if value is None else self.found(self.column.compares(op, value))

    def is_present(self) -> Q:
        return self.found(self.column.is_present())


class JsonPathExists(Func):
    """Whether an SQL/JSON path finds anything in a document (PostgreSQL 9.16)."""

    function = "jsonb_path_exists"
    template = "%(function)s(%(expressions)s)"
    output_field = BooleanField()

    def __init__(self, document: str, path: str) -> None:
        super().__init__(document, Func(Value(path), template="(%(expressions)s)::jsonpath"))


@dataclass(frozen=True, slots=True)
class Document:
    """The attributes that have no column."""

    column: str
    found: Callable[[Q], Q]

    def exists(self, path: str) -> Q:
        return self.found(Q(JsonPathExists(self.column, path)))


def json_path(binding: AttributeBinding, *, root: str = "$") -> str:
    """Where the attribute lies in the document. `binding` comes from our own models, never from the caller."""
    extension = getattr(binding.model, "__schema__", None)
    path = f"{root}.{_quoted(str(extension))}" if binding.urn.startswith(_EXTENSIONS) else root
    path += f".{_quoted(_alias(binding.model, binding.field_name))}"
    if binding.is_multivalued:
        path += "[*]"
    if binding.sub_field_name and binding.field_type:
        path += f".{_quoted(_alias(binding.field_type, binding.sub_field_name))}"
    return path


def json_test(op: str, value: Any, *, item: str = "@") -> str:
    """The part of an SQL/JSON path that compares one item. Every literal is quoted as JSON."""
    if op in _COMPARED:
        return f"{item} {_COMPARED[op]} {_quoted(value)}"
    if not isinstance(value, str):
        raise InvalidFilterException(detail=f"{op} compares with a text")
    if op == "sw":
        return f"{item} starts with {_quoted(value)}"
    pattern = value.translate(_SPECIAL) + ("$" if op == "ew" else "")
    return f"{item} like_regex {_quoted(pattern)}"


_EXTENSIONS = "urn:ietf:params:scim:schemas:extension:"


def _alias(model: Any, field: str) -> str:
    information = model.model_fields[field]
    return str(information.serialization_alias or information.alias or field)


def _quoted(value: Any) -> str:
    return json.dumps(value)


class Translator(FilterVisitor[Q]):
    """Conditions on the rows that a resource type is made of.

    `attributes` are those that are not in the document, by field and sub-field of the model.
    """

    def __init__(
        self,
        model: Any,
        attributes: Mapping[tuple[str, str | None], Attribute],
        document: Document | None = None,
        values: Mapping[str, Callable[[ValuePath], Q]] | None = None,
    ) -> None:
        self.model, self.attributes, self.document, self.values = model, attributes, document, values or {}

    def visit_comparison(self, node: Comparison) -> Q:
        binding = self._bound(node.attr_path)
        if binding is None:
            return NOTHING
        value = _value(binding, node)
        if node.op is CompareOperator.ne:
            return ~self._compares(binding, "eq", value)
        return self._compares(binding, node.op.value, value)

    def visit_present(self, node: Present) -> Q:
        binding = self._bound(node.attr_path, whole=True)
        if binding is None:
            return NOTHING
        known = self.attributes.get((binding.field_name, binding.sub_field_name))
        if known is not None:
            return known.is_present()
        return self._document(binding).exists(json_path(binding))

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        return reduce(and_ if node.op is LogicalOperator.and_ else or_, map(self.visit, node.terms))

    def visit_value_path(self, node: ValuePath) -> Q:
        binding = self._bound(node.attr_path, whole=True)
        if binding is None:
            return NOTHING
        if binding.field_name in self.values:
            return self.values[binding.field_name](node)
        return self.visit_in_document(node)

    def visit_in_document(self, node: ValuePath) -> Q:
        """A filter in brackets, of an attribute that has no column."""
        binding = self.binding(str(node.attr_path))
        test = ItemTest(binding.field_type).visit(node.val_filter)
        return self._document(binding).exists(f"{json_path(binding)} ? ({test})")

    def binding(self, path: str) -> AttributeBinding:
        """What a path that the model declares means."""
        found = Path[self.model](path).resolve()  # type: ignore[name-defined]
        if found is None:
            raise InvalidFilterException(detail=f"there is no attribute {path}")
        return found

    def _compares(self, binding: AttributeBinding, op: str, value: Any) -> Q:
        known = self.attributes.get((binding.field_name, binding.sub_field_name))
        if known is not None:
            return known.compares(op, value)
        document, path = self._document(binding), json_path(binding)
        return ~document.exists(path) if value is None else document.exists(f"{path} ? ({json_test(op, value)})")

    def _document(self, binding: AttributeBinding) -> Document:
        if self.document is None or binding.field_name in ("meta", "schemas", "groups", "members"):
            raise InvalidFilterException(detail=f"{binding.urn} cannot be filtered on")
        return self.document

    def _bound(self, path: AttrPath, *, whole: bool = False) -> AttributeBinding | None:
        """What a path means; None for another resource type's. A list stands for the `value` of its items."""
        binding = Path[self.model](str(path)).resolve()  # type: ignore[name-defined]
        if binding is None or whole or binding.sub_field_name or not binding.is_multivalued:
            return binding
        return Path[self.model](f"{path}.value").resolve() or binding  # type: ignore[name-defined]


class ItemTest(FilterVisitor[str]):
    """The filter in the brackets of `emails[type eq "work"]`, as the predicate of an SQL/JSON path."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def visit_comparison(self, node: Comparison) -> str:
        item, binding = self._item(node.attr_path)
        value = _value(binding, node)
        if value is None:
            test = f"!exists({item})"
            return f"!({test})" if node.op is CompareOperator.ne else test
        if node.op is CompareOperator.ne:
            return f"!({json_test('eq', value, item=item)})"
        return json_test(node.op.value, value, item=item)

    def visit_present(self, node: Present) -> str:
        return f"exists({self._item(node.attr_path)[0]})"

    def visit_not(self, node: Not) -> str:
        return f"!({self.visit(node.expr)})"

    def visit_logical_expr(self, node: LogicalExpr) -> str:
        joiner = " && " if node.op is LogicalOperator.and_ else " || "
        return joiner.join(f"({self.visit(term)})" for term in node.terms)

    def visit_value_path(self, node: ValuePath) -> str:
        raise InvalidFilterException(detail="a filter in brackets holds no other one")

    def _item(self, path: AttrPath) -> tuple[str, AttributeBinding]:
        binding = Path[self.model](str(path)).resolve()  # type: ignore[name-defined]
        if binding is None:
            raise InvalidFilterException(detail=f"there is no attribute {path} here")
        return f"@.{_quoted(_alias(self.model, binding.field_name))}", binding


def matches(rows: QuerySet[Any], ids: str = "user_id") -> Callable[[Q], Q]:
    """For `Elsewhere` and `Document`: our rows that a row of `rows` names by `ids`."""
    return lambda condition: Q(**{f"{ids}__in": rows.filter(condition).values(ids)})


def condition_of(node: FilterNode, translator: Translator) -> Q:
    """The condition that a filter is. Raises InvalidFilterException."""
    try:
        return translator.visit(node)
    except RecursionError as error:
        raise InvalidFilterException(detail="this filter is nested too deeply") from error


def _value(binding: AttributeBinding, node: Comparison) -> Any:
    value = coerce_value(binding, node.value, node.op)
    if not isinstance(value, str):
        return value
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidFilterException(detail="the filter holds half a character") from error
    if "\x00" in value:
        raise InvalidFilterException(detail="the filter holds a NUL")
    return value if binding.case_exact else folded(value)
