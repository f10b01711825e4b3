"""Where payment providers call."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.payments import commands
from apps.core.api.views import PUBLIC, Answer, ApiView
from apps.core.tenancy import tenant


class PaymentNoticeOutput(serializers.Serializer):
    taken = serializers.BooleanField(help_text="false: it was known already, or concerns no payment of ours.")


class PaymentNotices(ApiView):
    """POST /api/v1/payment-notices/{provider}/{tenant_id}: the webhook of a company's payment provider.

    Verified by its signature, which says whose it is; taken once, however often it is sent.
    """

    required_permission = {"POST": PUBLIC}
    authentication_classes = ()  # providers sign what they say; they do not sign in

    @extend_schema(request={"application/json": dict}, responses=PaymentNoticeOutput)
    def post(self, request, provider, tenant_id):
        # The signature is over the bytes as they came.
        body, headers = request.body, {name.lower(): value for name, value in request.headers.items()}
        with tenant(tenant_id):
            taken = commands.receive_notice(provider=provider, body=body, headers=headers, now=timezone.now())
        return Answer({"taken": taken})
