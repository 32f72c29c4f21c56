"""`bench verify` as a user types it: two relations compared, exit codes, and an integrity object alone on stdout."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter

from harness.progress import Silent
from harness.result import Integrity
from harness.server import Journal, ServerOptions, connect, open_server
from harness.server.address import Address
from tests.acceptance.conftest import Bench
from tests.acceptance.place import Place, Running, copied_mini, read_result, statuses, wait_until

STATE = """
    CREATE TABLE makers (id int PRIMARY KEY, name text);
    INSERT INTO makers SELECT n, 'maker ' || n FROM generate_series(1, 9) n;
    CREATE TABLE goods (id int PRIMARY KEY, maker_id int, maker text);
    INSERT INTO goods SELECT n, n % 9 + 1, 'maker ' || (n % 9 + 1) FROM generate_series(1, 100) n;
    CREATE VIEW goods_shown AS SELECT g.id, maker_id, name AS maker FROM goods g LEFT JOIN makers m ON m.id = maker_id;
    CREATE VIEW goods_other AS SELECT id, maker_id, upper(maker) AS maker FROM goods;
    CREATE FUNCTION gate(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
        IF $1 = 900000 THEN PERFORM pg_advisory_xact_lock_shared(42); END IF;
        RETURN $1;
    END $$;
    CREATE TABLE big (id int PRIMARY KEY, word text);
    INSERT INTO big SELECT n, 'word ' || n FROM generate_series(1, 1000000) n;
    CREATE VIEW big_shown AS SELECT id, 'word ' || gate(id) AS word FROM big;
    ANALYZE big;
    CREATE ROLE weak LOGIN PASSWORD 'secret';
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO weak;
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the user's, with tables to compare."""
    journal = Journal.begin(tmp_path_factory.mktemp("theirs"))
    with asyncio.Runner() as runner:
        opened = open_server(ServerOptions(), journal, Silent())
        server = runner.run(opened.__aenter__())

        async def fill() -> None:
            connection = await connect(server.address)
            await connection.execute(STATE)
            await connection.close()

        try:
            runner.run(fill())
            yield server.address.dsn
        finally:
            runner.run(opened.__aexit__(None, None, None))
            journal.end(kept=False)


def test_the_same_rows_end_with_0_and_the_object_alone_on_stdout(bench: Bench, url: str) -> None:
    outcome = bench("verify", "--dsn", url, "--old", "goods", "--new", "goods_shown", "--key", "id", "--json")
    assert outcome.code == 0, outcome.err
    integrity = TypeAdapter(Integrity).validate_json(outcome.out)
    assert (integrity.verdict, integrity.rows_compared) == ("pass", 100)
    assert json.loads(outcome.out)["columns"][0]["counterpart"] == "goods_shown.id"


def test_a_difference_ends_with_3_and_shows_a_query_to_paste(bench: Bench, url: str) -> None:
    outcome = bench("verify", "--dsn", url, "--old", "goods", "--new", "goods_other", "--key", "id", "--quiet")
    assert (outcome.code, outcome.err) == (3, "")
    assert "'maker 2' → 'MAKER 2'" in outcome.out
    assert 'FROM "public"."goods" AS o INNER JOIN "public"."goods_other" AS n ON o."id" = n."id"' in outcome.out


def test_a_role_that_may_only_read_can_compare(bench: Bench, url: str) -> None:
    weak = url.replace("postgres@", "weak:secret@", 1)
    outcome = bench("verify", "--dsn", weak, "--old", "goods", "--new", "goods_shown")
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--old", "goods"], 2, "--old and --new belong together"),
        (["--old", "goods", "--new", "goods_shwon"], 2, "did you mean 'goods_shown'"),
        (["--old", "goods", "--new", "goods_shown", "--key", "idd"], 2, "did you mean 'id'"),
        (["--old", "goods", "--new", "goods_shown", "--key", ""], 2, "no list of columns"),
        (["--old", "goods", "--new", "goods_shown", "--map", "maker"], 2, "no pair of columns"),
        (["--old", "goods", "--new", "goods_shown", "--map", "maker=makr"], 2, "did you mean 'maker'"),
        (["--old", "goods", "--new", "goods_shown", "--map", "maker=id", "--map", "maker=id"], 2, "twice"),
    ],
)
def test_wrong_words_are_told_in_one_line(bench: Bench, url: str, words: list[str], code: int, message: str) -> None:
    outcome = bench("verify", "--dsn", url, *words)
    assert outcome.code == code
    assert message in outcome.error
    assert outcome.out == ""


def test_a_lost_connection_and_a_kill_repeat_only_what_was_not_finished(place: Place, url: str) -> None:
    words = ["verify", "--dsn", url, "--old", "big", "--new", "big_shown"]
    with asyncio.Runner() as runner:
        holder = runner.run(connect(Address(url)))
        runner.run(holder.execute("SELECT pg_advisory_lock(42)"))  # nobody gets past row 900,000

        def spans() -> int:
            ledgers = place.folder.glob("results/*-verify-big/check.jsonl")
            return sum(ledger.read_text(encoding="utf-8").count('"event": "span"') for ledger in ledgers)

        def is_stuck(check: Running) -> bool:
            blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
            busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bench' AND state = 'active'"
            return [runner.run(holder.fetchval(query)) for query in (blocked, busy)] == [1, 2]

        lost = place.start(*words)
        assert wait_until(lambda: spans() > 0 and is_stuck(lost))
        runner.run(
            holder.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'advisory'")
        )
        outcome = lost.end()
        assert outcome.code == 5
        told = outcome.error.split(" — ")[1]
        done = spans()
        assert done > 0

        killed = place.start(*told.split()[1:4])
        assert wait_until(lambda: is_stuck(killed))
        second = place.bench(*told.split()[1:4])
        assert (second.code, "another bench compares in" in second.error) == (5, True)
        killed.process.kill()
        assert f"{done} finished parts of the earlier check are used" in killed.end().err
        assert spans() == done, "only the part that was cut off is left"
        runner.run(holder.close())
    outcome = place.bench(*told.split()[1:4], "--json")
    assert outcome.code == 0, outcome.err
    assert f"{done} finished parts of the earlier check are used" in outcome.err
    assert TypeAdapter(Integrity).validate_json(outcome.out).rows_compared == 1_000_000
    again = place.bench(*told.split()[1:4])
    assert (again.code, "is complete" in again.error) == (2, True)


def test_a_killed_check_of_a_scenario_goes_on_with_what_was_migrated_and_copied(place: Place) -> None:
    check = place.start("verify", str(copied_mini(place.folder)), "--scale", "10k")
    check.wait_for("verify")
    check.process.kill()
    check.end()
    (run,) = place.runs()
    before = read_result(run)
    assert statuses(before) == dict.fromkeys(["server", "seed", "arms", "migrate"], "done")
    outcome = place.bench("verify", str(run), "--resume", "--json")
    after = read_result(run)
    assert outcome.code == 0, outcome.err
    assert "the migrated arms of the earlier session are there and are used" in outcome.err
    assert "snapshot\n" not in outcome.err, "the copies are those of the earlier session"
    assert json.loads(outcome.out) == after["integrity"]
    assert after["phases"][1:4] == before["phases"][1:], "nothing before the check was done again"
    assert after["complete"]
    place.assert_nothing_left()


def test_a_lost_server_costs_a_check_of_a_scenario_nothing_that_was_finished(place: Place) -> None:
    check = place.start("verify", str(copied_mini(place.folder)), "--scale", "10k")
    check.wait_for("verify")
    for process in place.backends():
        process.send_signal(signal.SIGKILL)
    lost = check.end()
    (run,) = place.runs()
    assert (lost.code, statuses(read_result(run))["verify"]) == (5, "failed")
    told = shlex.split(lost.error.split(" — ")[1].partition(" goes on")[0])
    assert told == ["bench", "verify", str(run.relative_to(place.folder)), "--resume"]
    outcome = place.bench(*told[1:])
    assert outcome.code == 0, outcome.err
    assert "the migrated arms of the earlier session are there and are used" in outcome.err
    assert read_result(run)["complete"]
    place.assert_nothing_left()


def test_a_scenario_is_checked_and_nothing_else_is_done(place: Place) -> None:
    outcome = place.bench("verify", str(copied_mini(place.folder)), "--scale", "1k", "--quiet")
    assert (outcome.code, outcome.err) == (0, "")
    assert "orders against orders_with_customer" in outcome.out
    assert list(statuses(place.result())) == ["server", "seed", "arms", "migrate", "verify"]
    place.assert_nothing_left()


def test_a_server_that_does_not_answer_ends_with_5(bench: Bench) -> None:
    words = ("--dsn", "postgresql://localhost:1/x", "--old", "a", "--new", "b", "--json")
    outcome = bench("verify", *words)
    assert (outcome.code, outcome.out) == (5, "")
    assert "no server answers" in outcome.error
