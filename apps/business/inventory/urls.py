from django.urls import path

from apps.business.inventory import api, pages

urlpatterns = [
    path("api/v1/stock-levels", api.StockLevels.as_view()),
    path("api/v1/products/<uuid:product_id>/stock-adjustments", api.StockAdjustments.as_view()),
    path("products/<uuid:product_id>/stock-adjustments", pages.stock_adjustment),
]
