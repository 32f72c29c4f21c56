"""The main job from end to end, on a real server, as a user starts it."""

from __future__ import annotations

import json
import os
import re

import jsonschema
import pandas as pd
import pytest

from harness.result.store import json_schema
from tests.acceptance.conftest import Bench, StoredRun
from tests.acceptance.place import REPOSITORY

LOST = {"products.category", "products.is_active", "products.supplier_name", "ticket_attachments.uploaded_by_name"}


def test_the_run_is_complete_and_ends_with_an_integrity_failure(crm_run: StoredRun) -> None:
    assert crm_run.result["complete"] is True, crm_run.outcome.err
    assert crm_run.outcome.code == 3, crm_run.outcome.err
    assert (crm_run.result["exit_code"], crm_run.result["verdict"]) == (3, "integrity failure")


def test_stdout_holds_the_result_and_nothing_else(crm_run: StoredRun) -> None:
    assert json.loads(crm_run.outcome.out) == crm_run.result


def test_the_result_is_valid_against_its_schema(crm_run: StoredRun) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(crm_run.result)


def test_36_columns_are_dropped_from_11_tables_and_12_views_stand_in(crm_run: StoredRun) -> None:
    columns = crm_run.result["integrity"]["columns"]
    assert len(columns) == 36
    assert len({column["table"] for column in columns}) == 11
    assert len(crm_run.result["integrity"]["views"]) == 12
    assert all(view["error"] is None for view in crm_run.result["integrity"]["views"])


def test_32_columns_are_identical_in_every_row_and_exactly_4_have_no_counterpart(crm_run: StoredRun) -> None:
    columns = {f"{item['table']}.{item['column']}": item for item in crm_run.result["integrity"]["columns"]}
    assert {name for name, item in columns.items() if item["verdict"] == "no_counterpart"} == LOST
    kept = [item for name, item in columns.items() if name not in LOST]
    assert len(kept) == 32
    for item in kept:
        assert item["rows"] > 0
        assert item["identical"] == item["rows"], item


def test_the_type_drift_of_the_author_role_is_a_finding_of_its_own(crm_run: StoredRun) -> None:
    drifts = [item["object"] for item in crm_run.result["integrity"]["findings"] if item["kind"] == "type_drift"]
    assert any("author_role" in name for name in drifts)


def test_every_query_was_timed_on_every_arm_or_its_absence_is_told(crm_run: StoredRun) -> None:
    queries = {
        item["query"] for item in crm_run.result["latency"] if item["arm"] == "after" and item["metric"] == "p50"
    }
    assert len(queries) >= 14
    samples = pd.read_parquet(crm_run.folder / "samples.parquet")
    measured, attributing = set(samples["arm"].unique()), {"before_indexes", "after_noindexes"}
    assert measured - attributing == {"before", "after", "control"}
    assert (measured >= attributing) != bool(crm_run.result["attribution_absent"]), "present, or its absence is told"
    left_out = {query for query in queries if any(note.startswith(query) for note in crm_run.result["notes"])}
    assert queries - left_out <= set(samples["query"].unique())
    assert len(left_out) <= 4, "a budget of 15 s holds nearly all of them"


def test_storage_adds_up_to_the_database_within_one_percent(crm_run: StoredRun) -> None:
    storage = pd.DataFrame(crm_run.result["storage"])
    for stage, records in storage.groupby("stage"):
        whole = records[records["table"].isna()]["total_bytes"].item()
        parts = records[records["table"].notna()]["total_bytes"].sum()
        assert parts == pytest.approx(whole, rel=0.01), stage
    assert list(dict.fromkeys(storage["stage"])) == [
        "before",
        "tables_changed",
        "views_created",
        "columns_dropped",
        "vacuumed",
        "indexes_added",
        "after",
        "after_rewritten",
        "before_rewritten",
    ]


def test_dropping_the_columns_frees_nothing_and_a_rewrite_does(crm_run: StoredRun) -> None:
    heap = {item["stage"]: item["heap_bytes"] for item in crm_run.result["storage"] if item["table"] is None}
    assert heap["columns_dropped"] == heap["views_created"]
    assert heap["after_rewritten"] < heap["before_rewritten"] <= heap["before"]
    assert len(crm_run.result["dropped_columns"]) == 36
    assert all(item["estimated_bytes"] is not None for item in crm_run.result["dropped_columns"])
    assert sum(step["wal_bytes"] for step in crm_run.result["migrations"]) > 100_000


def test_every_query_is_explained_on_every_state_and_in_both_modes(crm_run: StoredRun) -> None:
    plans = pd.DataFrame(crm_run.result["plans"])
    assert not plans["error"].any()
    assert {"before", "after", "before_indexes", "after_noindexes"} == set(plans["arm"])
    assert plans.groupby("arm")["query"].nunique().min() >= 14
    assert {"custom", "generic"} == set(plans["mode"])
    joined = {
        item["node"]
        for item in crm_run.result["plan_changes"]
        if (item["query"], item["arm"], item["kind"]) == ("job_works_list", "after", "appeared")
    }
    assert {"customers", "products", "product_categories", "users"} <= joined


def test_indexes_that_the_schema_has_already_are_told(crm_run: StoredRun) -> None:
    indexes = {item["index"]: item for item in crm_run.result["indexes"] if item["arm"] == "after"}
    asked_for = [item for item in indexes.values() if item["asked_for"] and item["table"] != "suppliers"]
    assert len(asked_for) == 21
    assert {item["index"] for item in asked_for if item["created"]} == {
        "idx_contracts_created_at",
        "idx_job_works_priority",
        "idx_products_supplier_id",
    }
    assert indexes["sales_pkey"]["enforces"]
    assert all(item["scans"] is not None for item in indexes.values())


def test_the_runbooks_claims_are_held(crm_run: StoredRun) -> None:
    claims = {item["id"]: item for item in crm_run.result["claims"]}
    assert len(claims) >= 20
    assert all(item["verdict"] in ("supported", "refuted", "undecided") for item in claims.values())
    assert any(item["verdict"] == "refuted" for item in claims.values())


def test_the_folder_holds_what_is_promised_and_the_report_is_rewritten_to_the_same_bytes(crm_run: StoredRun) -> None:
    for name in ("result.json", "report.html", "samples.parquet", "junit.xml", "summary.md", "log.txt"):
        assert (crm_run.folder / name).stat().st_size > 0, name
    first = (crm_run.folder / "report.html").read_bytes()
    outcome = crm_run.place.bench("report", "results/latest")
    assert outcome.code == 0, outcome.err
    assert (crm_run.folder / "report.html").read_bytes() == first


def test_it_leaves_the_files_that_the_readme_lists(crm_run: StoredRun) -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+\.(?:html|json|parquet|md|xml|txt|jsonl))`", readme))
    assert len(named) >= 7
    for name in named:
        assert (crm_run.folder / name).is_file(), name


def test_the_main_job_was_done_by_an_ordinary_user_without_the_repository(crm_run: StoredRun) -> None:
    assert crm_run.result["complete"], crm_run.outcome.err
    user = crm_run.place.who.uid or os.geteuid()
    assert (crm_run.folder / "result.json").stat().st_uid == user
    assert user != 0
    named = (crm_run.folder / "result.json").read_text(encoding="utf-8")
    assert str(REPOSITORY) not in named


def test_nothing_is_left_behind(crm_run: StoredRun) -> None:
    crm_run.place.assert_nothing_left()
    outcome = crm_run.place.bench("clean")
    assert (outcome.code, outcome.out.strip()) == (0, "nothing to clean")


def test_the_repaired_migration_passes_integrity_on_realistic_data(repaired_run: StoredRun) -> None:
    integrity = repaired_run.result["integrity"]
    errors = [item for item in integrity["findings"] if item["severity"] == "error" and not item["accepted"]]
    assert (integrity["verdict"], errors) == ("pass", [])
    assert repaired_run.outcome.code in (0, 1, 4), repaired_run.outcome.err
    planted = repaired_run.result["planted"]
    assert sum(item["found"] for item in planted) > 50
    assert all(item["recall"] in (None, 1.0) and item["precision"] in (None, 1.0) for item in planted)


def test_the_summary_fits_a_hundred_columns_and_names_the_report(repaired_run: StoredRun) -> None:
    lines = repaired_run.outcome.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert "report.html" in repaired_run.outcome.out


def test_the_scenarios_are_listed(bench: Bench) -> None:
    outcome = bench("scenarios")
    assert outcome.code == 0
    assert "crm " in outcome.out
    assert "12 views, 36 dropped columns" in outcome.out
