from django.urls import path

from apps.core.api import service_paths  # noqa: F401  (registers <service:…>)
from apps.core.operations import (
    catalogue_api,
    catalogue_pages,
    consumers_api,
    consumers_pages,
    dead_letters_api,
    dead_letters_pages,
    dependencies_api,
    dependencies_pages,
    event_log_api,
    event_log_pages,
    event_stream_api,
)

_CONSUMERS_API = "api/v1/services/<service:service>/consumers"
_CONSUMERS = "services/<service:service>/consumers/"
_API = "api/v1/services/<service:service>/dead-letters"
_ONE_API = f"{_API}/<uuid:dead_letter_id>"
_PAGES = "services/<service:service>/dead-letters/"
_ONE_PAGE = f"{_PAGES}<uuid:dead_letter_id>/"

urlpatterns = [
    path("api/v1/dependencies", dependencies_api.Dependencies.as_view()),
    path("api/v1/dependencies/<slug:name>", dependencies_api.DependencyDetail.as_view()),
    path("api/v1/dependencies/<slug:name>/override", dependencies_api.DependencyOverride.as_view()),
    path("dependencies/", dependencies_pages.dependency_list),
    path("dependencies/<slug:name>/", dependencies_pages.dependency_detail),
    path("dependencies/<slug:name>/override", dependencies_pages.dependency_override),
    path("api/asyncapi", catalogue_api.AsyncApiView.as_view()),
    path("api/v1/event-types", catalogue_api.EventTypes.as_view()),
    path("api/v1/event-types/<str:name>", catalogue_api.EventTypeDetail.as_view()),
    path("api/v1/event-types/<str:name>/<int:version>/schema", catalogue_api.EventTypeSchema.as_view()),
    path("api/v1/services/<service:service>/events", event_log_api.Events.as_view()),
    path("api/v1/services/<service:service>/events/stream", event_stream_api.EventStreamView.as_view()),
    path("services/<service:service>/events/", event_log_pages.event_log_list),
    path("events/", catalogue_pages.event_list),
    path("events/<str:name>/", catalogue_pages.event_detail),
    path(_API, dead_letters_api.DeadLetters.as_view()),
    path(f"{_API}/retrials", dead_letters_api.DeadLetterRetrials.as_view()),
    path(f"{_API}/discardings", dead_letters_api.DeadLetterDiscardings.as_view()),
    path(_ONE_API, dead_letters_api.DeadLetterDetail.as_view()),
    path(f"{_ONE_API}/retrial", dead_letters_api.DeadLetterRetrial.as_view()),
    path(f"{_ONE_API}/correction", dead_letters_api.DeadLetterCorrection.as_view()),
    path(f"{_ONE_API}/discarding", dead_letters_api.DeadLetterDiscarding.as_view()),
    path(f"{_ONE_API}/restoration", dead_letters_api.DeadLetterRestoration.as_view()),
    path(_PAGES, dead_letters_pages.dead_letter_list),
    path(f"{_PAGES}open", dead_letters_pages.dead_letters_open),
    path(f"{_PAGES}repairs", dead_letters_pages.dead_letter_repairs),
    path(_ONE_PAGE, dead_letters_pages.dead_letter_detail),
    path(f"{_ONE_PAGE}retrial", dead_letters_pages.dead_letter_retrial),
    path(f"{_ONE_PAGE}correction", dead_letters_pages.dead_letter_correction),
    path(f"{_ONE_PAGE}discarding", dead_letters_pages.dead_letter_discarding),
    path(f"{_ONE_PAGE}restoration", dead_letters_pages.dead_letter_restoration),
    path(_CONSUMERS_API, consumers_api.Consumers.as_view()),
    path(f"{_CONSUMERS_API}/<str:group>", consumers_api.ConsumerDetail.as_view()),
    path(f"{_CONSUMERS_API}/<str:group>/pause", consumers_api.ConsumerPause.as_view()),
    path(f"{_CONSUMERS_API}/<str:group>/resumption", consumers_api.ConsumerResumption.as_view()),
    path(_CONSUMERS, consumers_pages.consumer_list),
    path(f"{_CONSUMERS}<str:group>/", consumers_pages.consumer_detail),
    path(f"{_CONSUMERS}<str:group>/pause", consumers_pages.consumer_pause),
    path(f"{_CONSUMERS}<str:group>/resumption", consumers_pages.consumer_resumption),
]
