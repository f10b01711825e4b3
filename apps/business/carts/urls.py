from django.urls import path

from apps.business.carts import api, orders_api, pages, settings_api

urlpatterns = [
    path("api/v1/carts/<str:shop>", api.VisitedCart.as_view()),
    path("api/v1/carts/<str:shop>/lines/<uuid:product_id>", api.VisitedCartLine.as_view()),
    path("api/v1/carts/<str:shop>/adoption", api.CartAdoption.as_view()),
    path("api/v1/carts/<str:shop>/checkout", api.CartCheckout.as_view()),
    path("api/v1/carts/<str:shop>/orders/<str:token>", orders_api.BuyersOrder.as_view()),
    path("api/v1/carts/<str:shop>/orders/<str:token>/cancellation", orders_api.BuyersOrderCancellation.as_view()),
    path("api/v1/shop-settings", settings_api.ShopSettingsOfTenant.as_view()),
    path("shop-settings/", pages.shop_settings),
]
