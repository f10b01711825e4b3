from django.urls import path

from apps.business.orders import (
    api,
    customers_api,
    dashboard,
    draft_page,
    imports_api,
    imports_page,
    pages,
    review_api,
    review_pages,
    stream,
)

urlpatterns = [
    path("api/v1/orders", api.Orders.as_view()),
    path("api/v1/orders/<uuid:order_id>", api.OrderDetail.as_view()),
    path("api/v1/orders/<uuid:order_id>/cancellation", api.OrderCancellation.as_view()),
    path("api/v1/orders/<uuid:order_id>/review", review_api.OrderReview.as_view()),
    path("api/v1/order-review-limits", review_api.ReviewLimits.as_view()),
    path("api/v1/order-review-limits/<str:currency>", review_api.ReviewLimitOfCurrency.as_view()),
    path("api/v1/orders/<uuid:order_id>/returns", api.OrderReturns.as_view()),
    path("api/v1/orders/<uuid:order_id>/events", api.OrderEvents.as_view()),
    path("api/v1/customers", customers_api.Customers.as_view()),
    path("api/v1/customers/<uuid:customer_id>", customers_api.CustomerDetail.as_view()),
    path("api/v1/invoice-imports", imports_api.InvoiceImports.as_view()),
    path("events/stream", stream.may_listen),
    path("", dashboard.home),
    path("orders/", pages.order_list),
    path("orders/new", draft_page.order_new),
    path("orders/import", imports_page.invoice_import),
    path("orders/<uuid:order_id>/", pages.order_detail),
    path("orders/<uuid:order_id>/cancellation", pages.order_cancellation),
    path("orders/review-limits/", review_pages.review_limits),
    path("orders/review-limits/<str:currency>/removal", review_pages.review_limit_removal),
    path("orders/<uuid:order_id>/review", review_pages.order_review),
    path("orders/<uuid:order_id>/returns", pages.order_returns),
]
