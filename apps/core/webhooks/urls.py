from django.urls import path

from apps.core.webhooks import api, pages

_API = "api/v1/webhooks/<uuid:webhook_id>"
_DELIVERY = f"{_API}/deliveries/<uuid:delivery_id>"
_PAGE = "webhooks/<uuid:webhook_id>"

urlpatterns = [
    path("api/v1/webhook-event-types", api.WebhookEventTypes.as_view()),
    path("api/v1/webhooks", api.Webhooks.as_view()),
    path(_API, api.WebhookDetail.as_view()),
    path(f"{_API}/restoration", api.WebhookRestoration.as_view()),
    path(f"{_API}/secret-rotation", api.WebhookSecretRotation.as_view()),
    path(f"{_API}/test", api.WebhookTest.as_view()),
    path(f"{_API}/deliveries", api.WebhookDeliveries.as_view()),
    path(_DELIVERY, api.WebhookDeliveryDetail.as_view()),
    path(f"{_DELIVERY}/replay", api.WebhookDeliveryReplay.as_view()),
    path(f"{_API}/replays", api.WebhookReplays.as_view()),
    path("webhooks/", pages.webhook_list),
    path("webhooks/new", pages.webhook_new),
    path(f"{_PAGE}/", pages.webhook_detail),
    path(f"{_PAGE}/edit", pages.webhook_edit),
    path(f"{_PAGE}/state", pages.webhook_state),
    path(f"{_PAGE}/deletion", pages.webhook_deletion),
    path(f"{_PAGE}/restoration", pages.webhook_restoration),
    path(f"{_PAGE}/secret-rotation", pages.webhook_secret_rotation),
    path(f"{_PAGE}/test", pages.webhook_test),
    path(f"{_PAGE}/replays", pages.webhook_replays),
    path(f"{_PAGE}/deliveries/<uuid:delivery_id>/", pages.delivery_detail),
    path(f"{_PAGE}/deliveries/<uuid:delivery_id>/replay", pages.delivery_replay),
]
