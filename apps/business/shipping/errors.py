"""What shipping refuses."""

from apps.core.errors import Conflict, Invalid, NotFound


class ShipmentNotFound(NotFound):
    """There is no such shipment."""

    code = "no_such_shipment"


class InvalidShipment(Invalid):
    """More would be sent than is owed, or nothing, or what it says breaks a rule."""

    code = "shipment_breaks_a_rule"


class ShipmentHasMovedOn(Conflict):
    """That cannot become of the shipment any more, or not yet."""

    code = "shipment_has_moved_on"
