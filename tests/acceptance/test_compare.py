"""`bench compare` and `bench run --baseline` as a nightly job uses them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from harness.gate import read_run
from harness.judge import judge_again
from harness.result.store import gate_schema
from tests.acceptance.conftest import Bench
from tests.acceptance.place import Place, copied_mini, read_result
from tests.unit.gate.stored import store_run

SAME = {"list": 1.0, "report": 1.5}


@pytest.mark.parametrize(
    ("ratios", "code", "words"),
    [
        (SAME, 0, "Nothing got worse"),
        (SAME | {"list": 1.3}, 1, "1 query is slower than in the baseline (list)"),
        ({"list": 1.0}, 4, "1 query is undecided against the baseline (report)"),
    ],
)
def test_two_stored_runs_are_compared_and_the_exit_code_says_how_it_went(
    place: Place, ratios: dict[str, float], code: int, words: str
) -> None:
    base = store_run(place.folder / "base", SAME)
    new = store_run(place.folder / "new", ratios, seed=2)
    outcome = place.bench("compare", str(base), "new")
    assert (outcome.code, outcome.err) == (code, "")
    assert words in " ".join(outcome.out.split())
    assert all(len(line) <= 100 for line in outcome.out.splitlines()[:-1])  # the last one is a path
    assert (new / "compare.html").is_file()
    assert outcome.out.splitlines()[-1] == f"Comparison: {new / 'compare.html'}"
    assert (new / "compare.junit.xml").is_file()
    assert (new / "compare.md").is_file()
    printed = place.bench("compare", "base", "new", "--json", "--out", "elsewhere")
    assert printed.code == code
    found = json.loads(printed.out)
    jsonschema.validate(found, gate_schema())
    assert found["exit_code"] == code
    assert json.loads((place.folder / "elsewhere" / "compare.json").read_text()) == found


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"scenario": "crm"},
            "the baseline base has the scenario crm, the new run shop — compare runs of one scenario",
        ),
        ({"scale": "10k"}, "the baseline base has the scale 10k, the new run 100k"),
        ({"complete": False}, "did not finish"),
    ],
)
def test_a_baseline_that_does_not_fit_is_refused_with_exit_code_2(
    place: Place, fields: dict[str, object], words: str
) -> None:
    store_run(place.folder / "base", SAME, **fields)  # type: ignore[arg-type]
    store_run(place.folder / "new", SAME, seed=2)
    outcome = place.bench("compare", "base", "new")
    assert outcome.code == 2
    assert words in outcome.error
    assert not (place.folder / "new" / "compare.html").exists()


def test_a_run_is_not_compared_with_itself_nor_with_what_is_none(place: Place) -> None:
    run = store_run(place.folder / "run", SAME)
    (place.folder / "latest").symlink_to("run")
    same = place.bench("compare", "run", "latest")
    assert (same.code, "run and latest are the same run" in same.error) == (2, True)
    none = place.bench("compare", "run", "nowhere")
    assert (none.code, "nowhere is not a run" in none.error) == (2, True)
    (run / "samples.parquet").write_text("no samples")
    torn = place.bench("compare", "run", str(store_run(place.folder / "new", SAME, seed=2)))
    assert (torn.code, "cannot be read as samples" in torn.error) == (2, True)


def test_a_baseline_that_does_not_fit_is_refused_before_anything_is_made(bench: Bench, place: Place) -> None:
    scenario = str(copied_mini(place.folder))
    store_run(place.folder / "base", SAME)
    for words, told in (
        (("run", scenario, "--baseline", "base"), "the baseline base has the scenario shop, the new run mini"),
        (("run", scenario, "--baseline", "nowhere"), "is not a run"),
    ):
        outcome = bench(*words)
        assert outcome.code == 2
        assert told.replace("base has", f"{place.folder / 'base'} has") in outcome.error
    assert not (place.folder / "results").exists()


def test_a_run_that_asks_another_question_than_its_baseline_says_which_part_is_another(place: Place) -> None:
    scenario = copied_mini(place.folder)
    words = ("run", str(scenario), "--scale", "1k", "--quiet", "--budget", "4s")
    place.bench(*words)
    base = (place.folder / "results" / "latest").resolve()
    stored = read_result(base)
    assert all(stored["seed_manifest"][f"{part}_fingerprint"] for part in ("schema", "seed", "access"))
    assert all(item["fingerprint"] for item in stored["workload"])

    (form, *_) = sorted((scenario / "workload").glob("*.after.sql"))
    form.write_text(f"-- the same question\n{form.read_text()}")
    seed = scenario / "seed.toml"
    seed.write_text(f"{seed.read_text()}\n# the same rows\n")
    alike = place.bench(*words, "--baseline", str(base))
    assert not read_result(place.folder / "results" / "latest")["gate"]["fingerprint"], alike.out
    assert "text or parameters" not in alike.out

    form.write_text(form.read_text().replace("SELECT", "SELECT ALL", 1))
    outcome = place.bench(*words, "--baseline", str(base))
    assert outcome.code == 4, outcome.out
    name = form.name.partition(".")[0]
    told = f"its text or parameters are not the baseline's: {name};"
    assert told in " ".join(outcome.out.split())
    summary = (place.folder / "results" / "latest" / "summary.md").read_text()
    assert told in summary.replace("\\_", "_")


def test_a_nightly_run_fails_for_what_became_worse_than_its_baseline_and_only_for_that(place: Place) -> None:
    scenario = copied_mini(place.folder)
    for form in (scenario / "workload").glob("*.sql"):  # long, so that a busy machine's client is seldom late
        form.write_text(form.read_text().replace("ORDER BY", "CROSS JOIN pg_sleep(0.03) ORDER BY"))
    words = ("run", str(scenario), "--scale", "1k", "--quiet")
    place.bench(*words, "--budget", "8s")
    base = (place.folder / "results" / "latest").resolve()
    view = scenario / "sql" / "migrate_1_view.sql"
    slower = view.read_text().replace("LEFT JOIN", "CROSS JOIN pg_sleep(0.03) LEFT JOIN")
    view.write_text(f"{slower}\nCREATE TABLE kept AS SELECT * FROM orders, generate_series(1, 20);\n")

    outcome = place.bench(*words, "--budget", "8s", "--baseline", "results/latest")
    new = (place.folder / "results" / "latest").resolve()
    assert new != base
    assert outcome.code == 1, outcome.out
    assert "storage grew (whole database and kept)" in " ".join(outcome.out.split())

    result = read_result(new)
    assert result["options"]["baseline"] == str(base)
    (query,) = [item for item in result["gate"]["latency"] if item["gated"]]
    assert query["ratio"] == pytest.approx(2.0, rel=0.2)
    assert query["outcome"] == "fail" or query["warnings"], "a busy machine's void blocks are told"
    assert result["gate"]["base"]["run_id"] == read_result(base)["run_id"]
    compared = place.bench("compare", str(base), str(new), "--json", "--out", "again")
    assert json.loads(compared.out) == result["gate"], "judged from the samples of both, the verdicts are the same"
    for folder in (base, new):
        run = read_run(folder)
        assert judge_again(run.table, run.result) == run.result.latency

    said = {path.name: path.read_bytes() for path in new.iterdir() if path.suffix in (".html", ".xml", ".md")}
    assert {"compare.html", "junit.xml", "summary.md"} <= said.keys()
    assert b'<failure message="+' in said["junit.xml"]
    assert place.bench("report", str(new)).code == 0
    assert {name: (new / name).read_bytes() for name in said} == said
    assert Path(base, "report.html").is_file()
