"""Everything that the business service answers."""

from django.urls import include, path

urlpatterns = [
    path("", include("apps.business.catalog.urls")),
    path("", include("apps.business.inventory.urls")),
    path("", include("apps.business.payments.urls")),
    path("", include("apps.business.orders.urls")),
    path("", include("apps.business.invoicing.urls")),
    path("", include("apps.business.shipping.urls")),
    path("", include("apps.business.reconciliation.urls")),
    path("", include("apps.business.carts.urls")),
    path("", include("apps.business.shop.urls")),
]
