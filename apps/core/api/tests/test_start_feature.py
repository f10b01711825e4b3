"""What `manage.py start_feature` makes of a feature's name. What it writes: `.ci/extra/start-feature`."""

from __future__ import annotations

import pytest

from apps.core.api.management.commands.start_feature import vocabulary


@pytest.mark.parametrize(
    ("feature", "model", "variable"),
    [
        ("returns", "Return", "return_"),
        ("addresses", "Address", "address"),
        ("price_lists", "PriceList", "price_list"),
        ("categories", "Category", "category"),
        ("boxes", "Box", "box"),
        ("stock", "Stock", "stock"),
    ],
)
def test_finds_the_names_of_one(feature, model, variable):
    words = vocabulary("business", feature, None)

    assert (words["Model"], words["var"]) == (model, variable)
    assert words["plural"] != words["var"]
