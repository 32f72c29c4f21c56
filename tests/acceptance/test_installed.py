"""The program as a package: its data files come with it, and it works from an empty folder for an ordinary user."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.place import REPOSITORY, Place

DATA = ("scenarios", "seeds", "sql")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_wheel_carries_every_data_file_and_nothing_of_the_tests(installed: Path) -> None:
    for name in DATA:
        assert files(installed / "harness" / "_data" / name) == files(REPOSITORY / name), name
    assert {path.name.partition("-")[0] for path in installed.iterdir()} == {"harness", "bench_harness"}


def test_the_built_in_scenarios_come_with_it(away: Place) -> None:
    outcome = away.bench("scenarios")
    assert outcome.code == 0, outcome.err
    assert "crm-repaired" in outcome.out
    assert "12 views, 36 dropped columns" in outcome.out
