"""From what a caller sent to what a command takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.serializers import BaseSerializer
from rest_framework.settings import api_settings

from apps.core.errors import Invalid

_WHOLE = str(api_settings.NON_FIELD_ERRORS_KEY)


def validated(serializer: type[BaseSerializer[Any]], data: Any, **kwargs: Any) -> dict[str, Any]:
    """The input as the serializer understands it. `kwargs` go to the serializer (`partial=True`, `context=…`).

    Raises Invalid with the errors of every field; a nested field is named by its path, `lines.0.quantity`.
    """
    checked = serializer(data=data, **kwargs)
    if not checked.is_valid():
        raise Invalid("some fields are missing or wrong; see errors", errors=flat_errors(checked.errors))
    return dict(checked.validated_data)


def flat_errors(errors: Any, path: str = "") -> dict[str, list[str]]:
    """Errors of nested serializers as one map from path to messages."""
    if isinstance(errors, Mapping):
        children = [(str(name), child) for name, child in errors.items()]
    elif isinstance(errors, list) and any(isinstance(item, Mapping | list) for item in errors):
        children = [(str(index), child) for index, child in enumerate(errors)]
    else:
        messages = errors if isinstance(errors, list) else [errors]
        return {path or _WHOLE: [str(message) for message in messages]} if messages else {}
    flat: dict[str, list[str]] = {}
    for name, child in children:
        below = path if name == _WHOLE and path else ".".join(filter(None, (path, name)))
        for where, messages in flat_errors(child, below).items():
            flat.setdefault(where, []).extend(messages)
    return flat
