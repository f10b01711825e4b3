"""Forms of the console's pages about webhooks."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms

from apps.core.webhooks import queries
from apps.core.webhooks.event_types import EVERYTHING, event_types
from apps.core.webhooks.models import DESCRIPTION_LENGTH, URL_LENGTH, WebhookEndpoint

Choices = list[tuple[str, Any]]


class WebhookForm(forms.Form):
    """An address and the events that go there."""

    url = forms.CharField(
        label="Address",
        max_length=URL_LENGTH,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.com/orders", "autocomplete": "off"}),
        help_text="It must begin with https:// and be reachable from the Internet.",
    )
    description = forms.CharField(label="What it is for", max_length=DESCRIPTION_LENGTH, required=False)
    ordered = forms.BooleanField(
        label="In order",
        required=False,
        help_text="An event waits until earlier ones of the same thing were accepted or given up.",
    )
    event_types = forms.MultipleChoiceField(label="Events", widget=forms.CheckboxSelectMultiple)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["event_types"].choices = event_choices()  # type: ignore[attr-defined]

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> WebhookForm:
        """Filled in with what a webhook is now."""
        names = ("url", "description", "ordered", "event_types", "version")
        return cls(initial={name: getattr(endpoint, name) for name in names})

    def wish(self) -> dict[str, Any]:
        """What a command takes."""
        return {name: self.cleaned_data[name] for name in ("url", "description", "ordered", "event_types")}


class RotationForm(forms.Form):
    overlap_s = forms.TypedChoiceField(
        label="The present secret",
        coerce=int,
        choices=[
            (86_400, "stays good for a day"),
            (3_600, "stays good for an hour"),
            (604_800, "stays good for a week"),
            (0, "ends at once: somebody else may know it"),
        ],
    )


class ReplayForm(forms.Form):
    since = forms.DateTimeField(
        label="Since",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In your time zone.",
    )
    which = forms.ChoiceField(
        label="What", choices=[(queries.FAILED, "what failed"), (queries.ALL, "everything")], initial=queries.FAILED
    )


def event_choices() -> Choices:
    """Everything, then by topic the whole of it and each event."""
    by_topic: dict[str, Choices] = defaultdict(list)
    for known in event_types().values():
        by_topic[known.topic].append((known.name, f"{known.definition.name}: {known.description.replace('`', '')}"))
    services = sorted({topic.partition(".")[0] for topic in by_topic})
    families: Choices = [(EVERYTHING, "Every event"), *((f"{name}.*", f"Every event of {name}") for name in services)]
    topics = ((topic, [(f"{topic}.*", f"Everything about {topic}"), *names]) for topic, names in by_topic.items())
    return [("All at once", families), *topics]


def event_names() -> Choices:
    """Every event by its name, for a choice of one."""
    return [(name, name) for name in event_types()]
