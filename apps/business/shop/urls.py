from django.urls import path

from apps.business.shop import checkout_pages, pages, payment_pages

urlpatterns = [
    path("shop/<slug:slug>/", pages.product_list),
    path("shop/<slug:slug>/products/<uuid:product_id>/", pages.product_detail),
    path("shop/<slug:slug>/cart", pages.cart),
    path("shop/<slug:slug>/checkout", checkout_pages.checkout),
    path("shop/<slug:slug>/orders/<str:token>/", payment_pages.confirmation),
    path("shop/<slug:slug>/orders/<str:token>/payment", payment_pages.payment),
    path("shop/<slug:slug>/orders/<str:token>/paid", payment_pages.paid),
    path("shop/<slug:slug>/orders/<str:token>/cancellation", payment_pages.cancellation),
]
