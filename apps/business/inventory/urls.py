from django.urls import path

from apps.business.inventory import api, pages, read_models_api, warehouse_pages, warehouses_api

urlpatterns = [
    path("api/v1/stock-levels", api.StockLevels.as_view()),
    path("api/v1/stock-summaries", read_models_api.StockSummaries.as_view()),
    path("api/v1/stock-days", read_models_api.StockDays.as_view()),
    path("api/v1/products/<uuid:product_id>/stock-adjustments", api.StockAdjustments.as_view()),
    path("api/v1/products/<uuid:product_id>/stock-transfers", api.StockTransfers.as_view()),
    path("api/v1/products/<uuid:product_id>/stock-thresholds/<uuid:warehouse_id>", api.StockThreshold.as_view()),
    path("api/v1/products/<uuid:product_id>/back-orders", api.BackOrders.as_view()),
    path("api/v1/products/<uuid:product_id>/reservations", api.ReservedGoodsOfProduct.as_view()),
    path("api/v1/warehouses", warehouses_api.Warehouses.as_view()),
    path("api/v1/warehouses/<uuid:warehouse_id>", warehouses_api.WarehouseDetail.as_view()),
    path("api/v1/warehouses/<uuid:warehouse_id>/restoration", warehouses_api.WarehouseRestoration.as_view()),
    path("api/v1/warehouses/<uuid:warehouse_id>/default", warehouses_api.DefaultWarehouse.as_view()),
    path("products/<uuid:product_id>/stock-adjustments", pages.stock_adjustment),
    path("stock/", pages.stock_list),
    path("stock/days/", pages.stock_days),
    path("stock/<uuid:product_id>/", pages.stock_of_product),
    path("stock/<uuid:product_id>/transfers", pages.stock_transfer),
    path("stock/<uuid:product_id>/thresholds", pages.stock_threshold),
    path("stock/<uuid:product_id>/back-orders", pages.back_orders),
    path("warehouses/", warehouse_pages.warehouse_list),
    path("warehouses/new", warehouse_pages.warehouse_new),
    path("warehouses/<uuid:warehouse_id>/", warehouse_pages.warehouse_detail),
    path("warehouses/<uuid:warehouse_id>/deletion", warehouse_pages.warehouse_deletion),
    path("warehouses/<uuid:warehouse_id>/restoration", warehouse_pages.warehouse_restoration),
    path("warehouses/<uuid:warehouse_id>/default", warehouse_pages.warehouse_default),
]
