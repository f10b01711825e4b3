"""What policies may ask of products. Plain data, for every process."""

from apps.core.auth.resource_kinds import Attribute, ResourceKind

PRODUCT = ResourceKind(
    "product",
    nouns=("products", "stock"),
    source="apps.business.facade.business.product_attributes",
    attributes={
        "amount": Attribute("number", "Its unit price, in minor units of its currency, rounded half to even"),
        "currency": Attribute("text", "ISO 4217 code"),
        "owner": Attribute("text", "The id of whoever made it", optional=True),
    },
)
