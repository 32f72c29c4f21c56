"""How a run is repeated, what its migration locked, and what its machine is, in words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from harness.options import RunOptions
from harness.report import build, html
from harness.report.evidence import Absent
from harness.result import LockTaken, MigrationStep, Result, VoidSlice
from tests.unit.report.cases import ALL_GOOD, EMPTY, REGRESSION


def repeated(result: Result, **chosen: Any) -> str:
    options = RunOptions(scenario="shop", scale="100k", **chosen).recorded()
    return build(replace(result, options=options)).method.repeat


def test_what_is_as_everybody_has_it_is_left_out_of_the_command() -> None:
    assert repeated(ALL_GOOD) == "bench run shop --scale 100k --seed 1"


def test_every_choice_that_matters_stands_in_the_command() -> None:
    command = repeated(ALL_GOOD, budget_s=90.0, clients=(1, 4), rate=0.0, arms=("before", "after"), full=True)
    assert command.endswith("--seed 1 --budget 90s --clients 1,4 --rate 0 --arms before,after --full")


def test_the_command_is_the_one_that_made_the_run() -> None:
    realistic = replace(ALL_GOOD, profile="realistic")
    assert repeated(realistic, goal="verify") == "bench verify shop --scale 100k --seed 1 --profile realistic"
    assert repeated(ALL_GOOD, goal="prove", arms=("before", "after")) == "bench prove shop --scale 100k --seed 1"


def test_a_scenario_of_the_users_own_is_named_by_its_folder() -> None:
    options = RunOptions(scenario="../my migrations").recorded()
    assert build(replace(ALL_GOOD, options=options)).method.repeat.startswith("bench run '../my migrations' --scale")


def test_a_run_on_a_given_server_is_repeated_on_one() -> None:
    given = replace(ALL_GOOD, environment=replace(ALL_GOOD.environment, server_kind="given"))
    assert repeated(given).endswith(" --dsn URL")


def test_memory_is_told_as_a_size() -> None:
    facts = {fact.label: fact.value for fact in build(ALL_GOOD).method.environment}
    assert facts["memory"] == "16.0\u00a0GiB"


def locked(*steps: tuple[bool, list[tuple[str, str]]]) -> list[str]:
    """What the report says of the locks of statements, each in a transaction or not, with what it held at its end."""
    taken = [
        MigrationStep("m.sql", line, "…", 0.1, within, locks=tuple(LockTaken(*lock) for lock in locks))
        for line, (within, locks) in enumerate(steps, 1)
    ]
    files = build(replace(EMPTY, migrations=tuple(taken))).migrations
    assert not isinstance(files, Absent)
    return [step.locks for step in files[0].steps]


def test_a_lock_is_told_with_the_statement_that_took_it() -> None:
    orders, items = ("orders", "AccessExclusiveLock"), ("items", "ShareLock")
    assert locked((True, [orders]), (True, [orders, items]), (True, [orders, items])) == [
        "AccessExclusiveLock on orders",
        "ShareLock on items; 1 held before",
        "2 held before",
    ]


def test_without_a_transaction_every_statement_takes_its_locks_anew() -> None:
    lock = ("orders", "ShareUpdateExclusiveLock")
    assert locked((False, [lock]), (False, [lock])) == ["ShareUpdateExclusiveLock on orders"] * 2


def test_a_lock_that_becomes_stronger_is_told_again_and_a_weaker_one_not_beside_it() -> None:
    weak, strong = ("orders", "AccessShareLock"), ("orders", "AccessExclusiveLock")
    assert locked((True, [weak]), (True, [weak, strong])) == [
        "AccessShareLock on orders",
        "AccessExclusiveLock on orders",
    ]


def test_a_long_statement_is_cut_unless_it_failed() -> None:
    long = "CREATE VIEW v AS SELECT " + ", ".join(f"column_{number}" for number in range(200))
    steps = (
        MigrationStep("m.sql", 1, long, 0.1, True),
        MigrationStep("m.sql", 9, long, 0.1, True, error="no such column"),
    )
    files = build(replace(EMPTY, migrations=steps)).migrations
    assert not isinstance(files, Absent)
    cut, whole = (step.statement for step in files[0].steps)
    assert whole == long
    assert cut.endswith(" …")
    assert len(cut) < 250


def test_void_slices_of_a_query_are_one_line_with_the_worst_reason() -> None:
    slices = (VoidSlice("q", "after", 7, 0.003, "late"), VoidSlice("q", "before", 2, 0.009, "later"))
    (trouble,) = build(replace(EMPTY, void_slices=slices)).troubles
    assert (trouble.arm, trouble.what, trouble.count) == (
        "after, before",
        "blocks 2 and 7 void; worst: before, later",
        "2",
    )


def test_a_remark_of_several_rows_stands_once_and_each_row_names_its_number() -> None:
    noted = tuple(replace(item, warnings=("few blocks", f"{item.query} is odd")) for item in ALL_GOOD.latency)
    page = html.render(build(replace(ALL_GOOD, latency=noted)))
    assert page.count("<li>few blocks") == 1
    assert re.search(r"<td>20<td>1, \d\n", page)


def test_without_blocks_the_name_of_a_query_leads_nowhere() -> None:
    page = html.render(build(REGRESSION))
    assert "<span class=name>orders_by_status</span>" in page
    assert 'href="#details-' not in page
