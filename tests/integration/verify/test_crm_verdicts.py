"""The built-in migration, as written and repaired, on clean and on realistic rows; causes against what was planted."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.migrate import migrate
from harness.phases.planted import MANIFEST, score_planted
from harness.progress import Silent
from harness.result import Integrity, PlantedKind
from harness.scenario import load_scenario
from harness.seed import fill, hired, load_spec
from harness.server import Databases
from harness.snapshot import take_snapshot
from harness.verify import verify
from harness.workload import bind_workload

SCALE = 1000
CELL_KINDS = ("value_differs", "value_to_null", "null_to_value", "renders_differently")
ORPHANS = {
    "products.category",
    "products.is_active",
    "products.supplier_name",
    "ticket_attachments.uploaded_by_name",
}

Cell = tuple[str, str, str]


@dataclass(frozen=True)
class Checks:
    """The integrity of one scenario on one profile, every cell that differs, and every cell that was planted."""

    integrity: Integrity
    untimed: frozenset[str]
    found: dict[Cell, tuple[str, str]]
    planted: dict[Cell, tuple[str, str]]
    scored: tuple[PlantedKind, ...]


async def _execute(databases: Databases, arm: str, texts: list[str]) -> None:
    connection = await databases.connect(arm)
    try:
        for text in texts:
            await connection.execute(text)
    finally:
        await connection.close()


async def _seed(databases: Databases, profile: Any, folder: Path) -> pd.DataFrame:
    """Fills the arm named after the profile; the list of what was planted is taken away before anything is checked."""
    scenario = load_scenario("crm")
    await databases.create(profile)
    await _execute(databases, profile, [file.text for file in scenario.roles])
    address = databases.server.address
    spec = load_spec(scenario.seed)
    with hired(1) as crew:
        name = databases.name(profile)
        await fill(scenario, spec, SCALE, profile, 1, address, name, folder, crew, Silent(), with_access=True)
    path = folder / "seed_manifest.parquet"
    planted = pd.read_parquet(path)
    path.unlink()
    return planted


async def _check(databases: Databases, name: str, profile: str, planted: pd.DataFrame) -> Checks:
    scenario = load_scenario(name)
    after, clone = (f"{profile}_{name.replace('-', '_')}_{arm}" for arm in ("after", "clone"))
    address = databases.server.address
    try:
        await databases.create(after, profile)
        await migrate(address, databases.name(after), scenario.migrations, Silent())
        await databases.create(clone, after)
        connection = await databases.connect(profile)
        queries = await bind_workload(connection, scenario.queries)
        await connection.close()
        before, names = databases.name(profile), (databases.name(after), databases.name(clone))
        snapshot = await take_snapshot(address, before, names[1], Silent())
        checked = await verify(scenario, address, before, *names, snapshot, queries, Silent())
        found = await _cells(databases, clone, checked.integrity)
        scored = await _score(databases, clone, checked.integrity, planted)
    finally:
        for arm in (clone, after):
            await databases.drop(arm)
    cells = planted[planted["finding"] != ""].astype(str)
    columns = (cells[name].tolist() for name in ("table", "key", "column", "finding", "cause"))
    expected = {(table, key, column): (kind, cause) for table, key, column, kind, cause in zip(*columns, strict=True)}
    return Checks(checked.integrity, checked.untimed, found, expected, scored)


async def _score(
    databases: Databases, clone: str, integrity: Integrity, planted: pd.DataFrame
) -> tuple[PlantedKind, ...]:
    """Recall and precision of each planted kind; the manifest is there again only now."""
    connection = await databases.connect(clone)
    try:
        with tempfile.TemporaryDirectory() as folder:
            planted.to_parquet(Path(folder) / MANIFEST)
            return await score_planted(connection, integrity, Path(folder))
    finally:
        await connection.close()


async def _cells(databases: Databases, clone: str, integrity: Integrity) -> dict[Cell, tuple[str, str]]:
    """Every differing cell, as the findings' own queries show it."""
    found: dict[Cell, tuple[str, str]] = {}
    connection = await databases.connect(clone)
    for finding in integrity.findings:
        if finding.kind in CELL_KINDS:
            table, _, column = finding.object.rpartition(".")
            rows = await connection.fetch(finding.query)
            assert len(rows) == finding.count
            found |= {(table, str(row[0]), column): (finding.kind, finding.cause) for row in rows}
    await connection.close()
    return found


@pytest.fixture(scope="module")
def checks(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Checks]]:
    async def everything() -> dict[tuple[str, str], Checks]:
        made = {}
        for profile in ("clean", "realistic"):
            planted = await _seed(databases, profile, tmp_path_factory.mktemp(profile))
            for name in ("crm", "crm-repaired"):
                made[name, profile] = await _check(databases, name, profile, planted)
        return made

    try:
        yield asyncio.run(everything())
    finally:
        for profile in ("clean", "realistic"):
            asyncio.run(databases.drop(profile))


@pytest.mark.parametrize("profile", ["clean", "realistic"])
def test_four_columns_of_the_runbooks_migration_have_no_counterpart(checks: Any, profile: str) -> None:
    integrity = checks["crm", profile].integrity
    assert integrity.verdict == "fail"
    assert len(integrity.columns) == 36
    assert len({column.table for column in integrity.columns}) == 11
    assert len(integrity.views) == 12
    assert {item.object for item in integrity.findings if item.kind == "no_counterpart"} == ORPHANS


def test_the_others_are_identical_in_every_row_of_clean_data(checks: Any) -> None:
    compared = [column for column in checks["crm", "clean"].integrity.columns if column.counterpart]
    assert len(compared) == 32
    assert all(column.verdict == "identical" and column.rows == column.identical > 0 for column in compared)
    assert not checks["crm", "clean"].found


def test_the_role_that_became_an_enumeration_is_a_drift_and_no_difference(checks: Any) -> None:
    drifts = [item for item in checks["crm", "clean"].integrity.findings if item.kind == "type_drift"]
    assert [item.object for item in drifts] == ["ticket_comments.author_role"]


def test_plain_views_over_secured_tables_are_accused(checks: Any) -> None:
    integrity = checks["crm", "clean"].integrity
    views = {view.view for view in integrity.views}
    assert {item.object for item in integrity.findings if item.kind == "rls_bypassed"} == views
    assert {item.object for item in integrity.findings if item.kind == "access_wider"} == views


@pytest.mark.parametrize("profile", ["clean", "realistic"])
def test_the_repaired_migration_passes(checks: Any, profile: str) -> None:
    integrity = checks["crm-repaired", profile].integrity
    open_errors = [item for item in integrity.findings if item.severity == "error" and item.accepted is None]
    assert (integrity.verdict, open_errors) == ("pass", [])
    assert all(column.counterpart for column in integrity.columns)


def test_every_planted_cell_is_found_with_its_cause_and_no_other(checks: Any) -> None:
    """Recall and precision of 100 % for each planted kind."""
    made = checks["crm", "realistic"]
    replaced = {(column.table, column.column) for column in made.integrity.columns if column.counterpart}
    expected = {cell: what for cell, what in made.planted.items() if (cell[0], cell[2]) in replaced}
    assert len(expected) > 100
    assert made.found == expected


@pytest.mark.parametrize("name", ["crm", "crm-repaired"])
def test_recall_and_precision_of_every_planted_kind_are_whole(checks: Any, name: str) -> None:
    """What the repaired migration kept as it was is no loss that a check could find."""
    scored = checks[name, "realistic"].scored
    print(f"\n{name}: kind, planted, kept, found, recall, precision")
    for item in scored:
        print(f"{item.kind:<14}{item.planted:>7}{item.kept:>7}{item.found:>7}  {item.recall}  {item.precision}")
    assert len(scored) >= 5
    assert all(item.recall in (None, 1.0) and item.precision in (None, 1.0) for item in scored)
    assert sum(item.found for item in scored) > 50
    assert checks[name, "clean"].scored == ()


@pytest.mark.parametrize("name", ["crm", "crm-repaired"])
@pytest.mark.parametrize("profile", ["clean", "realistic"])
def test_every_query_of_the_workload_answers_alike_or_is_explained(checks: Any, name: str, profile: str) -> None:
    made = checks[name, profile]
    assert made.untimed == frozenset()
    differing = {item.severity for item in made.integrity.findings if item.kind == "answer_differs"}
    assert differing == (set() if profile == "clean" else {"warning"})


def test_every_lost_column_is_accounted_for_to_the_row(checks: Any) -> None:
    for made in checks.values():
        for column in made.integrity.columns:
            parts = (
                column.identical + column.renders_differently + column.different
                + column.null_to_value + column.value_to_null + column.missing_row
            )  # fmt: skip
            assert parts == column.rows
