"""The known slow-down: how the query is wrapped, and how much the server has to count."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from harness.calibrate.burden import (
    FIRST_GUESS,
    Burden,
    Trial,
    burdened,
    can_be_slowed,
    corrected,
    learn_burden,
    typical_time_s,
)
from harness.scenario import Query, SqlFile
from harness.stats import typical_ratio
from harness.workload import BoundQuery, BoundStatement


def bound(*sql: str, kind: Literal["read", "write"] = "read") -> BoundQuery:
    file = SqlFile(Path("q.sql"), "; ".join(sql))
    query = Query(
        name="q",
        title="q",
        kind=kind,
        before=file,
        after=file,
        params=None,
        weight=1.0,
        max_slowdown=0.05,
        gated=True,
        ordered=False,
    )
    statements = tuple(BoundStatement(text, ("op",)) for text in sql)
    return BoundQuery(query, statements, statements, ({},))


def test_the_last_statement_is_wrapped_in_the_second_form_alone() -> None:
    wrapped = burdened(bound("SELECT 1", "SELECT $1 -- the number"), 50)
    assert [item.sql for item in wrapped.before] == ["SELECT 1", "SELECT $1 -- the number"]
    assert wrapped.after[0].sql == "SELECT 1"
    assert wrapped.after[1].sql.startswith("SELECT * FROM (\nSELECT $1 -- the number\n) AS slowed")
    assert "generate_series(1, 50)" in wrapped.after[1].sql
    assert wrapped.after[1].names == ("op",)


def test_without_a_number_of_rows_both_forms_are_the_old_one() -> None:
    query = bound("SELECT 1")
    assert burdened(query, None).after == query.before


def test_only_what_reads_can_be_slowed() -> None:
    assert can_be_slowed(bound("SELECT 1"))
    assert not can_be_slowed(bound("DELETE FROM orders", kind="write"))


def test_the_rows_make_up_the_share_that_the_wrapper_leaves_open() -> None:
    # Ten percent of a millisecond are 100 us; the wrapper takes 20, the rest is 80 us of 40 ns each.
    assert Burden(0.001, 20e-6, 40e-9).rows(0.1) == 2000
    assert Burden(0.001, 200e-6, 40e-9).rows(0.1) is None
    assert Burden(0.001, 0.0, 0.0).rows(0.1) is None
    # A wrapper that spares 20 us has to be made up for.
    assert Burden(0.001, -20e-6, 40e-9).rows(0.1) == 3000


def test_a_constant_is_as_large_a_share_of_the_typical_time_as_the_typical_operation_grows_by() -> None:
    times_s = np.tile([0.001, 0.002, 0.004, 0.03], 25)
    added_s = 0.05 * typical_time_s(times_s)
    assert typical_ratio(times_s, times_s + added_s) == pytest.approx(1.05, rel=0.002)
    assert added_s / np.median(times_s) < 0.045, "of the median it is another share"
    assert typical_time_s(np.full(7, 0.003)) == pytest.approx(0.003)


def test_the_costs_are_learnt_from_two_measurements() -> None:
    plain = {"fast": 0.0005, "slow": 0.02}
    light = {name: (value, 1 + (10e-6 + 40e-9) / value) for name, value in plain.items()}
    heavy = {name: (value, 1 + (10e-6 + FIRST_GUESS * 40e-9) / value) for name, value in plain.items()}
    learnt = learn_burden(["fast", "slow", "gone"], light, heavy)
    assert set(learnt) == {"fast", "slow"}
    assert learnt["slow"].row_s == pytest.approx(40e-9)
    assert learnt["fast"].wrapper_s == pytest.approx(10e-6, rel=0.01)
    assert learnt["fast"].rows(0.1) == pytest.approx(40e-6 / 40e-9, rel=0.01)
    assert learn_burden([], {}, {}) == {}


def test_what_the_runs_show_corrects_what_was_learnt() -> None:
    # Rows cost a quarter more than was learnt, and every query's wrapper two percent of it more.
    generator = np.random.default_rng(1)
    learnt = {name: Burden(time_s, 10e-6, 40e-9) for name, time_s in (("a", 0.0005), ("b", 0.002), ("c", 0.02))}
    trials: list[Trial] = []
    planted: list[float] = []
    for run in range(12):
        for index, (name, burden) in enumerate(corrected(learnt, trials).items()):
            share = (0.05, 0.10, 0.20)[(run + index) % 3]
            rows = burden.rows(share)
            assert rows is not None
            true = 0.02 + (10e-6 + 1.25 * rows * 40e-9) / learnt[name].plain_s
            planted.append(true / share)
            trials.append(Trial(name, rows, true + generator.normal(0, 0.01)))
    assert np.mean(planted[:3]) > 1.3
    assert np.mean(planted[9:]) == pytest.approx(1.0, abs=0.05)
    assert corrected(learnt, []) == learnt
    assert corrected(learnt, [Trial("gone", 5, 0.1)]) == learnt


def test_a_wrapper_that_spares_time_is_learnt_as_such() -> None:
    light, heavy = {"odd": (0.001, 0.8 + 40e-6)}, {"odd": (0.001, 0.8 + FIRST_GUESS * 40e-6)}
    learnt = learn_burden(["odd"], light, heavy)["odd"]
    assert learnt.wrapper_s == pytest.approx(-0.0002, rel=0.01)
    assert learnt.rows(0.1) == pytest.approx(300e-6 / 40e-9, rel=0.01)
