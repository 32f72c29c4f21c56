"""Scenario files: read, extended, and refused with the place and the next step."""

from pathlib import Path

import pytest

from harness.errors import ScenarioError, UsageError
from harness.scenario import AccessRole, load_scenario

BASE = """
name = "base"
title = "A base"
origin = "test"
main_tables = ["t"]
schema = ["schema/*.sql"]
migrations = ["migrations/*.sql"]
seed = "seed.toml"

[[query]]
name = "one"
title = "One"
"""


def write(folder: Path, text: str = BASE) -> Path:
    for name in ("schema", "migrations", "workload"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    (folder / "seed.toml").write_text("", encoding="utf-8")
    for name in ("2_b", "10_c", "1_a"):
        (folder / "schema" / f"{name}.sql").write_text("SELECT 1;", encoding="utf-8")
    (folder / "migrations" / "m.sql").write_text("SELECT 1;", encoding="utf-8")
    for form in ("before", "after"):
        (folder / "workload" / f"one.{form}.sql").write_text("SELECT 1", encoding="utf-8")
    return folder


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    scenario = load_scenario(str(write(tmp_path)))
    assert [file.name for file in scenario.schema] == ["10_c.sql", "1_a.sql", "2_b.sql"]
    assert scenario.queries[0].before.text == "SELECT 1"
    assert scenario.queries[0].params is None


def test_a_scenario_takes_over_what_it_extends_with_paths_where_they_were_written(tmp_path: Path) -> None:
    write(tmp_path / "base")
    other = tmp_path / "other"
    other.mkdir()
    (other / "own.sql").write_text("SELECT 2;", encoding="utf-8")
    text = 'name = "other"\nextends = "../base"\nmigrations = ["own.sql"]\n'
    (other / "scenario.toml").write_text(text, encoding="utf-8")
    scenario = load_scenario(str(other))
    assert (scenario.name, scenario.title) == ("other", "A base")
    assert [file.text for file in scenario.migrations] == ["SELECT 2;"]
    assert scenario.seed == (tmp_path / "base" / "seed.toml").resolve()
    assert scenario.queries[0].after.path == (tmp_path / "base" / "workload" / "one.after.sql").resolve()


def test_scenarios_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", BASE.replace('name = "base"', 'name = "a"\nextends = "../b"', 1))
    write(tmp_path / "b", BASE.replace('name = "base"', 'name = "b"\nextends = "../a"', 1))
    with pytest.raises(ScenarioError, match="in a circle"):
        load_scenario(str(tmp_path / "a"))


def test_an_unknown_scenario_names_the_near_miss() -> None:
    with pytest.raises(UsageError, match="did you mean 'crm'"):
        load_scenario("crn")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "A base"', 'title = "A base', r"scenario\.toml: not valid TOML.*line 3"),
        ('title = "A base"', "", "title: Field required"),
        ("[[query]]", "[[query]]\nwieght = 2", r"query\[1\]\.wieght"),
        ('"schema/*.sql"', '"schemas/*.sql"', "no file matches 'schemas"),
        ('seed = "seed.toml"', 'seed = "seeds.toml"', r"seed: .*seeds\.toml does not exist"),
        ('name = "one"', 'name = "two"', r"two\.before\.sql: the file is missing"),
        ('seed = "seed.toml"', 'seed = "seed.toml"\nindex_migrations = ["x.sql"]', "'x.sql' is not among"),
        ('seed = "seed.toml"', 'seed = "seed.toml"\nqueries_as = "clerk"', "queries_as: 'clerk' is no access_role"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in BASE
    folder = write(tmp_path, BASE.replace(old, new, 1))
    with pytest.raises(ScenarioError, match=message):
        load_scenario(str(folder))


def test_a_pattern_may_name_its_folder_whole(tmp_path: Path) -> None:
    folder = write(tmp_path, BASE)
    near = load_scenario(str(folder)).schema
    write(tmp_path, BASE.replace('"schema/*.sql"', f'"{folder}/schema/*.sql"', 1))
    assert load_scenario(str(folder)).schema == near


def test_a_folder_without_a_scenario_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no scenario\.toml"):
        load_scenario(str(tmp_path))


def test_a_role_may_say_who_asks_the_timed_queries(tmp_path: Path) -> None:
    role = '\n[[access_role]]\nrole = "clerk"\nsettings = { "app.branch" = "7" }\naskers_query = "SELECT 1 AS a"\n'
    written = BASE.replace('seed = "seed.toml"', 'seed = "seed.toml"\nqueries_as = "clerk"', 1) + role
    assert load_scenario(str(write(tmp_path, written))).queries_as == AccessRole(
        "clerk", (("app.branch", "7"),), "", "SELECT 1 AS a"
    )


def test_an_accept_rules_condition_that_is_no_sql_is_refused(tmp_path: Path) -> None:
    rule = '\n[[accept]]\nkind = "*"\nobject = "*"\nreason = "known"\ncondition = "old = "\n'
    with pytest.raises(ScenarioError, match=r"(?s)accept.*no condition in SQL"):
        load_scenario(str(write(tmp_path, BASE + rule)))
    fine = rule.replace("old = ", "old = '1' AND new IS NULL -- as agreed")
    assert load_scenario(str(write(tmp_path, BASE + fine))).accept[0].condition.startswith("old")
