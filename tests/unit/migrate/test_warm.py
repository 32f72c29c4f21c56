"""The pieces in which an arm is read into the caches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.migrate.warm import pieces


@given(st.lists(st.integers(1, 300), max_size=20), st.integers(1, 50))
def test_every_page_is_read_once_in_pieces_of_equal_size(sizes: list[int], number: int) -> None:
    relations = [(oid, pages) for oid, pages in enumerate(sizes, start=10)]
    parts = pieces(relations, number)
    assert len(parts) == number
    read = [(oid, page) for part in parts for oid, first, last in part for page in range(first, last + 1)]
    assert read == [(oid, page) for oid, pages in relations for page in range(pages)]
    counts = [sum(last - first + 1 for _, first, last in part) for part in parts]
    assert max(counts) - min(counts) <= 1
