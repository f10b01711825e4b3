"""REST: why somebody may do something, why not, and who may."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from apps.core.api.views import AUTHENTICATED, Answer, ApiView, validated
from apps.core.auth import Resource
from apps.iam.access.asking import page_of_those_who_can, question
from apps.iam.access.permissions import AccessPermission

_KINDS = ("user", "service")


class WhoCanQuery(serializers.Serializer):
    permission = serializers.CharField(max_length=100, help_text="A code, such as orders.cancel.")
    resource = serializers.CharField(
        max_length=80, required=False, allow_blank=True, help_text="order:<id>; left out: the tenant as a whole."
    )


class ExplainQuery(WhoCanQuery):
    subject = serializers.CharField(
        max_length=254,
        required=False,
        allow_blank=True,
        help_text="The id of a person or service account, or an e-mail address; left out: yourself.",
    )


class PageOfWhoCanQuery(WhoCanQuery):
    kind = serializers.ChoiceField(choices=_KINDS, default="user", help_text="People or service accounts.")
    cursor = serializers.CharField(max_length=400, required=False)
    limit = serializers.CharField(max_length=4, required=False)


class SubjectOutput(serializers.Serializer):
    kind = serializers.CharField(help_text="user or service")
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()
    state = serializers.CharField(help_text="active, invited, suspended or deleted")


class WayOutput(serializers.Serializer):
    role = serializers.CharField(source="path.grant.role", help_text="The code of the role that was assigned.")
    chain = serializers.ListField(
        child=serializers.CharField(), source="path.chain", help_text="From it down to the role that holds it."
    )
    assignment_id = serializers.UUIDField(source="path.grant.assignment_id", allow_null=True)
    group_id = serializers.UUIDField(source="path.grant.group_id", allow_null=True)
    resource_type = serializers.CharField(source="path.grant.resource_type", help_text="Empty: it counts everywhere.")
    resource_id = serializers.UUIDField(source="path.grant.resource_id", allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    why = serializers.CharField(help_text="Why it does not count: expired or other_object. Empty for one that does.")
    sentence = serializers.CharField()


class RemedyOutput(serializers.Serializer):
    kind = serializers.CharField(
        help_text="assign, extend, widen, change_role, standing, circumstance, policy, credential, in_person"
    )
    text = serializers.CharField()
    role = serializers.CharField()
    assignment_id = serializers.UUIDField(allow_null=True)


class ExplanationOutput(serializers.Serializer):
    allowed = serializers.BooleanField(source="decision.allowed")
    reason = serializers.CharField(
        source="decision.reason",
        help_text="granted, permitted_by_policy, not_granted, forbidden_by_policy, limited_credential, not_in_person "
        "or no_standing",
    )
    subject = SubjectOutput()
    permission = serializers.CharField(source="decision.permission")
    permission_label = serializers.CharField()
    resource = serializers.CharField(source="decision.resource", allow_null=True)
    headline = serializers.CharField()
    because = serializers.CharField()
    paths = WayOutput(many=True, source="ways", help_text="Every way by which it is allowed.")
    misses = WayOutput(many=True, help_text="What would count, were it not for one thing.")
    policies = serializers.ListField(child=serializers.CharField(), source="decision.verdict.policies")
    conditions = serializers.DictField(
        child=serializers.CharField(), help_text="The attributes that policies looked at, with their values."
    )
    remedies = RemedyOutput(many=True, help_text="What would change a refusal.")
    grantors = SubjectOutput(many=True, help_text="People who could give it.")
    lines = serializers.ListField(child=serializers.CharField(), help_text="The whole as a text for people.")


class WhoCanOutput(serializers.Serializer):
    subject = SubjectOutput()
    allowed = serializers.BooleanField(help_text="False where a policy forbids what a role allows.")
    reason = serializers.CharField()
    paths = WayOutput(many=True)


_EXAMPLE = OpenApiExample("Why may I not cancel orders?", "orders.cancel", parameter_only=("permission", "query"))


class Explanations(ApiView):
    """GET /api/v1/access/explain: why somebody may do something, or why not and what would change it.

    Everybody may ask about themselves; asking about others needs the permission `access.explain`. The answer is the
    very decision that enforcement makes.
    """

    required_permission = AUTHENTICATED
    refers = frozenset({"GET"})

    @extend_schema(parameters=[ExplainQuery], responses=ExplanationOutput, examples=[_EXAMPLE])
    def get(self, request):
        wish = validated(ExplainQuery, request.GET)
        return Answer(ExplanationOutput(question(request, **wish)).data)


class WhoCan(ApiView):
    """GET /api/v1/access/who-can: who may do something, in the tenant as a whole or to one object, and by which paths.

    Whoever may by a role is listed; `allowed` is false where a policy takes it away again.
    """

    required_permission = AccessPermission.EXPLAIN
    paged = False

    @extend_schema(parameters=[PageOfWhoCanQuery], responses=WhoCanOutput(many=True))
    def get(self, request):
        wish = validated(PageOfWhoCanQuery, request.GET)
        resource = Resource.parsed(wish["resource"]) if wish.get("resource") else None
        rows, meta = page_of_those_who_can(request, wish["permission"], resource, kind=wish["kind"])
        return Answer(WhoCanOutput(rows, many=True).data, meta=meta)
