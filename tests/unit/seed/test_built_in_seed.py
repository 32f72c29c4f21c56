"""The built-in seed files, and the JSON schema that editors hold them against."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from harness.scenario import load_scenario, scenario_names
from harness.scenario.paths import data_root
from harness.seed import check_spec, declared_catalogue, json_schema, load_spec
from harness.seed.scale import MAX_SCALE, row_counts

SCHEMA = data_root() / "seeds" / "seed.schema.json"


@pytest.mark.parametrize("name", scenario_names())
def test_it_fits_its_scenarios_schema(name: str) -> None:
    scenario = load_scenario(name)
    for scale in (1, MAX_SCALE):
        check_spec(load_spec(scenario.seed), declared_catalogue(scenario.schema), scale)


@pytest.mark.parametrize("name", scenario_names())
def test_every_main_table_has_the_scales_rows(name: str) -> None:
    scenario = load_scenario(name)
    counts = row_counts(load_spec(scenario.seed), 100_000)
    assert [counts[table] for table in scenario.main_tables] == [100_000] * len(scenario.main_tables)
    assert sum(counts.values()) < 1_100_000


def test_the_json_schema_is_the_models() -> None:
    wanted = json.dumps(json_schema(), indent=2) + "\n"
    assert SCHEMA.read_text() == wanted, "write harness.seed.json_schema() to seeds/seed.schema.json"


def test_the_json_schema_accepts_the_built_in_file_and_refuses_a_wrong_one() -> None:
    data = json.loads(json.dumps(tomllib.loads((data_root() / "seeds" / "crm.toml").read_text()), default=str))
    jsonschema.validate(data, json.loads(SCHEMA.read_text()))
    data["tables"]["sales"]["columns"]["value"]["kind"] = "zipf"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json.loads(SCHEMA.read_text()))


def test_the_fingerprint_changes_with_what_a_seed_file_says_and_not_with_its_layout(tmp_path: Path) -> None:
    path = data_root() / "seeds" / "crm.toml"
    usual = load_spec(path).fingerprint
    texts = {
        "laid out": path.read_text() + "\n# a remark\n",
        "another": path.read_text().replace("size = 900", "size = 901", 1),
    }
    found = {}
    for name, text in texts.items():
        (tmp_path / f"{name}.toml").write_text(text)
        found[name] = load_spec(tmp_path / f"{name}.toml").fingerprint
    assert found["laid out"] == usual
    assert found["another"] != usual
