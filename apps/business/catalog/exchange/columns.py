"""What a file of products may hold. The first line names the columns, in any order."""

from __future__ import annotations

COLUMNS = {
    "sku": "The stock code, by which a product is known; case matters. Always needed.",
    "name": "Needed for a new product.",
    "description": "Up to 4,000 characters.",
    "unit_price": "In major units, with a point and up to four decimals: 2.50. Needed for a new product.",
    "currency": "ISO 4217, such as GBP. Needed for a new product.",
    "tax_class": "standard, reduced, zero or exempt.",
    "reorder_level": "At or below it stock is low; empty: never.",
    "variant_of": "The stock code of the product that this is a variant of; empty: of none.",
    "options": "How a variant differs: Size=M; Colour=red.",
    "categories": "All the categories that it stands in, from the top: Kitchen / Tea | Gifts. What is missing is made.",
    "prices": (
        "Prices to be added: EUR 2.50 from 2026-12-01T00:00:00+00:00 until 2026-12-24T00:00:00+00:00 | USD 3. Without "
        "`from` from now on, without `until` for good. One that is left out is not ended."
    ),
    "back_orders": "How many may be promised before there are any. Changing it needs stock.manage.",
}
"""What is imported. A column that is left out changes nothing."""

TOLD = {
    "on_hand": "How many there are. Stock is changed by movements, never by a file.",
    "available": "How many of those are promised to nobody.",
}
"""What an export tells those who may see the stock, and an import passes over."""

REPORTED = {"line": "Where it stood in the file.", "reason": "Why it was refused."}
"""What a file of refused lines tells, and an import passes over."""

NEEDED_FOR_NEW = ("name", "unit_price", "currency")
