"""REST: the dead letters of a service, and their repair."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers

from apps.core.api.service_paths import database_of
from apps.core.api.views import Answer, ApiView, page_of, validated
from apps.core.errors import Invalid
from apps.core.events import bulk_repairs, corrections, dead_letters, failures, repairs
from apps.core.events.models import DeadLetter
from apps.core.operations.filters import DeadLetterFilter, may_repair
from apps.core.operations.permissions import EventPermission

_WAITING_SHOWN = 50
_CRITERIA = ("ids", "group", "event_type", "key", "reason", "failed", "parked_before")
_EXAMPLE = OpenApiExample(
    "A misspelt currency",
    {"payload": {"orderId": "…", "currency": "GBP"}, "because": "the shop sent UKP", "retry": True},
    request_only=True,
)


class DeadLetterOutput(serializers.Serializer):
    id = serializers.UUIDField()
    group = serializers.CharField(help_text="The consumer group that could not handle it.")
    key = serializers.UUIDField(help_text="Id of the aggregate. Later events of it wait.")
    event_id = serializers.UUIDField()
    event_type = serializers.CharField()
    sequence = serializers.IntegerField(help_text="Place in the aggregate's stream.")
    status = serializers.ChoiceField(choices=DeadLetter.Status.choices)
    failed = serializers.BooleanField(help_text="False: it only waits behind one that failed.")
    attempts = serializers.IntegerField()
    reason = serializers.SerializerMethodField(
        help_text="Kind and place of the error. Null for callers who may not repair."
    )
    parked_at = serializers.DateTimeField()
    corrected_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_by = serializers.UUIDField(allow_null=True)
    settled_because = serializers.CharField()

    def get_reason(self, letter: DeadLetter) -> str | None:
        return letter.reason if may_repair(self.context["request"]) else None


class CorrectionOutput(serializers.Serializer):
    payload = serializers.JSONField()
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="Id of whoever corrected it; empty for the platform.")
    by_name = serializers.CharField(source="byName")
    because = serializers.CharField()


class WaitingOutput(serializers.Serializer):
    id = serializers.UUIDField()
    event_type = serializers.CharField()
    sequence = serializers.IntegerField()
    parked_at = serializers.DateTimeField()


class DeadLetterDetailOutput(DeadLetterOutput):
    words = serializers.SerializerMethodField(
        help_text="What the error said, for as long as everybody whom the event concerns may be read. Null for callers "
        "who may not repair."
    )
    traceback = serializers.SerializerMethodField(help_text="Null for callers who may not repair.")
    event = serializers.SerializerMethodField(help_text="Its envelope, in plain; null for who may not repair.")
    corrections = serializers.SerializerMethodField(help_text="Oldest first: the last is what a retry handles.")
    waiting_count = serializers.SerializerMethodField(help_text="Events of the same key that wait behind this one.")
    waiting = serializers.SerializerMethodField(help_text=f"The next {_WAITING_SHOWN} of them.")
    can_be_restored = serializers.SerializerMethodField(help_text="Whether its discarding can still be taken back.")

    def get_traceback(self, letter: DeadLetter) -> str | None:
        return failures.traceback_of(letter) if may_repair(self.context["request"]) else None

    def get_words(self, letter: DeadLetter) -> str | None:
        return failures.words_of(letter) if may_repair(self.context["request"]) else None

    def get_event(self, letter: DeadLetter) -> dict[str, Any] | None:
        if not may_repair(self.context["request"]):
            return None
        return {**letter.envelope, "payload": corrections.readable(letter)}

    @extend_schema_field(CorrectionOutput(many=True))
    def get_corrections(self, letter: DeadLetter) -> Any:
        shown = corrections.readable_corrections(letter) if may_repair(self.context["request"]) else []
        return CorrectionOutput(shown, many=True).data

    def get_waiting_count(self, letter: DeadLetter) -> int:
        return int(dead_letters.waiting_behind(letter).count())

    @extend_schema_field(WaitingOutput(many=True))
    def get_waiting(self, letter: DeadLetter) -> Any:
        return WaitingOutput(dead_letters.waiting_behind(letter)[:_WAITING_SHOWN], many=True).data

    def get_can_be_restored(self, letter: DeadLetter) -> bool:
        return repairs.can_be_undone(letter)


class _Because(serializers.Serializer):
    because = serializers.CharField(
        max_length=repairs.BECAUSE_LIMIT, required=False, allow_blank=True, default="", help_text="Kept in the history."
    )


class RepairInput(_Because):
    pass


class DiscardingInput(serializers.Serializer):
    because = serializers.CharField(
        max_length=repairs.BECAUSE_LIMIT, help_text="Kept with the event and in the history."
    )


class CorrectionInput(DiscardingInput):
    payload = serializers.DictField(help_text="All of it, as the event's schema wants it.")
    retry = serializers.BooleanField(default=False, help_text="Retry the key at once.")


class RetrialOutput(serializers.Serializer):
    resolved = serializers.IntegerField(help_text="How many events of the key had their effect.")
    stuck = DeadLetterOutput(allow_null=True, help_text="The one that failed again.")


class CorrectionResult(serializers.Serializer):
    dead_letter = DeadLetterDetailOutput()
    retrial = RetrialOutput(allow_null=True)


class _Choice(serializers.Serializer):
    """Which ones; at least one of these must be given."""

    ids = serializers.ListField(child=serializers.UUIDField(), max_length=200, required=False)
    group = serializers.CharField(max_length=200, required=False)
    event_type = serializers.CharField(max_length=200, required=False)
    key = serializers.UUIDField(required=False)
    reason = serializers.CharField(max_length=200, required=False, help_text="A part of it.")
    failed = serializers.BooleanField(required=False)
    parked_before = serializers.DateTimeField(required=False)
    after = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Where the step before ended."
    )


class RetrialsInput(_Choice, _Because):
    pass


class DiscardingsInput(_Choice, DiscardingInput):
    pass


class StepOutput(serializers.Serializer):
    taken = serializers.IntegerField(help_text="How many keys (of a discarding: events) this step took.")
    settled = serializers.IntegerField(help_text="How many events this step settled.")
    stuck = serializers.IntegerField(help_text="How many keys failed again.")
    left = serializers.IntegerField(help_text="How many are to come.")
    after = serializers.CharField(help_text="Send it with the next call; empty: this was the last step.")


class DeadLetters(ApiView):
    """GET /api/v1/services/{service}/dead-letters: what its consumer groups could not handle, the newest first."""

    required_permission = EventPermission.VIEW
    filterset_class = DeadLetterFilter

    @extend_schema(responses=DeadLetterOutput(many=True))
    def get(self, request: Any, service: str) -> Answer:
        return page_of(request, dead_letters.letters(database_of(service)), DeadLetterOutput)


class DeadLetterDetail(ApiView):
    """GET /api/v1/services/{service}/dead-letters/{dead_letter_id}: one, with what waits behind it."""

    required_permission = EventPermission.VIEW

    @extend_schema(responses=DeadLetterDetailOutput)
    def get(self, request: Any, service: str, dead_letter_id: UUID) -> Answer:
        return _detail(request, dead_letters.letter(dead_letter_id, using=database_of(service)))


class DeadLetterRetrial(ApiView):
    """POST …/dead-letters/{dead_letter_id}/retrial: handle the parked events of its key in their order.

    It ends at the first one that fails again. Later events of the key wait meanwhile.
    """

    required_permission = EventPermission.REPAIR

    @extend_schema(request=RepairInput, responses=RetrialOutput)
    def post(self, request: Any, service: str, dead_letter_id: UUID) -> Answer:
        wish = validated(RepairInput, request.data)
        retried = repairs.retry_letter(dead_letter_id, using=database_of(service), actor=request.actor, **wish)
        return Answer(RetrialOutput(retried, context={"request": request}).data)


class DeadLetterCorrection(ApiView):
    """POST …/dead-letters/{dead_letter_id}/correction: have a corrected payload handled in place of the event's own.

    The event itself stays as it is, in the log and beside the correction.
    """

    required_permission = EventPermission.REPAIR

    @extend_schema(request=CorrectionInput, responses=CorrectionResult, examples=[_EXAMPLE])
    def post(self, request: Any, service: str, dead_letter_id: UUID) -> Answer:
        wish = validated(CorrectionInput, request.data)
        retry, facts = wish.pop("retry"), {"using": database_of(service), "actor": request.actor}
        repairs.correct(dead_letter_id, **wish, **facts, now=timezone.now())
        retried = repairs.retry_letter(dead_letter_id, because=wish["because"], **facts) if retry else None
        found = dead_letters.letter(dead_letter_id, using=database_of(service))
        result = CorrectionResult({"dead_letter": found, "retrial": retried}, context={"request": request})
        return Answer(result.data)


class DeadLetterDiscarding(ApiView):
    """POST …/dead-letters/{dead_letter_id}/discarding: give the event up for its group.

    What waits behind it goes on with a retrial.
    """

    required_permission = EventPermission.REPAIR

    @extend_schema(request=DiscardingInput, responses=DeadLetterDetailOutput)
    def post(self, request: Any, service: str, dead_letter_id: UUID) -> Answer:
        wish = validated(DiscardingInput, request.data)
        found = repairs.discard(
            dead_letter_id, using=database_of(service), actor=request.actor, now=timezone.now(), **wish
        )
        return _detail(request, found)


class DeadLetterRestoration(ApiView):
    """POST …/dead-letters/{dead_letter_id}/restoration: take a discarding back, while others still wait behind it."""

    required_permission = EventPermission.REPAIR

    @extend_schema(request=RepairInput, responses=DeadLetterDetailOutput)
    def post(self, request: Any, service: str, dead_letter_id: UUID) -> Answer:
        wish = validated(RepairInput, request.data)
        found = repairs.undo_discard(dead_letter_id, using=database_of(service), actor=request.actor, **wish)
        return _detail(request, found)


class DeadLetterRetrials(ApiView):
    """POST …/dead-letters/retrials: retry every key that is chosen, in steps.

    Each call takes some keys and says how many are left; call again with its `after` until that is empty.
    """

    required_permission = EventPermission.REPAIR

    @extend_schema(request=RetrialsInput, responses=StepOutput)
    def post(self, request: Any, service: str) -> Answer:
        rows, wish = _chosen(service, validated(RetrialsInput, request.data))
        return Answer(StepOutput(asdict(bulk_repairs.retry_step(rows, actor=request.actor, **wish))).data)


class DeadLetterDiscardings(ApiView):
    """POST …/dead-letters/discardings: discard every one that is chosen, in steps, as retrials do it."""

    required_permission = EventPermission.REPAIR

    @extend_schema(request=DiscardingsInput, responses=StepOutput)
    def post(self, request: Any, service: str) -> Answer:
        rows, wish = _chosen(service, validated(DiscardingsInput, request.data))
        step = bulk_repairs.discard_step(rows, actor=request.actor, now=timezone.now(), **wish)
        return Answer(StepOutput(asdict(step)).data)


def _detail(request: Any, found: DeadLetter) -> Answer:
    return Answer(DeadLetterDetailOutput(found, context={"request": request}).data)


def _chosen(service: str, wish: dict[str, Any]) -> tuple[QuerySet[DeadLetter], dict[str, Any]]:
    """The dead letters that are meant, and the rest of the wish. Raises Invalid when nothing says which."""
    criteria = {name: wish.pop(name) for name in _CRITERIA if name in wish}
    if not criteria:
        raise Invalid("nothing says which ones are meant", errors={"ids": [f"give one of: {', '.join(_CRITERIA)}"]})
    rows = dead_letters.letters(database_of(service))
    if "ids" in criteria:
        rows = rows.filter(id__in=criteria.pop("ids"))
    lookups = {"reason": "reason__icontains", "parked_before": "parked_at__lt"}
    return rows.filter(**{lookups.get(name, name): value for name, value in criteria.items()}), wish
