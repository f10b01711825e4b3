from django.urls import path

from apps.business.shipping import api, pages

urlpatterns = [
    path("api/v1/shipments", api.Shipments.as_view()),
    path("api/v1/shipments/<uuid:shipment_id>", api.ShipmentDetail.as_view()),
    path("api/v1/shipments/<uuid:shipment_id>/progress", api.ShipmentProgress.as_view()),
    path("api/v1/shipments/<uuid:shipment_id>/packing-slip", api.PackingSlip.as_view()),
    path("api/v1/orders/<uuid:order_id>/shipments", api.ShipmentsOfOrder.as_view()),
    path("api/v1/orders-to-ship", api.OrdersToShip.as_view()),
    path("shipments/", pages.shipment_list),
    path("shipments/waiting", pages.orders_to_ship),
    path("shipments/<uuid:shipment_id>/", pages.shipment_detail),
    path("shipments/<uuid:shipment_id>/packing-slip", pages.packing_slip),
    path("shipments/<uuid:shipment_id>/progress", pages.shipment_progress),
    path("shipments/<uuid:shipment_id>/deletion", pages.shipment_deletion),
    path("orders/<uuid:order_id>/shipments", pages.shipments_of_order),
]
