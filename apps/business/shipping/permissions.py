from apps.core.auth import CLERKS, VIEWERS, Permission


class ShipmentPermission(Permission):
    VIEW = "shipments.view", "See shipments", VIEWERS
    MANAGE = "shipments.manage", "Pack, send and follow shipments", CLERKS
