from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from apps.business.orders.imports.errors import FileUnusable
from apps.business.orders.imports.invoices import invoices_of
from apps.business.orders.imports.reader import COLUMNS, read
from apps.business.orders.imports.tests.invoice_file import broken, generated, row, text_of, written


def lines_of(path, *rows, **kwargs):
    return read(written(path / "f.csv", rows), **kwargs)


class TestRead:
    def test_reads_the_same_from_plain_text_and_gzip(self, tmp_path):
        rows = generated()

        plain, packed = (read(written(tmp_path / name, rows)) for name in ("f.csv", "f.csv.gz"))

        assert plain.lines == packed.lines
        assert plain.line_count == len(rows)

    def test_numbers_lines_and_places_in_the_invoice(self, tmp_path):
        duplicate = row("1", "A")
        file = lines_of(tmp_path, duplicate, row("2", "B", description="two\nlines"), duplicate)

        assert [(line.line_number, line.invoice_no, line.ordinal) for line in file.lines] == [
            (2, "1", 1),
            (3, "2", 1),
            (5, "1", 2),
        ]

    def test_takes_columns_in_any_order_and_a_byte_order_mark(self, tmp_path):
        path = tmp_path / "f.csv"
        path.write_bytes(b"\xef\xbb\xbf" + text_of([row()[::-1]], COLUMNS[::-1]).encode())

        assert read(path).lines[0].price_e4 == 25_500

    def test_adds_up_its_own_total_whatever_is_wrong_with_a_line(self, tmp_path):
        file = lines_of(tmp_path, row(quantity=2, price="0.001"), row(at="never", price="1"), row(quantity="many"))

        assert (file.total, file.unreadable_amounts) == (Decimal("1.002"), 1)

    @pytest.mark.parametrize(
        ("text", "zone", "moment"),
        [
            ("2011-07-01T08:26:00", "UTC", datetime(2011, 7, 1, 8, 26, tzinfo=UTC)),
            ("2011-07-01 08:26", "Europe/London", datetime(2011, 7, 1, 7, 26, tzinfo=UTC)),
            ("7/1/2011 8:26", "UTC", datetime(2011, 7, 1, 8, 26, tzinfo=UTC)),
            ("2011-07-01T08:26:00+02:00", "Europe/London", datetime(2011, 7, 1, 6, 26, tzinfo=UTC)),
        ],
    )
    def test_understands_times(self, tmp_path, text, zone, moment):
        assert lines_of(tmp_path, row(at=text), zone=ZoneInfo(zone)).lines[0].at == moment

    def test_says_by_line_number_what_is_wrong(self, tmp_path):
        file = lines_of(tmp_path, *broken(), [*row(), "one more"])
        _, contradictory = invoices_of(file.lines)

        reasons = {rejected.line_number: rejected.reason for rejected in (*file.rejected, *contradictory)}

        assert sorted(reasons) == list(range(2, 14))
        for number, part in {2: "whole number", 3: "no number", 4: "four decimals", 5: "no date", 6: "StockCode",
                             7: "InvoiceNo", 8: "zero", 9: "below zero", 10: "credit note", 11: "200", 12: "larger",
                             13: "9 fields instead of 8"}.items():  # fmt: skip
            assert part in reasons[number]


class TestUnusableFiles:
    @pytest.mark.parametrize(
        ("content", "text"),
        [
            (b"", "is empty"),
            (b"InvoiceNo,StockCode\n1,2\n", "no column Description, Quantity"),
            (text_of([]).encode(), "no line"),
            (b"\x1f\x8bnonsense", "broken gzip"),
            (text_of([row(description="caf\u00e9")]).encode("latin-1"), "is not utf-8 text"),
            ((text_of([]) + '"' + "x" * 200_000).encode(), "field larger"),
        ],
    )
    def test_are_refused_in_one_clear_line(self, tmp_path, content, text):
        path = tmp_path / "f.csv"
        path.write_bytes(content)

        with pytest.raises(FileUnusable, match=text) as refused:
            read(path)
        assert "\n" not in str(refused.value)

    def test_includes_one_that_is_cut_off(self, tmp_path):
        path = written(tmp_path / "f.csv.gz", generated())
        path.write_bytes(path.read_bytes()[:-20])

        with pytest.raises(FileUnusable, match="broken gzip"):
            read(path)

    def test_includes_one_that_is_not_there_and_an_encoding_that_does_not_exist(self, tmp_path):
        with pytest.raises(FileUnusable, match="No such file"):
            read(tmp_path / "nowhere.csv")
        with pytest.raises(FileUnusable, match="no encoding"):
            read(written(tmp_path / "f.csv", [row()]), encoding="klingon")
