"""Durations, client levels and arms as people write them."""

import pytest

from harness.errors import UsageError
from harness.options import check_profile, parse_arms, parse_clients, parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("300", 300), ("90s", 90), ("5m", 300), ("1.5h", 5400), ("500ms", 0.5)])
def test_durations_are_read_in_any_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "-5s", "5 minutes", "m", "1e3"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no duration"):
        parse_duration(text)


def test_client_levels_are_a_list_of_different_positive_numbers() -> None:
    assert parse_clients("1, 4") == (1, 4)
    for text in ("0", "", "1,,2", "a", "1,1", "-1", "1001"):
        with pytest.raises(UsageError):
            parse_clients(text)


def test_arms_need_before_and_after() -> None:
    assert parse_arms("before,after") == ("before", "after")
    for text in ("before", "after,control", "before,after,after", "before,behind"):
        with pytest.raises(UsageError):
            parse_arms(text)


def test_profiles_are_known_by_name() -> None:
    assert check_profile("realistic") == "realistic"
    with pytest.raises(UsageError, match="there is no profile 'dirty'"):
        check_profile("dirty")
