"""From a template and its context to a subject and two bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string

_SUBJECT_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message says."""

    subject: str
    text: str
    html: str


def rendered(template: str, context: Mapping[str, Any]) -> Rendered:
    """The message as text and as HTML. The first line of the text is the subject. Raises TemplateDoesNotExist."""
    values = {"base_url": settings.BASE_URL, "host": urlsplit(settings.BASE_URL).hostname, **context}
    whole = render_to_string(f"mail/{template}.txt", values)
    subject, _, text = whole.strip().partition("\n")
    # One line, whatever a name in it holds: a second one would be another header.
    subject = " ".join(subject.split())[:_SUBJECT_LENGTH]
    html = render_to_string(f"mail/{template}.html", {**values, "subject": subject}).strip()
    return Rendered(subject=subject, text=f"{text.strip()}\n", html=html)
