"""What policies may ask of orders and customers. Plain data, for every process."""

from apps.core.auth.resource_kinds import Attribute, ResourceKind

_OWNER = Attribute("text", "The id of whoever entered it", optional=True)

ORDER = ResourceKind(
    "order",
    nouns=("orders",),
    source="apps.business.facade.business.order_attributes",
    attributes={
        "amount": Attribute("number", "Its total, in minor units of its currency"),
        "currency": Attribute("text", "ISO 4217 code"),
        "status": Attribute(
            "text",
            "How far it is",
            choices=(
                "pending",
                "held",
                "under_review",
                "refused",
                "placed",
                "partly_returned",
                "returned",
                "cancelled",
            ),
        ),
        "owner": _OWNER,
    },
)
CUSTOMER = ResourceKind(
    "customer",
    nouns=("customers",),
    source="apps.business.facade.business.customer_attributes",
    attributes={"owner": _OWNER},
)
