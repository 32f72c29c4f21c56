"""Queries asked as the scenario's role: with keys that it may see, and only where both forms answer it alike."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from harness.errors import ScenarioError
from harness.phases.asking import Asked, choose_askers
from harness.scenario import AccessRole, Query, SqlFile
from harness.server import Databases
from harness.verify import check_as_role
from harness.workload import BoundQuery, bind_as, draw_askers, draw_session
from tests.integration.verify.checking import run_apart

STATE = """
    CREATE TABLE notes (id int PRIMARY KEY, word text, tenant int);
    INSERT INTO notes SELECT n, 'note ' || n, n % 3 FROM generate_series(1, 30) n;
    CREATE TABLE stale (id int PRIMARY KEY, word text);
    INSERT INTO stale SELECT n, 'stale ' || n FROM generate_series(1, 10) n;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (tenant = current_setting('app.tenant', true)::int);
    GRANT SELECT, UPDATE ON notes, stale TO asking_reader;
"""
VIEWS = """
    CREATE VIEW notes_leaky AS SELECT * FROM notes;
    CREATE VIEW notes_safe WITH (security_invoker) AS SELECT * FROM notes;
    GRANT SELECT ON notes_leaky, notes_safe TO asking_reader;
    UPDATE stale SET word = 'fresh' WHERE id = 1;
"""
READER = AccessRole("asking_reader", (), "SELECT 2 AS app__tenant")


@pytest.fixture(scope="module")
def databases_of_role(databases: Databases) -> Iterator[dict[str, str]]:
    run_apart(databases, "CREATE ROLE asking_reader")

    async def make() -> dict[str, str]:
        names = {"before": await databases.create("asked_before")}
        connection = await databases.connect("asked_before")
        await connection.execute(STATE)
        await connection.close()
        names["after"] = await databases.create("asked_after", template="asked_before")
        connection = await databases.connect("asked_after")
        await connection.execute(VIEWS)
        await connection.close()
        return names

    yield asyncio.run(make())
    for arm in ("asked_after", "asked_before"):
        asyncio.run(databases.drop(arm))
    run_apart(databases, "DROP ROLE asking_reader")


def query(
    name: str, before: str, after: str, params: str | None = None, kind: Literal["read", "write"] = "read"
) -> Query:
    def file(text: str) -> SqlFile:
        return SqlFile(Path(f"{name}.sql"), text)

    return Query(name, name, kind, file(before), file(after), file(params) if params else None, 1, 0.05, True, False)


TENANTS = "SELECT DISTINCT tenant FROM notes ORDER BY tenant"
OF_TENANT = query(
    "of_tenant",
    "SELECT * FROM notes WHERE tenant = :tenant",
    "SELECT * FROM notes_leaky WHERE tenant = :tenant",
    TENANTS,
)
OF_ALL_LEAKY = query("of_all_leaky", "SELECT * FROM notes", "SELECT * FROM notes_leaky")
OF_ALL_SAFE = query("of_all_safe", "SELECT * FROM notes", "SELECT * FROM notes_safe")
STALE = query("stale", "SELECT * FROM stale", "SELECT * FROM stale")
RENAME = query("rename", *2 * ("UPDATE notes SET word = 'x' WHERE id = :id",), "SELECT id FROM notes", kind="write")
RENAME_ANY = query("rename_any", *2 * ("UPDATE notes SET word = 'x' WHERE id = 1",), kind="write")
FORBIDDEN = query("forbidden", "SELECT * FROM pg_authid", "SELECT * FROM pg_authid")
NONE_SEEN = query("none_seen", "SELECT :id::int", "SELECT :id::int", "SELECT id FROM notes WHERE tenant = 0")


def ask(databases: Databases, names: dict[str, str], queries: list[Query]) -> tuple[list[BoundQuery], dict[str, str]]:
    async def run() -> tuple[list[BoundQuery], dict[str, str]]:
        connection = await databases.connect("asked_before")
        try:
            session = await draw_session(connection, READER)
            bound = await bind_as(connection, queries, session)
        finally:
            await connection.close()
        address = databases.server.address
        return list(bound), await check_as_role(address, names["before"], names["after"], bound)

    return asyncio.run(run())


def test_parameters_are_keys_that_the_role_may_see(databases: Databases, databases_of_role: dict[str, str]) -> None:
    bound, _ = ask(databases, databases_of_role, [OF_TENANT, RENAME, NONE_SEEN])
    assert [item.name for item in bound] == ["of_tenant", "rename"]
    assert bound[0].sets == ({"tenant": 2},)
    assert [values["id"] % 3 for values in bound[1].sets] == [2] * 10
    assert bound[0].session == (("app.tenant", "2"), ("role", "asking_reader"))


def test_only_queries_whose_forms_answer_the_role_alike_may_be_timed_as_it(
    databases: Databases, databases_of_role: dict[str, str]
) -> None:
    queries = [OF_TENANT, OF_ALL_LEAKY, OF_ALL_SAFE, STALE, RENAME, RENAME_ANY, FORBIDDEN]
    _, reasons = ask(databases, databases_of_role, queries)
    assert reasons.pop("forbidden").startswith("it fails: permission denied")
    assert reasons == {
        "of_all_leaky": "its two forms answer differently",
        "rename_any": "its old form changes no row",
    }


def test_the_check_leaves_no_write_behind(databases: Databases, databases_of_role: dict[str, str]) -> None:
    ask(databases, databases_of_role, [RENAME])

    async def words() -> int:
        connection = await databases.connect("asked_before")
        try:
            return int(await connection.fetchval("SELECT count(*) FROM notes WHERE word = 'x'"))
        finally:
            await connection.close()

    assert asyncio.run(words()) == 0


def test_a_role_whose_settings_cannot_be_drawn_is_told(databases: Databases, databases_of_role: dict[str, str]) -> None:
    async def draw() -> None:
        connection = await databases.connect("asked_before")
        try:
            await draw_session(connection, AccessRole("asking_reader", (), "SELECT 1 AS a WHERE false"))
        finally:
            await connection.close()

    with pytest.raises(ScenarioError, match="asking_reader: settings_query gives no row"):
        asyncio.run(draw())


ASKERS = AccessRole("asking_reader", (("app.branch", "b"),), "", "SELECT n AS app__tenant FROM generate_series(0, 3) n")
KEYS = query("keys", *2 * ("SELECT * FROM notes WHERE id = :id",), "SELECT id FROM notes ORDER BY id")
LEAK_OF_ONE = query(
    "leak_of_one", "SELECT * FROM notes WHERE id < 3", "SELECT * FROM notes_safe WHERE id < 3 UNION ALL TABLE leak"
)
UNSEEN = query("unseen", *2 * ("SELECT * FROM notes WHERE tenant = 3",))
NOTHING_OLD = query("nothing_old", "SELECT * FROM notes WHERE id > 30", "SELECT * FROM notes_leaky")


def choose(databases: Databases, names: dict[str, str], queries: list[Query], role: AccessRole) -> Asked:
    plain = [bound(item) for item in queries]

    async def run() -> Asked:
        return await choose_askers(
            databases.server.address, role, plain, names["before"], names["after"], frozenset({"notes_leaky"})
        )

    return asyncio.run(run())


def bound(item: Query) -> BoundQuery:
    """Parameters and statements do not matter: they are drawn anew, as each asker."""
    return BoundQuery(item, (), (), ({},))


def test_each_asker_has_keys_of_its_own_and_one_that_reads_nothing_takes_no_part(
    databases: Databases, databases_of_role: dict[str, str]
) -> None:
    asked = choose(databases, databases_of_role, [KEYS, RENAME, UNSEEN], ASKERS)
    keys, rename, unseen = asked.queries
    for item in (keys, rename):
        assert item.session == (("app.branch", "b"), ("role", "asking_reader"))
        owners = [dict(claims)["app.tenant"] for claims in item.claims]
        assert owners == sorted(["0", "1", "2"] * 4)
        assert [str(values["id"] % 3) for values in item.sets] == owners
    assert keys.remarks == ("asked by 3 of the 4 askers: the others have nothing to read by it",)
    assert (unseen.session, unseen.claims) == ((), ())
    assert unseen.remarks == ("timed as the connecting user: as asking_reader it reads no row",)
    assert asked.note == (
        "2 of 3 queries are timed as asking_reader, with the claims of 4 askers in turn and with keys that each may "
        "see; as the connecting user, past row security: unseen"
    )


def test_both_forms_have_to_answer_every_asker_alike(databases: Databases, databases_of_role: dict[str, str]) -> None:
    async def leak(sql: str) -> None:
        connection = await databases.connect("asked_after")
        await connection.execute(sql)
        await connection.close()

    asyncio.run(
        leak("""
            CREATE VIEW leak WITH (security_invoker) AS
            SELECT 0 AS id, 'leaked' AS word, 0 AS tenant WHERE current_setting('app.tenant') = '2';
            GRANT SELECT ON leak TO asking_reader
        """)
    )
    try:
        asked = choose(databases, databases_of_role, [LEAK_OF_ONE, NOTHING_OLD], ASKERS)
    finally:
        asyncio.run(leak("DROP VIEW leak"))
    assert [item.remarks for item in asked.queries] == [
        ("timed as the connecting user: as asking_reader (the asker 3 of 4) its two forms answer differently",),
        ("timed as the connecting user: as asking_reader (the asker 1 of 4) only its new form reads rows",),
    ]


def test_one_asker_alone_is_asked_for_as_ever(databases: Databases, databases_of_role: dict[str, str]) -> None:
    (item,) = choose(databases, databases_of_role, [KEYS], READER).queries
    assert (item.session, item.claims, len(item.sets)) == ((("app.tenant", "2"), ("role", "asking_reader")), (), 10)


@pytest.mark.parametrize(
    ("askers", "message"),
    [
        ("SELECT 1 AS a WHERE false", "access_role asking_reader: askers_query gives no row"),
        ("SELECT n AS a__b FROM generate_series(1, 17) n", "askers_query gives 17 askers"),
        ("SELECT 1 AS log_min_messages", "log_min_messages cannot be set"),
        ("SELECT FROM nowhere", "askers_query: relation"),
    ],
)
def test_askers_that_cannot_be_are_told(
    databases: Databases, databases_of_role: dict[str, str], askers: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message):
        choose(databases, databases_of_role, [KEYS], AccessRole("asking_reader", (), "", askers))


def test_a_role_that_has_askers_only_reads_the_views_as_the_first_of_them(
    databases: Databases, databases_of_role: dict[str, str]
) -> None:
    async def draw() -> tuple[object, object]:
        connection = await databases.connect("asked_before")
        try:
            return await draw_session(connection, ASKERS), await draw_askers(connection, READER)
        finally:
            await connection.close()

    first, single = asyncio.run(draw())
    assert first == (("app.branch", "b"), ("app.tenant", "0"), ("role", "asking_reader"))
    assert single == ((("app.tenant", "2"), ("role", "asking_reader")), ((),))
