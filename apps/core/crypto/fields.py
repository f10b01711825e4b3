"""Personal columns that lie encrypted, in the row, in its history and in every backup:

    email = SealedTextField(of="id", blank=True, default="")
    email_mark = BlindIndexField(over="email")

`of` names the attribute with the id of the person whose key seals the text; without it, it is the tenant's. To read it
is to open it: `customer.email` is the plain text, and `ERASED` once the key is destroyed. The database can compare no
two sealed texts; who has to find one, finds its mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from apps.core.crypto import marks
from apps.core.crypto.keys import Owner, make_keys
from apps.core.crypto.reading_ahead import expect, opened_with_others
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.tokens import ERASED, encrypt, is_token, is_whole_token, subject_of
from apps.core.db import replicas
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id

_COMPARE_NO_TEXTS = {"isnull", "df", "ndf"}  # the last two are of triggers that notice a change


class Sealed(str):
    """A token as it lies in a column, with what it takes to open it."""

    __slots__ = ("_plain", "database", "place", "tenant_id")
    database: str
    tenant_id: UUID
    place: str
    _plain: str | None

    def plain(self, subject_id: UUID | None = None) -> str:
        """The text; ERASED once its key is destroyed. Raises Unreadable for what we did not put there, or for somebody
        else than the subject.
        """
        if self._plain is None:
            if subject_id not in (None, subject_of(self)):
                raise Unreadable("an encrypted text was moved here from somebody else's row")
            self._plain = opened_with_others(str(self), self.database, self.tenant_id, self.place)
        return self._plain


def _sealed(token: str, *, database: str, tenant_id: UUID, place: str, plain: str | None = None) -> Sealed:
    sealed = Sealed(token)
    sealed.database, sealed.tenant_id, sealed.place, sealed._plain = database, tenant_id, place, plain
    return sealed


@dataclass(frozen=True, slots=True)
class _ToSeal:
    """A plain text on its way into its row."""

    row: Any
    text: str


class _SealedAttribute(DeferredAttribute):
    """What is read is plain. What is set to what it is already, stays the same token: nothing has changed."""

    field: SealedTextField

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if not isinstance(value, Sealed):
            return value
        return value.plain(self.field.owner_of(instance, value.database).subject_id)

    def __set__(self, instance: Any, value: Any) -> None:
        held = instance.__dict__.get(self.field.attname)
        if not isinstance(held, Sealed) or isinstance(value, Sealed) or self.__get__(instance) != value:
            instance.__dict__[self.field.attname] = value


class SealedTextField(models.TextField):
    """A text that is encrypted for whoever the attribute `of` names. Empty ones hide nothing, and stay."""

    descriptor_class = _SealedAttribute

    def __init__(self, *args: Any, of: str = "tenant_id", **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    @property
    def place(self) -> str:
        """What a token of this column is bound to. That of a history is its table's."""
        table = getattr(self.model, "pgh_tracked_model", self.model)._meta.db_table
        return f"column {table}.{self.column}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.read(value, replicas.primary_of(connection.alias))

    def read(self, value: Any, database: str) -> Any:
        """What lies in the column, so that it can be opened. Raises NoTenant."""
        if value is None or not is_whole_token(value):
            return value  # of before it was sealed
        tenant_id = require_tenant_id()
        expect(value, database, tenant_id)
        return _sealed(value, database=database, tenant_id=tenant_id, place=self.place)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        return value if not value or isinstance(value, Sealed) else _ToSeal(model_instance, value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, _ToSeal):
            value = self._seal(value, connection.alias)
        if value and not isinstance(value, Sealed):
            raise TypeError(f"{self.model.__name__}.{self.name} is sealed row by row: set it, and save the row")
        return super().get_db_prep_save(value, connection)

    def get_lookup(self, lookup_name: str) -> Any:
        """None is found by its text: Django says so to whoever tries."""
        return super().get_lookup(lookup_name) if lookup_name in _COMPARE_NO_TEXTS else None

    def owner_of(self, row: Any, database: str) -> Owner:
        """Whose key seals this column of a row: the tenant's where it is about nobody."""
        return Owner(database, row.tenant_id, getattr(row, self.of) or row.tenant_id)

    def _seal(self, asked: _ToSeal, database: str) -> Sealed:
        """Sealed once: what the row holds from here on is the token, so that the next save changes nothing."""
        token = encrypt(asked.text, owner=self.owner_of(asked.row, database), place=self.place)
        plain = asked.text if is_token(token) else ERASED
        kept = _sealed(token, database=database, tenant_id=asked.row.tenant_id, place=self.place, plain=plain)
        asked.row.__dict__[self.attname] = kept
        return kept


class BlindIndexField(models.CharField):
    """A keyed hash of what another column holds sealed, to find rows by the whole text: `marks.mark_of`."""

    def __init__(self, *args: Any, over: str, **kwargs: Any) -> None:
        self.over = over
        defaults = {"max_length": marks.LENGTH, "default": "", "blank": True, "editable": False, "db_default": ""}
        super().__init__(*args, **{**defaults, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "over": self.over}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        text = getattr(model_instance, self.over)
        return _ToSeal(model_instance, text) if text and text != ERASED else ""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, _ToSeal):
            owner = _tenants(connection.alias, value.row.tenant_id)
            value = marks.mark_to_keep(value.text, owner=owner, place=self.place)
        return super().get_db_prep_save(value, connection)

    @property
    def place(self) -> str:
        """Equal texts have equal marks only here."""
        return f"column {self.model._meta.db_table}.{self.column}"


def whose(model: type[models.Model], field: str, text: str) -> models.Q:
    """Rows of the current tenant whose blind index says that they hold this whole text."""
    index: Any = model._meta.get_field(field)
    owner = _tenants(alias_for(model), require_tenant_id())
    mark = marks.mark_to_find(text, owner=owner, place=index.place) if text.strip() else ""
    return models.Q(**{field: mark}) if mark else models.Q(pk__in=[])


def _tenants(database: str, tenant_id: UUID) -> Owner:
    return Owner(database, tenant_id, tenant_id)


def open_rows(model: type[models.Model], rows: list[dict[str, Any]], *, database: str) -> list[dict[str, Any]]:
    """Rows of the current tenant that were read past the model, by their columns, with what is sealed in plain."""
    sealed = [(str(one.column), one) for one in model._meta.concrete_fields if isinstance(one, SealedTextField)]
    read = [(row, column, field.read(row.get(column), database)) for row in rows for column, field in sealed]
    for row, column, value in read:
        if isinstance(value, Sealed):
            row[column] = value.plain()
    return rows


def prepare_keys(rows: Iterable[models.Model], *, using: str) -> None:
    """Make the keys for many new rows by one statement, before they are written. Nothing but time is saved by it."""
    found = list(rows)
    fields = [one for one in found[0]._meta.concrete_fields if isinstance(one, SealedTextField)] if found else []
    make_keys(field.owner_of(row, using) for field in fields for row in found if getattr(row, field.attname))
