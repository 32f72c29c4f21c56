"""The phases in their order, from scenario files to report: reads like a contents page."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from harness import __version__, machine
from harness.claims import load_claims
from harness.console import LoggedProgress
from harness.errors import UsageError
from harness.options import RunOptions
from harness.outcome import conclude
from harness.phases import (
    Job,
    Run,
    build_arms,
    hold_claims,
    measure_arms,
    seed_template,
    verify_views,
    weigh_storage,
)
from harness.progress import Progress
from harness.recorder import Recorder
from harness.report import write_report
from harness.result import Environment, Result
from harness.result.run import SCHEMA_VERSION
from harness.result.store import new_run_folder, point_latest, read_result
from harness.scenario import load_scenario
from harness.seed import load_spec, parse_scale
from harness.server import Databases, Journal, Server, ServerOptions, open_server
from harness.server.home import Home
from harness.server.journal import FILE_NAME as JOURNAL_FILE
from harness.server.journal import read_journal
from harness.server.leftovers import stop_dead_servers
from harness.server.serve import serve

LOG_FILE = "log.txt"
T = TypeVar("T")


Phases = Callable[[Run], Awaitable[None]]


async def whole_run(run: Run) -> None:
    """All phases of a run; each saves its outcome as soon as it exists."""
    await seed_template(run)
    await build_arms(run)
    queries = await verify_views(run)
    await weigh_storage(run)
    await measure_arms(run, queries)
    await hold_claims(run)
    run.recorder.set(complete=True)


SEED_ONLY: Phases = seed_template


def prepare(options: RunOptions) -> Job:
    """Reads and checks everything that the run needs, before anything is made; raises UsageError or ScenarioError."""
    scale_rows = parse_scale(options.scale)
    scenario = load_scenario(options.scenario)
    return Job(
        options=options,
        scenario=scenario,
        spec=load_spec(scenario.seed),
        claims=load_claims(scenario.claims) if scenario.claims else (),
        scale_rows=scale_rows,
    )


def run_to_end(
    options: RunOptions, resume: Path | None, progress: Progress, phases: Phases = whole_run
) -> tuple[Result, Path]:
    """Carries out a run, or goes on with a killed one; returns its result and its folder.

    Whatever ends it, the folder holds the result up to the failed phase, and the report of it.
    """
    if resume is not None:
        options = _options_of(resume, options)
    job = prepare(options)
    stop_dead_servers(options.results, progress)
    folder = resume or new_run_folder(options.results, job.scenario.name, options.scale, datetime.now(UTC))
    progress = LoggedProgress(progress, folder / LOG_FILE)
    journal = Journal.resume(folder) if resume else Journal.begin(folder)
    recorder = Recorder(folder, read_result(folder) if resume else _fresh(job, journal.run_id), progress)
    point_latest(folder)
    with _concluded(recorder):
        run_async(_on_server(job, journal, recorder, progress, phases))
    return recorder.result, folder


@contextlib.contextmanager
def _concluded(recorder: Recorder) -> Iterator[None]:
    """Whatever ends the run: verdict, exit code and report of what there is."""
    try:
        yield
    finally:
        recorder.result = conclude(recorder.result)
        recorder.save()
        write_report(recorder.folder)


async def _on_server(job: Job, journal: Journal, recorder: Recorder, progress: Progress, phases: Phases) -> None:
    """Opens the server, runs the phases there, and leaves nothing behind unless it is to be kept."""
    options = job.options
    wanted = ServerOptions(options.dsn, options.pg_bin, options.run_as, options.allow_roles, options.keep)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(journal.end, kept=options.keep)
        with recorder.phase("server"):
            progress.start("server")
            server = await stack.enter_async_context(open_server(wanted, journal, progress))
            recorder.server = server
            recorder.set(environment=_environment(server))
        databases = Databases(server, journal)
        if server.kind == "given" and not options.keep:
            stack.push_async_callback(databases.drop_all)
        await phases(Run(job, recorder, progress, databases))


def _environment(server: Server) -> Environment:
    return Environment(
        machine=machine.describe(),
        server_kind=server.kind,
        server_version=server.version,
        server_version_num=server.version_num,
        settings=server.settings,
        client=machine.describe_client(),
        degraded=server.degraded,
    )


def _fresh(job: Job, run_id: str) -> Result:
    options = job.options
    return Result(
        schema_version=SCHEMA_VERSION,
        tool=f"bench {__version__}",
        run_id=run_id,
        scenario=job.scenario.name,
        origin=job.scenario.origin,
        scale=options.scale,
        profile=options.profile,
        seed=options.seed,
        started_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        options=options.recorded(),
    )


def _options_of(folder: Path, given: RunOptions) -> RunOptions:
    """The options of the run that is resumed; the server is named anew, for no password is kept."""
    result = read_result(folder)
    if result.complete:
        raise UsageError(f"the run in {folder} is complete", "start a new one, or show it with bench report")
    recorded = RunOptions.from_record(result.options)
    return replace(recorded, dsn=given.dsn, pg_bin=given.pg_bin or recorded.pg_bin, results=folder.parent)


def serve_until_stopped(folder: Path, options: ServerOptions, progress: Progress, say: Callable[[str], object]) -> None:
    """Runs the kept server of a run until Ctrl-C or SIGTERM, and says how to connect to each of its databases."""

    async def wait() -> None:
        state = read_journal(folder / JOURNAL_FILE)
        async with serve(folder, options, progress) as server:
            passfile = f"PGPASSFILE={Home(server.home).passfile} " if server.home else ""
            for name in state.databases if state else ():
                say(f"{passfile}psql '{server.address.url(name)}'")
            say("stop it with Ctrl-C")
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        run_async(wait())


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Runs the coroutine on uvloop; Ctrl-C and SIGTERM cancel it, so that it tidies up behind itself."""

    async def main() -> T:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(main())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
