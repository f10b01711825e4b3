from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.catalog import commands, queries
from apps.business.catalog.errors import CatalogueFileUnusable
from apps.business.catalog.exchange.exporting import csv_of
from apps.business.catalog.exchange.importing import check_file, import_file
from apps.business.catalog.exchange.reader import parsed
from apps.business.catalog.exchange.report import refused_csv, told
from apps.business.catalog.tests.factories import ProductFactory, ProductPriceFactory
from apps.business.inventory import commands as inventory_commands
from apps.business.inventory import queries as inventory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
NOW = timezone.now()
HEAD = "sku,name,unit_price,currency"


def exported(**facts):
    return "".join(csv_of(queries.products(), **{"with_stock": True, "at": NOW, **facts}))


def check(text, *, may_manage_stock=True):
    return check_file(parsed(text.encode()), may_manage_stock=may_manage_stock, now=NOW, tell=lambda *_: None)


def apply(text, *, may_manage_stock=True, **facts):
    facts = {"actor": SYSTEM, "now": NOW, "tell": lambda *_: None, **facts}
    return import_file(parsed(text.encode()), may_manage_stock=may_manage_stock, **facts)


def counts(report):
    return {**{name: count for name, count in report.counts.items() if count}, "refused": len(report.refused)}


def reasons(report):
    return [(one.number, one.reason) for one in sorted(report.refused, key=lambda one: one.number)]


def category(name, parent=None):
    return commands.create_category(name=name, parent_id=parent and parent.id, actor=SYSTEM, now=NOW)


@pytest.fixture
def catalogue():
    """Everything that a file can say, with names that a spreadsheet or a cell would take for something else."""
    shirt = ProductFactory(sku="=SHIRT", name="-Shirt, “best”", description="Two\r\nlines", reorder_level=3)
    small = ProductFactory(sku="'S", variant_of=shirt, options={"Size": "S/M; =", "Hue": "red|blue"}, tax_class="zero")
    place = category("R/B", category("Clothes | all"))
    commands.categorise(product_id=small.id, category_ids=[place.id, category("Gifts").id], actor=SYSTEM, now=NOW)
    ProductPriceFactory(product=small, currency="EUR", valid_from=NOW - timedelta(days=1))
    ProductPriceFactory(product=shirt, valid_from=NOW + timedelta(days=1), valid_to=NOW + timedelta(days=2))
    inventory_commands.allow_back_orders(product_id=small.id, at_most=4, actor=SYSTEM)
    StockLevelFactory(product=small, on_hand=9, reserved=2)
    return small


class TestRoundTrip:
    def test_changes_nothing(self, catalogue, published):
        text = exported()

        report = apply(text)

        assert counts(report) == counts(check(text)) == {"unchanged": 2, "refused": 0}
        assert published == []
        assert exported() == text

    def test_makes_the_same_catalogue_in_another_company(self, catalogue, other_tenant_id):
        text = exported()
        told_only = ("on_hand", "available")

        with tenant(other_tenant_id):
            # Both prices hold from now on there: what a price was before, no company can be told.
            report = apply(text.replace((NOW - timedelta(days=1)).isoformat(), NOW.isoformat()))
            again = exported()

        assert counts(report) == {"created": 2, "refused": 0}
        lines = [parsed(one.encode()).lines for one in (text, again)]
        ours, theirs = ({line.sku: {**line.cells} for line in found} for found in lines)
        for cells in (*ours.values(), *theirs.values()):
            cells["prices"] = cells["prices"].replace((NOW - timedelta(days=1)).isoformat(), NOW.isoformat())
            for name in told_only:
                del cells[name]
        assert ours == theirs

    def test_writes_no_formula(self, catalogue):
        cells = [cell for line in exported().splitlines() for cell in line.split(",")]

        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
        assert "'=SHIRT" in cells

    def test_tells_no_stock_to_those_who_may_not_see_it(self, catalogue):
        assert "on_hand" not in exported(with_stock=False)
        assert "back_orders" not in exported(with_stock=False)

    def test_costs_the_same_however_many(self, catalogue, django_assert_max_num_queries):
        for _ in range(5):
            ProductFactory()

        with django_assert_max_num_queries(9, using="business"):
            exported()


class TestCheck:
    def test_says_what_would_become_of_each_line_and_writes_nothing(self, catalogue, published):
        text = f"{HEAD},variant_of,options,categories\n" + (
            "A,Apron,12.5,GBP,,,Kitchen / Linen\nA-S,Apron S,13,GBP,A,Size=S,\n=SHIRT,-Shirt,2.55,GBP,,,\n"
        )

        report = check(text)

        assert counts(report) == {"created": 2, "changed": 1, "refused": 0}
        assert [(plan.line.number, plan.becomes, plan.changes[:1]) for plan in report.shown] == [
            (2, "created", ("name",)),
            (4, "changed", ("name",)),
            (3, "created", ("name",)),
        ]
        assert report.new_categories == {("Kitchen",), ("Kitchen", "Linen")}
        assert "2  would be created" in told(report)
        assert published == []

    @pytest.mark.parametrize(
        ("cells", "reason"),
        [
            ("B,,1,GBP", "name: is needed for a new product"),
            ("B,B,much,GBP", "unit_price: much is not a price such as 2.50"),
            ("B,B,NaN,GBP", "unit_price: NaN is not a price"),
            ("B,B,-1,GBP", "unit_price: not below zero"),
            ("B,B,1,XXX", "currency: an ISO 4217 code such as GBP"),
            (",B,1,GBP", "sku: is needed"),
            ("B,B,1", "it has 3 cells, and the file 4 columns"),
            ("A,A,1,GBP", "sku: line 2 is about A already"),
        ],
    )
    def test_names_what_is_wrong_with_a_line(self, cells, reason):
        for report in (check(f"{HEAD}\nA,A,1,GBP\n{cells}\n"), apply(f"{HEAD}\nA,A,1,GBP\n{cells}\n")):
            assert [(number, said[: len(reason)]) for number, said in reasons(report)] == [(3, reason)]
            assert counts(report) == {"created": 1, "refused": 1}

    @pytest.mark.parametrize(
        ("column", "cell", "reason"),
        [
            ("variant_of", "nowhere", "there is no product nowhere"),
            ("variant_of", "A", "a product that has variants cannot be a variant itself"),
            ("options", "Size=S", "options: only a variant has options"),
            ("reorder_level", "some", "reorder_level: some is not a whole number"),
            ("tax_class", "none", "tax_class: one of standard"),
            ("prices", "EUR 1 from 2020-01-01", "begins in the past"),
            ("prices", "EUR 1 until 2020-01-01", "ends before it begins"),
            ("prices", "XXX 1", "is in no currency"),
            ("prices", "EUR 1 until 2999-01-01 | EUR 2 from 2998-01-01", "overlaps another price"),
            ("categories", "a/b/c/d/e/f/g/h/i/j", "9 levels"),
            ("back_orders", "-1", "back_orders: -1 is not a whole number"),
            ("back_orders", "9999999999", "at most 2000000000"),
        ],
    )
    def test_knows_the_rules_of_the_catalogue(self, column, cell, reason):
        master = ProductFactory(sku="A")
        ProductFactory(sku="A-S", variant_of=master, options={"Size": "S"})
        text = f"sku,{column}\nA,{cell}\n"

        for report in (check(text), apply(text)):
            ((number, said),) = reasons(report)
            assert (number, reason in said) == (2, True), said

    def test_refuses_a_twin_of_a_variant_of_the_catalogue_or_of_the_file(self):
        master = ProductFactory(sku="A")
        ProductFactory(sku="A-S", variant_of=master, options={"Size": "S"})
        text = f"{HEAD},variant_of,options\n" + "".join(
            f"{sku},x,1,GBP,A,Size={size}\n" for sku, size in (("B", "S"), ("C", "M"), ("D", "M"))
        )

        assert (
            reasons(check(text))
            == reasons(apply(text))
            == [
                (2, "options: A-S has these already"),
                (4, "options: C has these already"),
            ]
        )

    def test_lets_only_managers_of_the_stock_change_back_orders(self):
        ProductFactory(sku="A")

        report = check("sku,back_orders\nA,5\n", may_manage_stock=False)

        assert reasons(report) == [(2, "back_orders: changing it needs the permission stock.manage")]
        assert counts(check("sku,back_orders\nA,\n", may_manage_stock=False)) == {"unchanged": 1, "refused": 0}


class TestImport:
    def test_goes_through_the_ordinary_commands(self, published):
        text = f"{HEAD},variant_of,options,categories,prices,back_orders\n" + (
            "A-S,Apron S,13,GBP,A,Size=S,Kitchen / Linen,EUR 15 | USD 9 from 2999-01-01,7\n"
            "A,Apron,12.5,GBP,,,Kitchen,,\n"
        )

        report = apply(text)

        found = queries.products_by_sku(["A", "A-S"])
        small = found["A-S"]
        assert counts(report) == {"created": 2, "refused": 0}
        assert (small.variant_of_id, small.options, small.unit_price) == (found["A"].id, {"Size": "S"}, Decimal(13))
        assert queries.price_at([small.id], "EUR", NOW) == {small.id: 150_000}
        assert [shelf.path for shelf in queries.category_tree()] == ["Kitchen", "Kitchen / Linen"]
        assert inventory.back_orders(small.id)["at_most"] == 7
        assert {type(event).__name__ for event in published} == {
            *("ProductCreated", "ProductCategorised", "ProductPriced", "CategoryPlaced"),
        }
        before = len(published)
        assert counts(apply(text)) == {"unchanged": 2, "refused": 0}
        assert len(published) == before

    def test_changes_only_what_the_file_speaks_of(self):
        product = ProductFactory(sku="A", name="Apron", description="Linen", reorder_level=4)

        apply("sku,name\nA,Blue apron\n")

        kept = queries.product(product.id)
        assert (kept.name, kept.description, kept.reorder_level) == ("Blue apron", "Linen", 4)

    def test_goes_on_where_it_was_cut_off(self):
        text = f"{HEAD}\n" + "".join(f"P{place},x,1,GBP\n" for place in range(4))
        kept = []

        def keep(counts):
            if len(kept) == 2:
                raise KeyboardInterrupt
            kept.append(dict(counts))

        with pytest.raises(KeyboardInterrupt):
            apply(text, keep=keep)
        assert sorted(product.sku for product in queries.products()) == ["P0", "P1"]
        report = apply(text, done_before=kept[-1])

        assert counts(report) == {"created": 4, "refused": 0}
        assert queries.products().count() == 4

    def test_undoes_the_line_of_which_a_part_is_refused_and_does_the_others(self):
        """Somebody prices B after it was looked through: its new category goes with it, and is made again for C."""
        product = ProductFactory(sku="B", name="B")

        def overtaken(counts):
            if counts["created"] == 1:
                ProductPriceFactory(product=product, currency="EUR", valid_from=NOW + timedelta(days=9))

        text = f"{HEAD},categories,prices\nA,A,1,GBP,,\nB,B,2.55,GBP,New,EUR 1 until 2999-01-01\nC,C,1,GBP,New,\n"

        report = apply(text, keep=overtaken)

        ((number, reason),) = reasons(report)
        assert (number, reason.startswith("it costs €9.00 from")) == (3, True)
        assert queries.categories_of(product.id) == set()
        assert [shelf.path for shelf in queries.category_tree()] == ["New"]
        assert counts(report) == {"created": 2, "refused": 1}

    def test_gives_the_refused_lines_back_so_that_they_can_be_mended(self):
        report = apply(f"{HEAD}\n'=A,'-A,-1,GBP\nB,B,1,GBP\n")

        text = refused_csv(report.refused, report.file.columns)

        assert text.splitlines()[1] == "2,unit_price: not below zero,'=A,'-A,'-1,GBP"
        assert counts(apply(text.replace("'-1", "1"))) == {"created": 1, "refused": 0}

    def test_touches_nothing_of_another_tenant(self, other_tenant_id):
        ours = ProductFactory(sku="A", name="Ours")

        with tenant(other_tenant_id):
            report = apply(f"{HEAD}\nA,Theirs,1,GBP\n")

        assert counts(report) == {"created": 1, "refused": 0}
        assert queries.product(ours.id).name == "Ours"


class TestFile:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "must name the columns, sku among them"),
            (b"name\nx", "sku among them"),
            (b"sku,colour\nA,red", "there is no column colour"),
            (b"sku,name,name\nA,x,y", "a column is named twice"),
            ("sku,name\nA,é".encode("latin-1"), "not UTF-8"),
            (b'sku,name\nA,"' + b"x" * 140_000, "line"),
        ],
    )
    def test_that_is_none_of_products_is_refused_whole(self, content, said):
        with pytest.raises(CatalogueFileUnusable, match=said):
            parsed(content)

    def test_is_read_as_a_spreadsheet_writes_it(self):
        file = parsed('\ufeffsku;name;description\r\nA;Apron;"two\nlines"\r\n;;\r\nB;Bib;x\r\n'.encode())

        assert [(line.number, line.sku) for line in file.lines] == [(2, "A"), (5, "B")]
        assert file.refused == []


def test_ids_are_no_part_of_a_file(catalogue):
    assert str(catalogue.id) not in exported()
    assert str(uuid4())[:8] not in exported()
