"""docs/nightly.md works as it stands: its script, night after night, and what its job files name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.acceptance.place import REPOSITORY, Place, copied_mini

DOCUMENT = (REPOSITORY / "docs" / "nightly.md").read_text(encoding="utf-8")


def script() -> str:
    (text,) = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", DOCUMENT, flags=re.DOTALL)
    return str(text)


def test_the_first_night_makes_the_baseline_and_the_second_is_held_against_it(place: Place) -> None:
    assert "--scale 100k --budget 6m" in script()
    (place.folder / "nightly.sh").write_text(script().replace("--scale 100k --budget 6m", "--scale 1k --budget 4s"))
    program = place.folder / ".venv" / "bin" / "bench"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m harness "$@"\n')
    program.chmod(0o755)
    scenario = copied_mini(place.folder)
    variables = {**os.environ, "BENCH_STORE": str(place.folder / "store"), "BENCH_TMPDIR": str(place.homes)}

    def night() -> subprocess.CompletedProcess[str]:
        words = ["sh", "nightly.sh", str(scenario)]
        return subprocess.run(words, cwd=place.folder, env=variables, capture_output=True, text=True, timeout=300)

    report = place.folder / "report"
    first = night()
    assert first.returncode == 0, first.stderr
    assert (place.folder / "store" / "baseline" / "samples.parquet").is_file()
    assert {item.name for item in report.iterdir()} == {"report.html", "junit.xml", "summary.md", "result.json"}
    second = night()
    assert second.returncode in (0, 4), "a busy machine may leave a query undecided; nothing got worse"
    assert "against the baseline" in second.stdout or "no worse than the baseline" in second.stdout
    assert (report / "compare.html").is_file()

    view = scenario / "sql" / "migrate_1_view.sql"
    view.write_text(view.read_text().replace("LEFT JOIN", "JOIN").replace("customers.id =", "customers.id <>"))
    third = night()
    assert third.returncode == 3, third.stdout
    assert "that the baseline does not have" in third.stdout
    assert "<failure" in (report / "junit.xml").read_text()


def test_the_job_files_run_the_script_and_keep_what_it_makes() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert "nightly.sh crm-repaired" in block
        assert "report" in block
        assert "BENCH_STORE" in block


def test_every_key_that_the_document_names_is_in_the_comparison() -> None:
    from harness.result.store import gate_schema

    table = DOCUMENT.partition("## What `--json` prints")[2].partition("\n## ")[0]
    keys = {key for row in table.splitlines() if row.startswith("| `") for key in re.findall(r"`([a-z_]+)`", row[:70])}
    schema = gate_schema()
    known = {*schema["properties"], *(name for part in schema["$defs"].values() for name in part.get("properties", ()))}
    assert keys <= known | {"fail"}
    assert set(schema["properties"]) <= keys


def test_the_document_is_where_the_project_says_it_is() -> None:
    assert tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"
    assert "Python 3.11" in DOCUMENT
    assert Path(REPOSITORY, "docs", "calibration.md").is_file()
