from django.urls import path

from apps.core.operations import catalogue_api, catalogue_pages

urlpatterns = [
    path("api/asyncapi", catalogue_api.AsyncApiView.as_view()),
    path("api/v1/event-types", catalogue_api.EventTypes.as_view()),
    path("api/v1/event-types/<str:name>", catalogue_api.EventTypeDetail.as_view()),
    path("api/v1/event-types/<str:name>/<int:version>/schema", catalogue_api.EventTypeSchema.as_view()),
    path("events/", catalogue_pages.event_list),
    path("events/<str:name>/", catalogue_pages.event_detail),
]
