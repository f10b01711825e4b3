from django.urls import path

from apps.business.catalog import api, pages

urlpatterns = [
    path("api/v1/products", api.Products.as_view()),
    path("api/v1/products/<uuid:product_id>", api.ProductDetail.as_view()),
    path("api/v1/products/<uuid:product_id>/restoration", api.ProductRestoration.as_view()),
    path("products/", pages.product_list),
    path("products/new", pages.product_new),
    path("products/<uuid:product_id>/", pages.product_detail),
    path("products/<uuid:product_id>/deletion", pages.product_deletion),
    path("products/<uuid:product_id>/restoration", pages.product_restoration),
]
