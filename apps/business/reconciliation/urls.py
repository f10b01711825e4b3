from django.urls import path

from apps.business.reconciliation import api, pages

urlpatterns = [
    path("api/v1/reconciliations", api.Reconciliations.as_view()),
    path("reconciliation/", pages.reconciliation),
]
