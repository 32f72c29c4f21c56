"""Numbers and foreign strings as the reader sees them."""

from __future__ import annotations

import pytest

from harness import text


def plain(words: str) -> str:
    return words.replace(text.GAP, " ")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.314, "1.31×"),
        (0.0432, "0.043×"),
        (15.24, "15.2×"),
        (0.9996, "1.00×"),
        (9.996, "10.0×"),
        (1234.5, "1,234×"),
        (None, "–"),
    ],
)
def test_ratios_have_three_digits(value: float | None, words: str) -> None:
    assert text.ratio(value) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 µs"),
        (4.5e-5, "45.0 µs"),
        (3.2e-4, "0.32 ms"),
        (0.0124, "12.4 ms"),
        (0.9999, "1.00 s"),
        (59.99, "60.0 s"),
        (125.0, "2 min 5 s"),
        (None, "–"),
    ],
)
def test_times_have_the_unit_that_suits_them(seconds: float | None, words: str) -> None:
    assert plain(text.duration(seconds)) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0 B"), (812, "812 B"), (1024, "1.00 KiB"), (12_400_000, "11.8 MiB"), (2**40, "1.00 TiB")]
)
def test_sizes_have_binary_units(value: int, words: str) -> None:
    assert plain(text.size(value)) == words


@pytest.mark.parametrize(
    ("value", "words"), [(1.0, "±0.0 %"), (1.0004, "±0.0 %"), (0.69, "−31.0 %"), (1.042, "+4.2 %")]
)
def test_changes_have_a_sign(value: float, words: str) -> None:
    assert plain(text.change(value)) == words


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (1, 100_000, "under 0.1 %"),
        (99_999, 100_000, "over 99.9 %"),
        (1, 2, "50 %"),
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (0, 0, "–"),
    ],
)
def test_a_share_never_rounds_to_nothing_or_all(part: int, whole: int, words: str) -> None:
    assert plain(text.share(part, whole)) == words


def test_lists_end_with_and() -> None:
    assert text.several([]) == ""
    assert text.several(["a"]) == "a"
    assert text.several(["a", "b"]) == "a and b"
    assert text.several(list("abcde")) == "a, b, c, d and e"
    assert text.several(list("abcdefgh")) == "a, b, c, d and 4 more"


def test_what_cannot_be_seen_is_written_out() -> None:
    assert text.visible("a\u202eb\x00c\ud800\u00a0\ufffe") == "a\\u202eb\\u0000c\\ud800\\u00a0\\ufffe"
    assert text.visible("Größe 東京 שלום 🚀\n") == "Größe 東京 שלום 🚀\n"


def test_text_to_be_pasted_keeps_what_a_terminal_can_hold() -> None:
    assert text.printable("a\u00a0b\u200d\x1b\ud800") == "a\u00a0b\u200d\\u001b\\ud800"


def test_long_values_are_cut_where_they_differ() -> None:
    old, new = text.value_pair("x" * 300 + "a" + "y" * 300, "x" * 300 + "b" + "y" * 300)
    assert old.startswith("…'" + "x" * 40 + "a")
    assert new.startswith("…'" + "x" * 40 + "b")
    assert old.endswith("(601 characters)")


def test_null_is_told_from_the_word() -> None:
    assert text.value_pair(None, "NULL") == ("NULL", "'NULL'")


def test_axis_labels_drop_needless_zeros() -> None:
    assert plain(text.rounded(text.duration(0.01))) == "10 ms"
    assert plain(text.rounded(text.duration(0.5))) == "500 ms"
    assert plain(text.rounded(text.size(0))) == "0 B"


def test_a_moment_is_written_for_people() -> None:
    assert text.moment("2025-03-28T21:04:11Z") == "2025-03-28 21:04:11 UTC"
    assert text.moment("yesterday") == "yesterday"
