"""Old and new form of a query must answer alike; what stale copies explain is flagged, else it is not timed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.scenario import AcceptRule
from harness.server import Databases
from tests.integration.verify.checking import Outcome, check, query, sql_file

OLD_STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    CREATE TABLE goods (id int PRIMARY KEY, maker_id int, maker_name text, price numeric(10,2), ratio float8);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(1, 20) n;
    INSERT INTO goods
    SELECT n, m.id, m.name, n, n / 10.0 FROM generate_series(1, 2500) n JOIN makers m ON m.id = 1 + n % 20;
    UPDATE goods SET maker_name = 'an old name' WHERE id IN (3, 23);
    UPDATE goods SET maker_id = NULL WHERE id = 5;
    UPDATE goods SET ratio = 'NaN' WHERE id = 9;
"""
MIGRATION = """
    CREATE VIEW goods_shown AS
        SELECT g.id, m.name AS maker_name, g.price, g.ratio FROM goods g LEFT JOIN makers m ON m.id = g.maker_id;
    ALTER TABLE goods DROP COLUMN maker_name;
"""
RENAME = "UPDATE makers SET name = 'x' WHERE id = 1"
QUERIES = (
    query("same", "SELECT id, price, ratio FROM goods", "SELECT id, price, ratio FROM goods_shown ORDER BY id DESC"),
    query("order", "SELECT id FROM goods ORDER BY id", "SELECT id FROM goods_shown ORDER BY id DESC", ordered=True),
    query("list", "SELECT id, maker_name FROM goods", "SELECT id, maker_name FROM goods_shown"),
    query(
        "search",
        "SELECT id FROM goods WHERE maker_name LIKE 'maker%'",
        "SELECT id FROM goods_shown WHERE maker_name LIKE 'maker%'",
    ),
    query(
        "report",
        "SELECT maker_name, sum(price) FROM goods GROUP BY 1",
        "SELECT maker_name, sum(price) FROM goods_shown GROUP BY 1",
    ),
    query(
        "sort",
        "SELECT id FROM goods ORDER BY maker_name, id LIMIT 50",
        "SELECT id FROM goods_shown ORDER BY maker_name, id LIMIT 50",
        ordered=True,
    ),
    query("limit", "SELECT id FROM goods ORDER BY id LIMIT 10", "SELECT id FROM goods_shown ORDER BY id LIMIT 11"),
    query("twice", "SELECT maker_id FROM goods", "SELECT DISTINCT maker_id FROM goods"),
    query("typed", "SELECT id, ratio FROM goods", "SELECT id, ratio::numeric FROM goods_shown"),
    query("empty", "SELECT id FROM goods WHERE false", "SELECT id FROM goods_shown WHERE false"),
    query("broken", "SELECT id FROM goods", "SELECT no_such FROM goods_shown"),
    query("by_schema", "SELECT id, maker_name FROM public.goods", "SELECT id, maker_name FROM goods_shown"),
    query(
        "parameters",
        "SELECT id FROM goods WHERE id = :id",
        "SELECT id FROM goods_shown WHERE id = CASE WHEN :id::int = 2 THEN 1 ELSE :id END",
        params=sql_file("SELECT n AS id FROM generate_series(1, 3) n"),
    ),
    query("rename", RENAME, RENAME, kind="write"),
    query("no_write", RENAME, RENAME.replace("id = 1", "id = -1"), kind="write"),
)  # fmt: skip
UNEXPLAINED = {"order", "limit", "twice", "broken", "by_schema", "parameters"}
EXPLAINED = {"list", "search", "report", "sort"}
EMPTY = {"empty", "no_write"}


@pytest.fixture(scope="module")
def outcome(databases: Databases) -> Iterator[Outcome]:
    made = check(databases, OLD_STATE, MIGRATION, queries=QUERIES)
    yield made
    made.drop()


def test_answers_that_nothing_explains_are_errors_and_not_timed(outcome: Outcome) -> None:
    errors = {item.object for item in outcome.found("answer_differs") if item.severity == "error"}
    assert errors == UNEXPLAINED
    assert outcome.untimed == UNEXPLAINED | EMPTY


def test_answers_that_stale_copies_explain_are_flagged_and_timed(outcome: Outcome) -> None:
    flagged = {item.object: item.cause for item in outcome.found("answer_differs") if item.severity == "warning"}
    assert flagged == dict.fromkeys(EXPLAINED, "stale_copy")


def test_a_query_that_meets_no_row_proves_nothing(outcome: Outcome) -> None:
    assert {item.object for item in outcome.found("answer_empty")} == EMPTY


def test_a_query_that_fails_says_why(outcome: Outcome) -> None:
    assert 'column "no_such" does not exist' in outcome.one("answer_differs", "broken").detail


def test_the_differing_rows_are_shown_with_their_parameter_set(outcome: Outcome) -> None:
    finding = outcome.one("answer_differs", "parameters")
    assert [(item.key, item.old, item.new) for item in finding.examples] == [
        ("parameter set 2", "2", None),
        ("parameter set 2", None, "1"),
    ]
    assert (finding.count, finding.rows) == (2, 3)


def test_the_check_leaves_no_trace_of_its_writes(outcome: Outcome) -> None:
    again = outcome.column("goods.maker_name")
    assert (again.different, again.value_to_null, again.identical) == (2, 1, 2497)


def test_accepted_findings_are_shown_with_their_reason_and_fail_nothing(databases: Databases) -> None:
    rules = (
        AcceptRule("value_*", "goods.maker_name", "live names are wanted", cause="stale_copy"),
        AcceptRule("value_to_null", "goods.maker_name", "few", max_share=0.01, cause="null_fk"),
        AcceptRule("row_missing", "goods_shown", "never happens"),
    )
    made = check(databases, OLD_STATE, MIGRATION, accept=rules)
    try:
        assert made.integrity.verdict == "pass"
        reasons = {item.cause: item.accepted for item in made.found(name="goods.maker_name")}
        assert reasons == {"stale_copy": "live names are wanted", "null_fk": "few"}
        assert made.one("accept_rule_unused").object == "goods_shown"
    finally:
        made.drop()


def test_a_share_above_the_rules_is_not_accepted(databases: Databases) -> None:
    rules = (AcceptRule("value_*", "goods.maker_name", "few", max_share=0.0005),)
    made = check(databases, OLD_STATE, MIGRATION, accept=rules)
    try:
        assert made.integrity.verdict == "fail"
        assert made.one("value_differs").accepted is None
        assert made.one("value_to_null").accepted == "few"
    finally:
        made.drop()


def test_a_condition_accepts_the_rows_that_fulfil_it_and_leaves_the_rest(databases: Databases) -> None:
    rules = (
        AcceptRule("*", "goods.maker_name", "row 3 is known", condition="id = 3"),
        AcceptRule("*", "goods.maker_name", "names nothing that is there", condition="no_such_column > 1"),
    )
    made = check(databases, OLD_STATE, MIGRATION, accept=rules)
    try:
        parts = {(item.kind, item.accepted): item for item in made.found(name="goods.maker_name")}
        known, rest = parts["value_differs", "row 3 is known"], parts["value_differs", None]
        assert (known.count, [example.key for example in known.examples]) == (1, ["3"])
        assert len(made.rerun(known)) == 1
        assert len(made.rerun(rest)) == rest.count == 1
        assert all(example.key != "3" for example in rest.examples)
        assert "no_such_column" in made.one("accept_rule_unused").detail
    finally:
        made.drop()


def test_a_query_that_does_not_end_is_told_and_not_timed_and_holds_nothing_up(databases: Databases) -> None:
    endless = "SELECT count(*) FROM {0} a, {0} b, {0} c WHERE a.price + b.price + c.price < 0"
    rename = "UPDATE makers SET name = 'x' WHERE id = 1 AND pg_sleep(600) IS NOT NULL"
    queries = (
        query("endless", endless.format("goods"), endless.format("goods_shown")),
        query("late", "SELECT id FROM goods", "SELECT id FROM goods_shown, pg_sleep(600)"),
        query("write", rename, rename, kind="write"),
        QUERIES[0],
    )
    made = check(databases, OLD_STATE, MIGRATION, queries=queries, limit_s=0.3)
    try:
        found = made.found("answer_unfinished")
        assert {item.object for item in found} == made.untimed == {"endless", "late", "write"}
        assert found[0].severity == "warning"
        assert "does not end within the statement timeout (0.3 s)" in found[0].detail
    finally:
        made.drop()
