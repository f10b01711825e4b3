"""What webhooks refuse."""

from apps.core.errors import Conflict, Invalid, NotFound


class WebhookNotFound(NotFound):
    """There is no such webhook."""

    code = "webhook_not_found"


class WebhookDeliveryNotFound(NotFound):
    """There is no such delivery, or it was forgotten."""

    code = "webhook_delivery_not_found"


class InvalidWebhook(Invalid):
    """The webhook is not well formed, or asks for events that there are not."""

    code = "invalid_webhook"


class InvalidWebhookReplay(Invalid):
    """What is to be replayed is not well formed."""

    code = "invalid_webhook_replay"


class WebhookIsDeleted(Conflict):
    """This webhook is deleted: restore it first."""

    code = "webhook_is_deleted"


class WebhookIsNotEnabled(Conflict):
    """This webhook is disabled: enable it first."""

    code = "webhook_is_disabled"


class WebhookDeliveryIsPending(Conflict):
    """This delivery is still on its way."""

    code = "webhook_delivery_is_pending"


class TooManyWebhooks(Conflict):
    """A company may have only so many webhooks: remove one first."""

    code = "too_many_webhooks"


class TooManyWebhookSecrets(Conflict):
    """Several replaced secrets are still good: wait until one has ended."""

    code = "too_many_webhook_secrets"
