"""A run from its beginning to its end: the server opened, the phases carried out, whatever happens told and kept."""

from __future__ import annotations

import contextlib
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness import __version__, machine
from harness.console import LoggedProgress
from harness.errors import EXIT_COULD_NOT_RUN, EXIT_INTERRUPTED, HarnessError, UsageError
from harness.interrupt import run_async
from harness.job import Job, Run, prepare
from harness.leaving import ending, leaving, log_keeper
from harness.options import RunOptions
from harness.outcome import conclude
from harness.pipeline import PHASES, Phases
from harness.progress import Progress
from harness.recorder import Recorder
from harness.report import write_report
from harness.result import Environment, Result
from harness.result.going_on import how_to_go_on
from harness.result.run import SCHEMA_VERSION
from harness.result.store import RESULT_FILE, new_run_folder, point_latest, read_result
from harness.server import Databases, Journal, Server, open_server
from harness.server.faults import as_harness_error
from harness.server.home import Home
from harness.server.leftovers import stop_dead_servers

LOG_FILE = "log.txt"
SERVER_LOG_FILE = "server.log"


@dataclass(frozen=True)
class Ended:
    """How a run ended: its result as far as it came, its folder, and what stopped it, if anything did."""

    result: Result
    folder: Path
    problem: BaseException | None

    @property
    def has_server(self) -> bool:
        """Whether it came so far that there was a server, which `keep` keeps."""
        return any(phase.name == "server" and phase.status == "done" for phase in self.result.phases)


def run_to_end(
    options: RunOptions, resume: Path | None, progress: Progress, phases: Phases | None = None, name: str = ""
) -> Ended:
    """Carries out a run, or goes on with a killed one; `phases` are those of its goal, unless named.

    `name` stands before the scenario's in the folder's.

    Whatever ends it, its folder holds the result up to the failed phase, and the report of it. Raises what is wrong
    before the run has a folder.
    """
    if resume is not None:
        resume = resume.resolve()  # `latest` may come to mean another run meanwhile
        options = _options_of(resume, options)
    phases = phases or PHASES[options.goal]
    job = prepare(options)
    folder = resume or new_run_folder(options.results, name + job.scenario.name, options.scale, datetime.now(UTC))
    with _writable(folder):
        journal = Journal.resume(folder) if resume else Journal.begin(folder)
        stop_dead_servers(options.results, progress)
        progress = LoggedProgress(progress, folder / LOG_FILE)
        recorder = Recorder(folder, read_result(folder) if resume else _fresh(job, journal.run_id), progress)
    point_latest(folder)
    problem: BaseException | None = None
    try:
        work = _on_server(job, journal, recorder, progress, phases, resumed=resume is not None)
        run_async(work, lambda: progress.note("stopping, and tidying up; a second Ctrl-C leaves at once"))
    except BaseException as error:  # noqa: BLE001 - kept for the caller, after what there is has been concluded
        problem = error
    problem = _conclude(recorder, problem, progress)
    return Ended(recorder.result, folder, problem)


@contextlib.contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """A folder that turns out not to take the first files is told so, and goes again if it is new and empty of any."""
    try:
        yield
    except OSError as error:
        if not (folder / RESULT_FILE).exists():
            shutil.rmtree(folder, ignore_errors=True)
        message = f"cannot write to {folder}: {error.strerror}"
        raise HarnessError(message, "free some space there, or give another folder with --results") from error


def _conclude(recorder: Recorder, problem: BaseException | None, progress: Progress) -> BaseException | None:
    """Verdict, exit code and report of what there is; returns the run's problem, or else one of its own."""
    try:
        recorder.result = conclude(recorder.result, _code_of(problem))
        recorder.save()
        write_report(recorder.folder)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not hide what ended the run
        if problem is None:
            return as_harness_error(error, "writing the report") or error
        progress.note(f"the report could not be written: {error}")
    return problem


def _code_of(problem: BaseException | None) -> int:
    if isinstance(problem, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    return problem.exit_code if isinstance(problem, HarnessError) else EXIT_COULD_NOT_RUN


async def _on_server(
    job: Job, journal: Journal, recorder: Recorder, progress: Progress, phases: Phases, resumed: bool
) -> None:
    """Opens the server, runs the phases there, and leaves nothing behind unless it is to be kept."""
    options = job.options
    async with contextlib.AsyncExitStack() as stack:
        stack.push(ending(journal, recorder.folder, keep=options.keep))
        with recorder.phase("server"):
            progress.start("server")
            server = await stack.enter_async_context(open_server(options.server, journal, progress))
            recorder.server = server
            recorder.set(environment=_environment(server))
        if server.home is not None:
            stack.push(log_keeper(Home(server.home).log, recorder.folder / SERVER_LOG_FILE))
        if resumed:
            recorder.begin_again(_fresh(job, journal.run_id))
        databases = Databases(server, journal)
        if server.kind == "given" and not options.keep:
            stack.push_async_exit(leaving(databases, progress))
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
    if recorded.goal not in PHASES:
        words = how_to_go_on(folder, recorded.goal)
        again = f"{shlex.join(words)} sums up what it has" if words else "begin it anew"
        raise UsageError(f"bench {recorded.goal} made {folder}, and cannot go on with it", again)
    keep = given.keep or recorded.keep
    return replace(recorded, dsn=given.dsn, pg_bin=given.pg_bin or recorded.pg_bin, results=folder.parent, keep=keep)
