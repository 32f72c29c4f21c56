"""Scales as users write them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import UsageError
from harness.seed import estimate_bytes, parse_scale, size
from harness.seed.pools import build_pools
from harness.seed.size import pools_and_row_bytes
from tests.unit.seed.tiny import shop_spec


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("10k", 10_000),
        ("100k", 100_000),
        ("1m", 1_000_000),
        ("2.5k", 2_500),
        ("1.1k", 1_100),
        ("7", 7),
        ("10K", 10_000),
    ],
)
def test_a_scale_is_a_number_of_rows(text: str, rows: int) -> None:
    assert parse_scale(text) == rows


@pytest.mark.parametrize("text", ["10kk", "0", "0k", "-5", "", "k", "1.5", "1e5", "10 k", "many", "101m", "nan", "٣"])
def test_anything_else_is_refused_with_a_next_step(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_scale(text)
    assert repr(text) in str(caught.value)
    assert caught.value.next_step


def test_the_size_grows_with_the_scale() -> None:
    spec = shop_spec()
    small, large = estimate_bytes(spec, 10_000), estimate_bytes(spec, 100_000)
    assert 9 < large / small < 11
    assert 100 < small / 40_000 < 400


def test_a_run_draws_its_pools_once_and_others_are_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []

    def counted(spec: Any, seed: int) -> Any:
        seeds.append(seed)
        return build_pools(spec, seed)

    monkeypatch.setattr(size, "build_pools", counted)
    size._last.clear()
    estimate_bytes(shop_spec(), 1_000, 7)
    estimate_bytes(shop_spec(), 50_000, 7)
    pools, _ = pools_and_row_bytes(shop_spec(), 7)
    assert seeds == [7]
    assert pools["name"].array.equals(build_pools(shop_spec(), 7)["name"].array)
    other, _ = pools_and_row_bytes(shop_spec(), 8)
    longer, _ = pools_and_row_bytes(shop_spec(pools__name__size=7), 8)
    assert seeds == [7, 8, 8]
    assert not other["name"].array.equals(pools["name"].array)
    assert len(longer["name"]) == 7
