"""What becomes of lines, before anything is booked."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.business.orders.imports.classify import Became, CannotBe, classify, kind_of
from apps.business.orders.imports.invoices import invoices_of
from apps.business.orders.imports.opening import opening_receipts
from apps.business.orders.imports.reader import read
from apps.business.orders.imports.tests.invoice_file import generated, row, written


@pytest.fixture
def lines(tmp_path):
    return lambda *rows: read(written(tmp_path / "f.csv", rows)).lines


class TestClassify:
    @pytest.mark.parametrize(
        ("line", "became", "kind"),
        [
            (row("1", "85123A", 6, "2.55"), Became.ORDER, "product"),
            (row("1", "85123A", 6, "0.0"), Became.ORDER, "product"),
            (row("1", "POST", 3, "18.0"), Became.ORDER, "postage"),
            (row("1", "DOT", 1, "569.77"), Became.ORDER, "postage"),
            (row("1", "C2", 1, "50.0"), Became.ORDER, "postage"),
            (row("1", "m", 1, "2.55"), Became.ORDER, "manual"),
            (row("1", "B", 1, "-11062.06"), Became.ORDER, "manual"),
            (row("1", "PADS", 1, "0.001"), Became.ORDER, "product"),
            (row("C1", "85123A", -6, "2.55"), Became.CREDIT, "product"),
            (row("C1", "85123A", -6, "0.0"), Became.CREDIT, "product"),
            (row("C1", "D", -1, "27.5"), Became.CREDIT, "discount"),
            (row("C1", "AMAZONFEE", -1, "13541.33"), Became.CREDIT, "manual"),
            (row("1", "85123A", -6, "2.55"), Became.CREDIT, "product"),
            (row("1", "84952C", -38, "0.0"), Became.ADJUSTMENT, "product"),
        ],
    )
    def test_decides_by_number_code_quantity_and_price(self, lines, line, became, kind):
        (read_line,) = lines(line)

        assert (classify(read_line), kind_of(read_line)) == (became, kind)

    @pytest.mark.parametrize(
        "line", [row("1", quantity=0), row("1", price="-1"), row("C1", quantity=1), row("C1", quantity=-1, price="-1")]
    )
    def test_refuses_what_contradicts_itself(self, lines, line):
        (read_line,) = lines(line)

        with pytest.raises(CannotBe):
            classify(read_line)


class TestInvoices:
    def test_come_in_the_order_of_time(self, lines):
        invoices, _ = invoices_of(lines(row("2", at="2025-12-02T00:00"), row("1", at="2025-12-01T00:00")))

        assert [invoice.number for invoice in invoices] == ["1", "2"]

    def test_keep_two_buyers_of_one_number_apart(self, lines):
        (invoice,), _ = invoices_of(lines(row("1", buyer="a"), row("1", buyer="b"), row("1", buyer="a")))

        assert {code: len(group) for code, group in invoice.by_customer(Became.ORDER).items()} == {"a": 2, "b": 1}


class TestOpeningReceipts:
    def test_cover_the_lowest_point(self, lines):
        invoices, _ = invoices_of(lines(row("1", "A", 5), row("C2", "A", -3), row("3", "A", 4), row("4", "X", -2, "0")))

        assert opening_receipts(invoices) == {"A": 6, "X": 2}

    @given(seed=st.integers(0, 2**16))
    def test_are_the_smallest_with_which_nothing_falls_below_zero(self, tmp_path_factory, seed):
        path = tmp_path_factory.mktemp("files") / "f.csv"
        invoices, _ = invoices_of(read(written(path, generated(invoices=15, seed=seed))).lines)
        stock = Counter(opening_receipts(invoices))
        lowest = dict(stock)

        for invoice in invoices:
            for step in invoice.stock_changes():
                for code, change in step.items():
                    stock[code] += change
                    lowest[code] = min(lowest.get(code, 0), stock[code])

        assert min(lowest.values()) == 0
        assert {lowest[code] for code in opening_receipts(invoices)} == {0}
