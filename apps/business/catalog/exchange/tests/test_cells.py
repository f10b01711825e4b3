import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.business.catalog.exchange.cells import options_of, options_text, paths_of, paths_text, prices_of
from apps.business.spreadsheet import guarded, unguarded

# What stands in a cell has no space at its ends.
NAMES = st.text(st.sampled_from("ab é|;=/\\'+"), min_size=1, max_size=6).map(str.strip).filter(bool)


class TestCells:
    @settings(max_examples=60, deadline=None)
    @given(st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple), max_size=3), st.dictionaries(NAMES, NAMES))
    def test_say_the_same_when_they_are_read_again(self, paths, options):
        assert set(paths_of(paths_text(paths))) == paths
        assert options_of(options_text(options)) == options

    @settings(max_examples=40, deadline=None)
    @given(st.text(st.sampled_from("'=+-@\t\ra"), max_size=5))
    def test_begin_with_no_formula_and_are_the_text_again_when_they_are_read(self, text):
        assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
        assert unguarded(guarded(text)) == text

    def test_leave_a_quote_that_guards_nothing(self):
        assert unguarded("'tis") == "'tis"

    @pytest.mark.parametrize(
        ("read", "cell"),
        [
            (paths_of, "Kitchen / "),
            (paths_of, "| Tea"),
            (options_of, "Size"),
            (options_of, "Size=M; Size=L"),
            (options_of, "Size=M=L"),
            (prices_of, "EUR"),
            (prices_of, "EUR 2,50"),
            (prices_of, "EUR 2 from tomorrow"),
            (prices_of, "EUR 2 |"),
        ],
    )
    def test_that_cannot_be_read_are_refused(self, read, cell):
        with pytest.raises(ValueError, match=r".+"):
            read(cell)
