"""Claims files are read whole or refused with the place of every mistake; the CRM's are all there."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.claims import judge_claims, load_claims
from harness.errors import ScenarioError
from harness.scenario.paths import scenarios_dir
from tests.unit.claims.results import EMPTY

CRM = scenarios_dir() / "crm" / "claims.toml"
GOOD = '[[claim]]\nid = "a"\nstatement = "s"\nsource = "t"\n'


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "claims.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_claims(path)
    assert str(path) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "without a relation, say in reason"),
        ('field = "count(latency)"\nsql = "SELECT 1"\nreason = "r"', "either field or sql"),
        ('per = "count(latency)"\nreason = "r"', "per stands only beside a field"),
        ('field = "count(latency)"\nrelation = "=="', "belong together"),
        ('field = "count(latency)"\nthreshold = 1\nreason = "r"', "belong together"),
        ('relation = "=="\nthreshold = 1', "needs a field or sql"),
        ('field = "count(latency)"\nrelation = "between"\nthreshold = [3, 1]', "ascending"),
        ('field = "count(latency)"\nrelation = "between"\nthreshold = 3', "ascending"),
        ('field = "count(latency)"\nrelation = "<="\nthreshold = [1, 3]', "only between"),
        ('sql = "SELECT 1"\nrelation = "<="\nthreshold = true', "can only be =="),
        ('field = "median(latency)"\nrelation = "=="\nthreshold = 1', "no function 'median'"),
        ('field = "laten.ratio"\nrelation = "=="\nthreshold = 1', "no 'laten'"),
        ('field = "count(latency)"\nrelation = "="\nthreshold = 1', r"claim[1].relation"),
        ('reason = "r"\nneeds = "nothing"', "no 'nothing'"),
        ('reason = "r"\ncolour = "red"', "claim[1].colour"),
    ],
)
def test_a_claim_that_is_no_test_is_refused_with_its_place(tmp_path: Path, lines: str, message: str) -> None:
    told = refused(tmp_path, GOOD + lines)
    assert message in told
    assert "claim[1]" in told


def test_the_same_id_twice_is_refused(tmp_path: Path) -> None:
    assert "'a' stands twice" in refused(tmp_path, (GOOD + 'reason = "r"\n') * 2)


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 1" in refused(tmp_path, "[[claim]")


def test_a_file_without_claims_is_refused(tmp_path: Path) -> None:
    assert "claim" in refused(tmp_path, "claim = []")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        load_claims(tmp_path / "claims.toml")


def test_the_crm_holds_all_its_claims() -> None:
    ids = {claim.id for claim in load_claims(CRM)}
    assert len(ids) >= 31
    assert ids >= {
        "columns-removed",
        "tables-touched",
        "views-exist",
        "views-queryable",
        "suppliers-indexes",
        "suppliers-row-security",
        "no-orphaned-sales",
        "categories-deleted-at",
        "job-works-first10-ms",
        "job-works-100k-ms",
        "sales-by-status-ms",
        "sales-by-status-speedup",
        "sales-list-speedup",
        "tickets-speedup",
        "job-works-speedup",
        "queries-faster",
        "average-query-time",
        "storage-as-it-stands",
        "storage-views-created",
        "storage-columns-dropped",
        "storage-vacuumed",
        "storage-indexes-added",
        "storage-rewritten",
        "crud-works",
        "no-data-loss",
        "rollback",
        "zero-downtime",
        "composite-indexes",
        "foreign-key-indexes",
        "expected-indexes",
        "indexes-used",
        "job-works-join",
    }


def test_a_run_that_measured_nothing_leaves_every_claim_of_the_crm_undecided() -> None:
    judged = judge_claims(load_claims(CRM), EMPTY, {})
    assert {claim.verdict for claim in judged} == {"undecided"}
    assert all(claim.reason for claim in judged)
