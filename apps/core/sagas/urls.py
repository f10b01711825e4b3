from django.urls import path

from apps.core.api import service_paths  # noqa: F401  (registers the converter)
from apps.core.sagas import api, pages

_API = "api/v1/services/<service:service>/sagas"
_PAGE = "services/<service:service>/sagas/"

urlpatterns = [
    path(_API, api.Sagas.as_view()),
    path(f"{_API}/<uuid:saga_id>", api.SagaDetail.as_view()),
    path(f"{_API}/<uuid:saga_id>/retrial", api.SagaRetrial.as_view()),
    path(f"{_API}/<uuid:saga_id>/skipping", api.SagaSkipping.as_view()),
    path(f"{_API}/<uuid:saga_id>/resolution", api.SagaResolution.as_view()),
    path(f"{_API}/<uuid:saga_id>/cancellation", api.SagaCancellation.as_view()),
    path(f"{_API}/<uuid:saga_id>/decision", api.SagaDecision.as_view()),
    path(_PAGE, pages.saga_list),
    path(f"{_PAGE}stuck", pages.stuck_count),
    path(f"{_PAGE}<uuid:saga_id>/", pages.saga_detail),
    path(f"{_PAGE}<uuid:saga_id>/<slug:deed>", pages.act),
]
