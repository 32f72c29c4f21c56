"""Every generator: its types, bounds, NULLs and weights, and that a row's value depends on the row alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.seed.values import Ref
from harness.seed.world import World
from tests.unit.seed.tiny import numbers, one_column, plain, world

MANY = np.arange(20_000)
WORLD = world(20_000)
DIRECT = world(20_000, lent_rows=0)
ENTRIES: list[dict[str, Any]] = [
    {"kind": "uuid"},
    {"kind": "sequence"},
    {"kind": "sequence", "prefix": "A-", "width": 8},
    {"kind": "pool", "pool": "word"},
    {"kind": "pool", "pool": "words", "skew": 1.0},
    {"kind": "choice", "weights": {"a": 1, "b": 2}},
    {"kind": "choice", "weights": {"a": 1}, "by": "state", "cases": {"open": {"b": 1}}},
    {"kind": "parent", "table": "person", "skew": 1.2},
    {"kind": "parent", "table": "person", "cover": True},
    {"kind": "parent", "table": "person", "within": {"shop_id": "shop_id"}, "skew": 0.6},
    {"kind": "parent", "table": "person", "order": "clustered", "skew": 0.5},
    {"kind": "previous", "same": "shop_id"},
    {"kind": "copy", "through": "person_id", "column": "email"},
    {"kind": "number", "min": -5, "max": 5},
    {"kind": "number", "distribution": "lognormal", "median": 10, "sigma": 2, "min": 1, "max": 500, "scale": 2},
    {"kind": "timeline", "first": "2020-01-01", "last": "2021-01-01", "jitter_days": 9},
    {"kind": "after", "column": "made_at", "min_days": -1, "mean_days": 3, "max_days": 10},
    {"kind": "template", "text": "{row}: {person_name:slug} {note} {lines}", "max_length": 40},
    {"kind": "expression", "expression": "(price - 2) * lines / 3 + price"},
    {"kind": "expression", "expression": "state == 'open' and not (lines > 3 or price <= 10)"},
]


def _name(entry: dict[str, Any]) -> str:
    return "-".join(str(value) for value in entry.values() if isinstance(value, str | int))


@pytest.mark.parametrize("entry", ENTRIES, ids=_name)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_value_depends_on_its_row_alone(entry: dict[str, Any], data: st.DataObject) -> None:
    changed = world(5_000, tables__sale__columns__probe=entry)
    rows = data.draw(st.lists(st.integers(0, 4_999), min_size=1, max_size=60))
    together = plain(changed.frame("sale", numbers(*rows)).column("probe"))
    alone = [plain(changed.frame("sale", numbers(row)).column("probe"))[0] for row in rows[:5]]
    assert together[:5] == alone
    everything = plain(changed.frame("sale", np.arange(5_000)).column("probe"))
    assert together == [everything[row] for row in rows]


@pytest.mark.parametrize("entry", ENTRIES, ids=_name)
@pytest.mark.parametrize("nulls", [0.0, 0.25, 1.0])
def test_the_rate_of_nulls_is_kept(entry: dict[str, Any], nulls: float) -> None:
    rows = np.arange(4_000)
    without = one_column(entry, rows, 4_000).null
    drawn = one_column({**entry, "nulls": nulls}, rows, 4_000).null
    own = 0.0 if without is None else without.mean()
    assert (0.0 if drawn is None else drawn.mean()) == pytest.approx(nulls + (1 - nulls) * own, abs=0.03)


def test_another_seed_gives_other_values() -> None:
    entry = {"kind": "number", "max": 1_000_000}
    one, other = (plain(one_column(entry, numbers(1, 2, 3), seed=seed)) for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize("table", ["shop", "person", "sale", "line"])
def test_lending_a_parent_changes_nothing(table: str) -> None:
    rows = np.arange(min(WORLD.counts[table], 3_000))
    for name in WORLD.spec.tables[table].columns:
        lent, direct = (plain(made.frame(table, rows).column(name)) for made in (WORLD, DIRECT))
        assert lent == direct, name


@given(st.floats(-1e4, 1e4), st.floats(0, 1e4), st.integers(0, 4))
@settings(max_examples=30, deadline=None)
def test_uniform_numbers_keep_their_bounds(low: float, width: float, scale: int) -> None:
    low = round(low, 2)
    high = round(low + width, 2)
    drawn = plain(one_column({"kind": "number", "min": low, "max": high, "scale": scale}, np.arange(500)))
    half = Decimal(10) ** -scale  # a bound that is no multiple of the unit is rounded to one
    assert min(drawn) >= Decimal(str(low)) - half
    assert max(drawn) <= Decimal(str(high)) + half


def test_lognormal_numbers_have_their_median_and_bounds() -> None:
    entry = {
        "kind": "number",
        "distribution": "lognormal",
        "median": 200,
        "sigma": 1.5,
        "min": 20,
        "max": 900,
        "scale": 1,
    }
    drawn = sorted(plain(one_column(entry, MANY)))
    assert float(drawn[len(drawn) // 2]) == pytest.approx(200, rel=0.05)
    assert drawn[0] == 20
    assert drawn[-1] == 900


def test_choices_follow_their_weights() -> None:
    drawn = plain(one_column({"kind": "choice", "weights": {"a": 70, "b": 30, "never": 0}}, MANY))
    assert drawn.count("a") / len(drawn) == pytest.approx(0.7, abs=0.015)
    assert "never" not in drawn


def test_choices_follow_the_case_of_another_column() -> None:
    entry = {"kind": "choice", "weights": {"x": 1}, "by": "state", "cases": {"open": {"y": 1, "z": 1}}}
    made = world(2_000, tables__sale__columns__probe=entry).frame("sale", np.arange(2_000))
    pairs = set(zip(plain(made.column("state")), plain(made.column("probe")), strict=True))
    assert pairs == {("open", "y"), ("open", "z"), ("done", "x")}


def test_a_column_is_null_unless_the_other_has_one_of_the_values() -> None:
    made = WORLD.frame("sale", np.arange(2_000))
    states, done = plain(made.column("state")), plain(made.column("done_at"))
    assert {(state, at is None) for state, at in zip(states, done, strict=True)} == {("open", True), ("done", False)}


def test_skewed_pools_prefer_their_first_words() -> None:
    drawn = plain(one_column({"kind": "pool", "pool": "name", "skew": 1.0}, MANY))
    ranked = sorted((drawn.count(word) for word in set(drawn)), reverse=True)
    assert ranked[0] > 5 * ranked[-1]


def test_a_timeline_follows_the_row_numbers_and_stays_within_its_days() -> None:
    entry = {"kind": "timeline", "first": "2020-01-01", "last": "2020-12-31", "jitter_days": 3}
    drawn = plain(one_column(entry, MANY, scale=len(MANY)))
    order = np.argsort([at.timestamp() for at in drawn], kind="stable")
    assert np.corrcoef(order, MANY)[0, 1] > 0.99
    assert min(drawn) >= datetime(2020, 1, 1, tzinfo=UTC)
    assert max(drawn) <= datetime(2020, 12, 31, tzinfo=UTC)
    assert drawn != sorted(drawn)


def test_later_times_keep_their_distance() -> None:
    entry = {"kind": "after", "column": "made_at", "min_days": 2, "mean_days": 3, "max_days": 20}
    made = world(5_000, tables__sale__columns__probe=entry).frame("sale", np.arange(5_000))
    pairs = zip(plain(made.column("made_at")), plain(made.column("probe")), strict=True)
    gaps = [(late - early) / timedelta(days=1) for early, late in pairs]
    assert min(gaps) >= 2
    assert max(gaps) == pytest.approx(20)
    assert np.mean(gaps) == pytest.approx(5, abs=0.2)


def _refs(made: World, table: str, column: str) -> Ref:
    ref = made.frame(table, np.arange(made.counts[table])).column(column)
    assert isinstance(ref, Ref)
    return ref


def test_every_parent_exists_and_belongs_to_the_same_group() -> None:
    sales = _refs(WORLD, "sale", "person_id")
    assert sales.rows.min() >= 0
    assert sales.rows.max() < WORLD.counts["person"]
    shop_of_person = _refs(WORLD, "person", "shop_id").rows
    shop_of_sale = _refs(WORLD, "sale", "shop_id").rows
    assert (shop_of_person[sales.rows] == shop_of_sale).all()


def test_parents_have_zipf_like_numbers_of_children() -> None:
    counts = np.sort(np.bincount(_refs(WORLD, "sale", "person_id").rows))[::-1]
    assert counts[:200].sum() > 3 * counts[-200:].sum()


def test_each_parent_is_covered() -> None:
    assert set(_refs(WORLD, "person", "shop_id").rows[:6]) == set(range(6))


def test_clustered_children_lie_beside_each_other_and_differ_in_number() -> None:
    parents = _refs(WORLD, "line", "sale_id").rows
    assert np.corrcoef(parents, np.arange(len(parents)))[0, 1] > 0.999
    counts = np.bincount(parents, minlength=WORLD.counts["sale"])
    assert counts.mean() == pytest.approx(3)
    assert (counts == 0).mean() > 0.02
    assert counts.max() > 9


def test_the_row_before_is_one_of_the_same_group() -> None:
    made = WORLD.frame("line", np.arange(3_000))
    before, sale = made.column("before_id"), made.column("sale_id")
    assert isinstance(before, Ref)
    assert isinstance(sale, Ref)
    assert before.null is not None
    index = np.flatnonzero(~before.null)
    assert len(index) > 500
    assert (before.rows[index] == index - 1).all()
    assert (sale.rows[index] == sale.rows[index - 1]).all()


def test_copies_show_what_their_source_shows() -> None:
    sales = WORLD.frame("sale", np.arange(3_000))
    people = WORLD.frame("person", np.arange(WORLD.counts["person"]))
    ref = sales.column("person_id")
    assert isinstance(ref, Ref)
    assert ref.null is not None
    for copied, source in (("person_name", "name"), ("person_email", "email"), ("person_role", "role")):
        values = plain(people.column(source))
        wanted = [None if null else values[row] for row, null in zip(ref.rows, ref.null, strict=True)]
        assert plain(sales.column(copied)) == wanted
        assert any(value is None for value in wanted)


def test_templates_fill_in_columns_slugs_and_the_row() -> None:
    entry = {"kind": "template", "text": "<{state}|{state:slug}|{row}|{lines}>"}
    made = world(100, tables__sale__columns__probe=entry).frame("sale", numbers(4))
    state, lines = plain(made.column("state"))[0], plain(made.column("lines"))[0]
    assert plain(made.column("probe")) == [f"<{state}|{state}|5|{lines}>"]


@pytest.mark.parametrize("text", ["always { the same", '{"a": {}}'])
def test_a_template_without_parts_is_the_same_in_every_row(text: str) -> None:
    entry = {"kind": "template", "text": text, "max_length": 100}
    assert plain(one_column(entry, numbers(0, 7, 99))) == [text] * 3


def test_a_template_is_null_where_one_of_its_parts_is() -> None:
    made = world(500, tables__sale__columns__probe={"kind": "template", "text": "{note}!"}).frame(
        "sale", np.arange(500)
    )
    probes, notes = plain(made.column("probe")), plain(made.column("note"))
    assert [probe is None for probe in probes] == [note is None for note in notes]


def test_texts_vary_in_length() -> None:
    lengths = [len(note) for note in plain(WORLD.frame("sale", np.arange(5_000)).column("note")) if note is not None]
    assert np.median(lengths) == pytest.approx(100, rel=0.25)
    assert max(lengths) > 400
    assert max(lengths) <= 900


def test_the_row_before_counts_only_where_both_have_a_value() -> None:
    nulls: dict[str, Any] = {"kind": "parent", "table": "sale", "order": "clustered", "nulls": 0.4}
    frame = world(tables__line__columns__sale_id=nulls).frame("line", np.arange(1, 3000))
    own, before = frame.column("sale_id"), frame.at(frame.rows - 1).column("sale_id")
    previous = plain(world(tables__line__columns__sale_id=nulls, tables__line__columns__before_id__nulls=0)
                     .frame("line", frame.rows).column("before_id"))  # fmt: skip
    wanted = [a is not None and a == b for a, b in zip(plain(own), plain(before), strict=True)]
    assert [value is not None for value in previous] == wanted
    assert any(wanted)


def test_within_gives_null_where_no_parent_is_in_any_group() -> None:
    entry = {"kind": "parent", "table": "person", "within": {"shop_id": "shop_id"}}
    made = world(tables__person__columns__shop_id__nulls=1, tables__sale__columns__probe=entry)
    assert plain(made.frame("sale", np.arange(500)).column("probe")) == [None] * 500
