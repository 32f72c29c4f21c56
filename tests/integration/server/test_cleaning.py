"""`bench clean` removes what dead runs left, and only that."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.progress import Silent
from harness.server import Databases, Journal, Server, connect
from harness.server.cleaning import CleanReport, clean
from harness.server.home import Home
from harness.server.journal import read_journal
from harness.server.leftovers import find_dead_runs
from harness.server.process import processes_in
from tests.integration.server.outside import Outside, outside, wait_until


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture(autouse=True)
def base(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Homes in a folder of this test's own, so that runs of other tests on this machine stay out of sight."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="c-"))
    folder.chmod(0o755)
    monkeypatch.setenv("BENCH_TMPDIR", str(folder))
    yield folder
    shutil.rmtree(folder)


def tidy(results: Path, dsn: str | None = None, kept: bool = False) -> CleanReport:
    return asyncio.run(clean(results, dsn, kept, Silent()))


def names(server: Server) -> set[str]:
    async def go() -> set[str]:
        connection = await connect(server.address)
        rows = await connection.fetch("SELECT datname::text AS name FROM pg_database")
        await connection.close()
        return {row["name"] for row in rows}

    return asyncio.run(go())


def kill(run: Outside) -> None:
    run.kill()
    home = Home(run.home)
    assert wait_until(lambda: not processes_in(home.data))


def test_homes_of_killed_runs_go_and_those_of_live_and_kept_runs_stay(results: Path) -> None:
    with (
        outside(results / "dead") as dead,
        outside(results / "live") as live,
        outside(results / "kept", keep=True) as kept,
    ):
        kill(dead)
        assert kept.end() == 0
        report = tidy(results)
        assert report.homes == (dead.home,)
        assert not dead.home.exists()
        assert live.home.is_dir()
        assert kept.home.is_dir()
        assert any("kept on purpose" in reason for reason in report.left_alone)
        assert tidy(results).homes == ()
        assert tidy(results, kept=True).homes == (kept.home,)
        assert live.end() == 0
    assert find_dead_runs(results) == ()


def test_a_dead_run_of_another_results_folder_is_found_by_its_home(results: Path, tmp_path: Path) -> None:
    with outside(tmp_path / "elsewhere" / "run") as run:
        kill(run)
    (found,) = find_dead_runs(results)
    assert found.folder == tmp_path / "elsewhere" / "run"
    assert tidy(results).homes == (run.home,)


def test_a_home_whose_results_are_gone_is_removed_too(results: Path) -> None:
    with outside(results / "run") as run:
        kill(run)
    (results / "run" / "journal.jsonl").unlink()
    assert tidy(results).homes == (run.home,)


def test_a_journal_that_names_what_is_not_its_own_is_not_believed(
    server: Server, results: Path, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    (precious / "server" / "data").mkdir(parents=True)
    (results / "forged").mkdir(parents=True)
    events = [
        {"event": "begin", "run_id": "forged", "pid": 1, "started": "never"},
        {"event": "embedded", "home": str(precious)},
        {"event": "given", "url": server.address.url()},
        {"event": "create", "database": "postgres"},
    ]
    (results / "forged" / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    report = tidy(results, server.address.dsn)
    assert report.homes == ()
    assert report.databases == ()
    assert precious.is_dir()


def test_a_folder_that_somebody_made_a_moment_ago_is_left_alone(results: Path, base: Path) -> None:
    (base / "bench-new").mkdir()
    assert tidy(results).homes == ()
    assert (base / "bench-new").is_dir()


def test_databases_of_a_dead_run_on_a_given_server_are_dropped_there(server: Server, results: Path) -> None:
    with outside(results / "dead", dsn=server.address.dsn) as dead:
        dead.kill()
    assert dead.said["database"] in names(server)
    report = tidy(results)
    assert report.databases == ()
    assert any("bench clean --dsn" in reason for reason in report.left_alone)
    assert dead.said["database"] in names(server)
    report = tidy(results, server.address.dsn)
    assert report.databases == (dead.said["database"],)
    assert dead.said["database"] not in names(server)
    state = read_journal(results / "dead" / "journal.jsonl")
    assert state is not None
    assert state.ended
    assert find_dead_runs(results) == ()


def test_a_dead_runs_databases_are_known_by_their_mark_where_its_journal_is_elsewhere(
    server: Server, results: Path, tmp_path: Path
) -> None:
    with outside(tmp_path / "elsewhere" / "dead", dsn=server.address.dsn) as dead:
        dead.kill()
    assert dead.said["database"] in tidy(results, server.address.dsn).databases
    assert dead.said["database"] not in names(server)


def test_databases_of_a_live_run_and_strangers_stay(server: Server, results: Path, databases: Databases) -> None:
    async def make(statement: str) -> None:
        connection = await connect(server.address)
        await connection.execute(statement)
        await connection.close()

    own = asyncio.run(databases.create("mine"))
    asyncio.run(make("CREATE DATABASE bench_stranger"))
    try:
        with outside(results / "live", dsn=server.address.dsn) as live:
            report = tidy(results, server.address.dsn)
            assert {own, "bench_stranger", live.said["database"]} <= names(server)
            assert live.said["database"] not in report.databases
            text = "\n".join(report.left_alone)
            assert "bench_stranger: it does not carry this tool's mark" in text
            assert f"{live.said['database']}: its run is at work" in text
            live.kill()
            tidy(results, server.address.dsn)
    finally:
        asyncio.run(make("DROP DATABASE bench_stranger"))
        asyncio.run(databases.drop("mine"))


def test_a_clone_that_somebody_made_of_ours_is_not_ours(server: Server, results: Path, tmp_path: Path) -> None:
    """The comment is not copied with the template, so nothing marks the clone."""

    async def go() -> str:
        run = Databases(server, Journal.begin(tmp_path / "run"))
        name = await run.create("before")
        connection = await connect(server.address)
        await connection.execute(f"CREATE DATABASE bench_theirs TEMPLATE {name}")
        report = await clean(results, server.address.dsn, False, Silent())
        await connection.execute("DROP DATABASE bench_theirs")
        await connection.close()
        await run.drop_all()
        return "\n".join(report.left_alone)

    assert "bench_theirs: it does not carry this tool's mark" in asyncio.run(go())
