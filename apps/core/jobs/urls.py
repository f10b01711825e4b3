from __future__ import annotations

from django.urls import path

from apps.core.jobs import api, pages

_API, _PAGES = "api/v1/services/<service:service>/jobs", "services/<service:service>/jobs/"

urlpatterns = [
    path(_API, api.Jobs.as_view()),
    path(f"{_API}/<uuid:job_id>", api.JobDetail.as_view()),
    path(f"{_API}/<uuid:job_id>/cancellation", api.JobCancellation.as_view()),
    path(f"{_API}/<uuid:job_id>/retrial", api.JobRetrial.as_view()),
    path(_PAGES, pages.job_list),
    path(f"{_PAGES}dead", pages.jobs_dead),
    path(f"{_PAGES}<uuid:job_id>/", pages.job_detail),
    path(f"{_PAGES}<uuid:job_id>/cancellation", pages.job_cancellation),
    path(f"{_PAGES}<uuid:job_id>/retrial", pages.job_retrial),
]
