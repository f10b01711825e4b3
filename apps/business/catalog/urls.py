from django.urls import path

from apps.business.catalog import api, pages, parts_api

urlpatterns = [
    path("api/v1/products", api.Products.as_view()),
    path("api/v1/products/<uuid:product_id>", api.ProductDetail.as_view()),
    path("api/v1/products/<uuid:product_id>/restoration", api.ProductRestoration.as_view()),
    path("api/v1/products/<uuid:product_id>/prices", parts_api.ProductPrices.as_view()),
    path("api/v1/products/<uuid:product_id>/prices/<uuid:price_id>", parts_api.ProductPriceDetail.as_view()),
    path("api/v1/products/<uuid:product_id>/media", parts_api.ProductMediaList.as_view()),
    path("api/v1/products/<uuid:product_id>/media/<uuid:media_id>", parts_api.ProductMediaDetail.as_view()),
    path(
        "api/v1/products/<uuid:product_id>/media/<uuid:media_id>/restoration",
        parts_api.ProductMediaRestoration.as_view(),
    ),
    path("api/v1/products/<uuid:product_id>/media-order", parts_api.ProductMediaOrder.as_view()),
    path("api/v1/products/<uuid:product_id>/categories", parts_api.ProductCategories.as_view()),
    path("api/v1/categories", parts_api.Categories.as_view()),
    path("api/v1/categories/<uuid:category_id>", parts_api.CategoryDetail.as_view()),
    path("api/v1/categories/<uuid:category_id>/restoration", parts_api.CategoryRestoration.as_view()),
    path("products/", pages.product_list),
    path("products/new", pages.product_new),
    path("products/<uuid:product_id>/", pages.product_detail),
    path("products/<uuid:product_id>/deletion", pages.product_deletion),
    path("products/<uuid:product_id>/restoration", pages.product_restoration),
]
