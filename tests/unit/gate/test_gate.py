"""The gate: which exit code two stored runs give, and why."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import SamplesError, UsageError
from harness.gate import check_fit, compare, differing_conditions, gate_decider, read_run, resolve_run, subject
from harness.judge import QueryRules, judge_again
from harness.report import build
from harness.report.gate import build_gate
from harness.report.gate_formats import cases
from harness.result import ColumnCheck, Environment, Finding, Gate, Integrity, QueryShift, SeedManifest, ViewCheck
from tests.unit.gate.stored import MIB, SEEDED, side, storage, store_run, stored

SAME = {"list": 1.0, "report": 1.5}


def held(tmp_path: Path, base: Path, new: Path) -> Gate:
    return compare(side(base), side(new))


def one(gate: Gate, query: str, metric: str = "p50") -> QueryShift:
    (found,) = [item for item in gate.latency if (item.query, item.metric) == (query, metric)]
    return found


def test_a_run_like_the_baseline_passes_whatever_the_migration_itself_does(tmp_path: Path) -> None:
    lost = Finding("no_counterpart", "error", "orders.name", "no view shows it", count=7)
    base = store_run(tmp_path / "base", SAME, findings=(lost,))
    new = store_run(tmp_path / "new", SAME, seed=2, findings=(lost,))
    gate = compare(side(base), side(new))
    assert gate.exit_code == 0
    assert {item.outcome for item in gate.latency if item.gated} == {"pass"}
    assert one(gate, "report").base_ratio == pytest.approx(1.5, rel=0.02)
    assert gate.findings[0].change == "same"
    assert build_gate(gate).sentence.startswith("Nothing got worse: 2 queries")


def test_a_query_whose_effect_grew_is_a_regression(tmp_path: Path) -> None:
    base = store_run(tmp_path / "base", SAME)
    new = store_run(tmp_path / "new", SAME | {"report": 1.8}, seed=2)
    gate = compare(side(base), side(new))
    assert gate.exit_code == 1
    assert one(gate, "report").outcome == "fail"
    assert one(gate, "report").ratio == pytest.approx(1.2, rel=0.02)
    assert one(gate, "list").outcome == "pass"
    assert "1 query is slower than in the baseline (report)" in build_gate(gate).sentence


def test_a_query_that_got_faster_passes(tmp_path: Path) -> None:
    gate = compare(
        side(store_run(tmp_path / "base", SAME)),
        side(store_run(tmp_path / "new", {"list": 0.7, "report": 1.5}, seed=2)),
    )
    assert gate.exit_code == 0
    assert one(gate, "list").verdict == "faster"


def test_a_query_that_is_not_gated_shows_its_slow_down_and_fails_nothing(tmp_path: Path) -> None:
    rules = {"list": QueryRules(), "report": QueryRules(gated=False)}
    base = store_run(tmp_path / "base", SAME, rules=rules)
    new = store_run(tmp_path / "new", SAME | {"report": 1.8}, seed=2, rules=rules)
    gate = compare(side(base), side(new))
    assert gate.exit_code == 0
    assert one(gate, "report").verdict == "slower"


def test_too_few_blocks_are_undecided_and_say_so(tmp_path: Path) -> None:
    gate = compare(
        side(store_run(tmp_path / "base", SAME, blocks=1)), side(store_run(tmp_path / "new", SAME, blocks=12, seed=2))
    )
    assert gate.exit_code == 4
    assert any("fewer than 6 blocks (1)" in warning for warning in one(gate, "list").warnings)


def test_a_query_that_one_of_the_runs_lacks_is_undecided(tmp_path: Path) -> None:
    base = store_run(tmp_path / "base", SAME)
    gone = compare(side(base), side(store_run(tmp_path / "less", {"list": 1.0}, seed=2)))
    assert gone.exit_code == 4
    assert "new run: it was not timed there" in one(gone, "report").warnings
    added = compare(side(base), side(store_run(tmp_path / "more", SAME | {"search": 1.0}, seed=3)))
    assert added.exit_code == 4
    assert "baseline: it was not timed there" in one(added, "search").warnings


def test_a_run_that_timed_nothing_never_passes(tmp_path: Path) -> None:
    gate = compare(side(store_run(tmp_path / "base", {})), side(store_run(tmp_path / "new", {}, seed=2)))
    assert gate.exit_code == 4
    assert gate.notes == ("no query was timed in either run",)


def test_a_percentile_with_too_few_samples_is_shown_with_a_warning_and_decides_nothing(tmp_path: Path) -> None:
    base, new = store_run(tmp_path / "base", SAME), store_run(tmp_path / "new", SAME | {"list": 2.0}, seed=2)
    item = one(compare(side(base), side(new)), "list", "p95")
    assert item.ratio == pytest.approx(2.0, rel=0.02)
    assert item.advisory
    assert "p95 needs 200 samples per arm and block, these are 20" in item.warnings


# --- Integrity and storage --------------------------------------------------------------------------------------------


def differs(count: int = 3, **fields: object) -> Finding:
    finding = Finding("value_differs", "error", "orders.name", f"{count} rows differ", count=count)
    return replace(finding, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "change", "code"),
    [
        ((), (differs(),), "new", 3),
        ((differs(),), (differs(4),), "worse", 3),
        ((differs(severity="warning"),), (differs(),), "worse", 3),
        ((differs(accepted="live names"),), (differs(),), "worse", 3),
        ((differs(),), (differs(2),), "same", 0),
        ((differs(),), (), "gone", 0),
        ((), (differs(accepted="live names"),), "new", 0),
        ((), (differs(severity="warning"),), "new", 0),
        ((differs(cause="stale"),), (differs(cause="unexplained"),), "new", 3),
        ((differs(),), (differs(), differs(2)), "new", 3),
    ],
)
def test_only_an_error_that_the_baseline_lacks_or_saw_smaller_is_an_integrity_failure(
    tmp_path: Path, before: tuple[Finding, ...], after: tuple[Finding, ...], change: str, code: int
) -> None:
    base = store_run(tmp_path / "base", SAME, findings=before)
    new = store_run(tmp_path / "new", SAME | {"list": 1.2 if code == 3 else 1.0}, seed=2, findings=after)
    gate = compare(side(base), side(new))
    assert gate.exit_code == code  # a slow-down beside it comes second
    assert change in {item.change for item in gate.findings}


def test_a_new_finding_fails_its_column_and_its_view(tmp_path: Path) -> None:
    base = store_run(tmp_path / "base", SAME)
    gate = compare(side(base), side(store_run(tmp_path / "new", SAME, seed=2, findings=(differs(),))))
    assert gate.verdict == "integrity failure that the baseline does not have"
    assert "1 finding that the baseline does not have (value differs: orders.name)" in build_gate(gate).sentence


@pytest.mark.parametrize(
    ("base", "new", "outcome"),
    [
        (storage(10), storage(10.1), "pass"),
        (storage(10), storage(10.5), "fail"),
        (storage(0.05), storage(0.1), "pass"),  # within ten pages
        (storage(10, before_mib=10), storage(20, before_mib=20), "pass"),  # the old state grew as much
        (storage(10, before_mib=10), storage(20, before_mib=10), "fail"),
    ],
)
def test_storage_fails_beyond_both_tolerances_and_the_growth_of_the_old_state(
    tmp_path: Path, base: object, new: object, outcome: str
) -> None:
    gate = compare(
        side(store_run(tmp_path / "base", SAME, storage=base)),
        side(store_run(tmp_path / "new", SAME, seed=2, storage=new)),
    )
    assert {item.outcome for item in gate.storage} == {outcome}
    assert gate.exit_code == (1 if outcome == "fail" else 0)


def test_a_table_that_the_baseline_does_not_have_is_growth(tmp_path: Path) -> None:
    extra = tuple(item for item in storage(1, table="copies") if item.stage == "after")
    base = store_run(tmp_path / "base", SAME)
    gate = compare(side(base), side(store_run(tmp_path / "new", SAME, seed=2, storage=(*storage(), *extra))))
    (row,) = [item for item in gate.storage if item.table == "copies"]
    assert (row.outcome, row.growth, row.new_bytes) == ("fail", None, MIB)


# --- What can be compared ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "other"), [("scenario", "crm"), ("scale", "10k"), ("profile", "realistic"), ("seed", 2)]
)
def test_a_baseline_of_another_subject_is_refused_by_name(tmp_path: Path, name: str, other: object) -> None:
    base = stored(store_run(tmp_path / "base", SAME)).result
    new = replace(base, **{name: other})  # type: ignore[arg-type]
    check_fit(base, subject(base), "base")
    with pytest.raises(UsageError, match=rf"the baseline base has the {name} .*, the new run {other}") as caught:
        check_fit(base, subject(new), "base")
    assert caught.value.exit_code == 2


def test_another_machine_server_or_setting_makes_latency_advisory_and_is_named(tmp_path: Path) -> None:
    def environment(**fields: object) -> Environment:
        values: dict[str, object] = {"machine": {"cores": 2, "memory_bytes": 8 << 30}, "server_version": "18.6"}
        return Environment(**(values | fields))  # type: ignore[arg-type]

    base = store_run(tmp_path / "base", SAME, environment=environment(settings={"work_mem": "8MB", "port": "1"}))
    slow = SAME | {"list": 2.0}
    cases = {
        "cores": environment(machine={"cores": 4, "memory_bytes": 8 << 30}),
        "PostgreSQL": environment(server_version="17.2"),
        "setting work_mem": environment(settings={"work_mem": "64MB", "port": "1"}),
    }
    for number, (what, other) in enumerate(cases.items()):
        gate = compare(side(base), side(store_run(tmp_path / str(number), slow, seed=2, environment=other)))
        assert what in {item.what for item in gate.fingerprint}
        assert one(gate, "list").verdict == "slower"
        assert one(gate, "list").advisory
        assert gate.exit_code == 4, "nothing was held against anything: that is no pass"
        assert "advisory: the baseline ran under other conditions (" in build_gate(gate).cautions[0]
        assert what in build_gate(gate).cautions[0]
        assert "Measure a new baseline" in build_gate(gate).cautions[0]
        assert build_gate(gate).sentence.startswith("Undecided: the baseline ran under other conditions")


def test_what_only_names_the_server_or_follows_its_memory_is_no_other_condition(tmp_path: Path) -> None:
    base = stored(store_run(tmp_path / "base", SAME)).result
    settings = {"port": "5432", "cluster_name": "a", "max_wal_size": "6GB", "shared_buffers": "2000MB", "jit": "on"}
    moved = {"port": "5433", "cluster_name": "b", "max_wal_size": "8GB", "shared_buffers": "2001MB", "jit": "on"}
    first = replace(base, environment=replace(base.environment, settings=settings))
    second = replace(base, environment=replace(base.environment, settings=moved))
    assert differing_conditions(first, second) == ()
    third = replace(base, environment=replace(base.environment, settings=moved | {"jit": "off"}))
    assert [item.what for item in differing_conditions(first, third)] == ["setting jit"]


@pytest.mark.parametrize(
    ("part", "what", "storage_decides"),
    [
        ("schema_fingerprint", "schema", False),
        ("seed_fingerprint", "seed file", False),
        ("access_fingerprint", "roles and row security", True),
    ],
)
def test_another_old_state_makes_the_comparisons_that_rest_on_it_advisory_and_is_named(
    tmp_path: Path, part: str, what: str, storage_decides: bool
) -> None:
    base = store_run(tmp_path / "base", SAME)
    other = replace(SEEDED, **{part: "another"})  # type: ignore[arg-type]
    slow = store_run(tmp_path / "slow", SAME | {"list": 2.0}, seed=2, seed_manifest=other)
    gate = held(tmp_path, base, slow)
    assert [item.what for item in gate.fingerprint] == [what]
    assert one(gate, "list").advisory
    assert gate.exit_code == 4
    grown = held(tmp_path, base, store_run(tmp_path / "big", SAME, seed=3, seed_manifest=other, storage=storage(20)))
    assert {item.advisory for item in grown.storage} == {not storage_decides}
    assert grown.exit_code == (1 if storage_decides else 4)
    assert ("Latency and storage verdicts" in build_gate(grown).cautions[0]) == (not storage_decides)


def test_a_query_whose_text_changed_is_not_compared_and_told_by_name(tmp_path: Path) -> None:
    base = store_run(tmp_path / "base", SAME)
    rules = {"list": QueryRules(fingerprint="another"), "report": QueryRules(fingerprint="of report")}
    new = store_run(tmp_path / "new", SAME | {"list": 2.0}, seed=2, rules=rules)
    gate = held(tmp_path, base, new)
    assert gate.exit_code == 4
    assert [item.metric for item in gate.latency if item.query == "list"] == ["p50"], "no figure of it is compared"
    assert (one(gate, "list").ratio, one(gate, "list").outcome) == (None, "open")
    assert one(gate, "report").outcome == "pass"
    data = build_gate(gate)
    assert any("its text or parameters are not the baseline's: list;" in caution for caution in data.cautions)
    (case,) = [item for item in ET.fromstring(cases(data)).iter("testcase") if item.get("name") == "list"]
    (skipped,) = case.iter("skipped")
    assert "its text or parameters are not the baseline's" in str(skipped.get("message"))


def test_a_query_that_cannot_be_compared_takes_no_more_slices_for_the_gates_sake(tmp_path: Path) -> None:
    base = side(store_run(tmp_path / "base", SAME))
    noisy = stored(store_run(tmp_path / "noisy", SAME | {"added": 1.0}, seed=3, spread=0.4))
    rules = {"list": QueryRules(fingerprint="another"), "report": QueryRules(), "added": QueryRules()}
    assert gate_decider(base, rules)(noisy.table) == {("list", 1), ("added", 1)}


def test_a_baseline_without_fingerprints_is_compared_and_says_that_its_question_is_not_known(tmp_path: Path) -> None:
    unknown = {name: QueryRules() for name in SAME}
    base = store_run(tmp_path / "base", SAME, rules=unknown, seed_manifest=SeedManifest())
    result = base / "result.json"
    stripped = re.sub(r',\s*"\w*fingerprint": ""', "", result.read_text())
    assert "fingerprint" not in stripped
    result.write_text(stripped)
    gate = held(tmp_path, base, store_run(tmp_path / "new", SAME, seed=2))
    assert (gate.exit_code, gate.fingerprint) == (0, ())
    (note,) = gate.notes
    assert "is not known (schema, seed file, roles and row security and queries)" in note


@pytest.mark.parametrize(
    ("base", "new", "differs"),
    [
        ("bench 0.1.0", "bench 0.1.7", False),
        ("bench 0.1.0", "bench 0.2.0", True),
        ("bench 0.1.0", "bench 1.1.0", True),
        ("bench 0.1.0", "bench 0.1.1.dev3", True),
    ],
)
def test_versions_differ_as_conditions_unless_one_is_a_patch_of_the_other(
    tmp_path: Path, base: str, new: str, differs: bool
) -> None:
    gate = held(
        tmp_path,
        store_run(tmp_path / "base", SAME, tool=base),
        store_run(tmp_path / "new", SAME, seed=2, tool=new),
    )
    assert [item.what for item in gate.fingerprint] == (["bench"] if differs else [])
    assert gate.exit_code == (4 if differs else 0)


def test_a_gate_without_any_gated_query_is_undecided(tmp_path: Path) -> None:
    rules = {name: QueryRules(gated=False, fingerprint="same") for name in SAME}
    base = store_run(tmp_path / "base", SAME, rules=rules)
    gate = held(tmp_path, base, store_run(tmp_path / "new", SAME, seed=2, rules=rules))
    assert gate.exit_code == 4
    assert "no query that was timed can fail the gate" in build_gate(gate).sentence


@pytest.mark.parametrize("seen", ["none", "column", "view", "finding"])
def test_an_error_on_what_the_baseline_did_not_check_is_not_said_to_be_new(tmp_path: Path, seen: str) -> None:
    column = ColumnCheck("orders", "name", "text", "shown.name", "text", "name", "identical")
    blind = {
        "none": Integrity(verdict="not_checked"),
        "column": Integrity("fail", columns=(replace(column, verdict="not_compared"),), rows_compared=1),
        "finding": Integrity("fail", findings=(Finding("nothing_compared", "warning", "orders", "no row"),)),
        "view": Integrity("fail", views=(ViewCheck("orders", (), 1, None, "no right"),), rows_compared=1),
    }
    found = Integrity("fail", columns=(replace(column, verdict="different"),), findings=(differs(),), rows_compared=1)
    base = store_run(tmp_path / "base", SAME, integrity=blind[seen])
    gate = held(tmp_path, base, store_run(tmp_path / "new", SAME, seed=2, integrity=found))
    (shift,) = [item for item in gate.findings if item.change != "gone"]
    assert (shift.change, shift.outcome, gate.exit_code) == ("unknown", "fail", 3)
    assert gate.verdict == "integrity failure, which the baseline was not checked for"
    data = build_gate(gate)
    assert data.sentence == "1 finding on what the baseline did not check (value differs: orders.name)."
    assert [(row.state, row.tone) for row in data.columns] == [("not comparable", "bad")]
    assert "that the baseline does not have" not in cases(data)


def test_an_unchecked_baseline_is_told_where_the_new_run_is_good_by_itself(tmp_path: Path) -> None:
    base = store_run(tmp_path / "base", SAME, integrity=Integrity(verdict="not_checked"))
    gate = held(tmp_path, base, store_run(tmp_path / "new", SAME, seed=2, findings=(differs(severity="warning"),)))
    assert (gate.exit_code, gate.base.checked) == (0, False)
    assert gate.findings[0].outcome == "pass"
    data = build_gate(gate)
    assert "the new run's integrity is good by itself" in data.sentence
    assert "the baseline's integrity was not checked: what the new run finds is judged by itself" in data.cautions


def test_samples_of_another_schema_version_and_missing_ones_are_refused(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = store_run(tmp_path / "run", SAME) / "samples.parquet"
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({b"bench.samples": b'{"schema_version": 99}'}), path)
    with pytest.raises(SamplesError, match="schema version 99") as caught:
        read_run(tmp_path / "run")
    assert caught.value.exit_code == 2
    path.unlink()
    with pytest.raises(SamplesError, match="cannot be read as samples"):
        read_run(tmp_path / "run")


def test_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    store_run(tmp_path / "run", SAME, complete=False)
    with pytest.raises(UsageError, match="did not finish"):
        read_run(tmp_path / "run")


def test_a_seeding_is_no_baseline(tmp_path: Path) -> None:
    store_run(tmp_path / "run", SAME, options={"goal": "seed"})
    with pytest.raises(UsageError, match="only seeded a database"):
        read_run(tmp_path / "run")


def test_a_link_is_resolved_to_the_run_that_it_means_now(tmp_path: Path) -> None:
    run = store_run(tmp_path / "run", SAME)
    (tmp_path / "latest").symlink_to("run")
    assert resolve_run(tmp_path / "latest") == resolve_run(run / "result.json") == run.resolve()


# --- The same samples, the same verdicts ------------------------------------------------------------------------------


def test_judging_the_stored_samples_again_gives_the_runs_own_verdicts(tmp_path: Path) -> None:
    run = stored(store_run(tmp_path / "run", SAME | {"list": 1.1}))
    assert judge_again(run.table, run.result) == run.result.latency


def test_the_same_two_folders_give_the_same_comparison_to_the_byte(tmp_path: Path) -> None:
    base, new = store_run(tmp_path / "base", SAME), store_run(tmp_path / "new", SAME, seed=2)
    assert compare(side(base), side(new)) == compare(side(base), side(new))


def test_the_measurement_is_told_which_loads_the_gate_has_settled(tmp_path: Path) -> None:
    base = side(store_run(tmp_path / "base", SAME))
    new = stored(store_run(tmp_path / "new", SAME | {"report": 2.0}, seed=2))
    noisy = stored(store_run(tmp_path / "noisy", SAME, seed=3, spread=0.4))
    rules = {name: QueryRules() for name in SAME}
    assert gate_decider(base, rules)(new.table) == {("list", 1), ("report", 1)}
    assert gate_decider(base, rules)(noisy.table) == set()


def test_the_report_of_a_run_with_a_baseline_speaks_of_the_baseline(tmp_path: Path) -> None:
    base = store_run(tmp_path / "base", SAME)
    new = side(store_run(tmp_path / "new", SAME, seed=2, findings=()))
    gate = compare(side(base), new)
    data = build(replace(new.result, gate=gate, exit_code=gate.exit_code))
    assert data.headline.sentence == build_gate(gate).sentence
