"""Measures an existing pair of databases: times the workload there, and makes and drops nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import EXIT_INCONCLUSIVE, EXIT_INTEGRITY, EXIT_OK, EXIT_REGRESSION, MeasureError, UsageError
from harness.judge import decider, judge, mixed_load, query_rules, regressions, throughput, undecided
from harness.measure.model import Measurement, MeasureOptions
from harness.measure.run import measure
from harness.phases.asking import choose_askers
from harness.phases.measure import SAMPLES_FILE, open_load
from harness.progress import Progress
from harness.result import Result
from harness.result.run import SCHEMA_VERSION
from harness.result.store import new_run_folder, write_atomically
from harness.scenario import Scenario, load_scenario
from harness.server import Address, connect
from harness.server.faults import CLIENT_FAULTS, as_harness_error
from harness.server.given import open_pair_member, parse_dsn
from harness.verify import check_pair
from harness.workload import BoundQuery, bind_workload

COMPARISON_FILE = "comparison.json"
_READ_ONLY = ("default_transaction_read_only", "on")
_UNCHECKED = (
    "whether the new forms read past row security is not checked on a pair: if so, only the old ones pay for it"
)
_SCALE = "pair"
"""Stands in the folder's name where a run has its scale."""


@dataclass(frozen=True)
class PairOptions:
    """What to measure and how; URLs of databases on one server. Without `writes` only queries that read take part."""

    scenario: str
    before: str
    after: str
    control: str | None = None
    writes: bool = False
    budget_s: float = 300.0
    clients: tuple[int, ...] = (1,)
    rate: float | None = None
    seed: int = 1
    statement_timeout_s: float = 60.0
    results: Path = Path("results")


@dataclass(frozen=True)
class Compared:
    """The outcome: comparisons as a run's result has them, why queries were left out, and what it comes to."""

    folder: Path
    result: Result
    databases: Mapping[str, str]
    untimed: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """3 where the two forms of a query answer differently, 1 for a regression, 4 where one is undecided, else 0."""
        if self.untimed:
            return EXIT_INTEGRITY
        if regressions(self.result.latency):
            return EXIT_REGRESSION
        return EXIT_INCONCLUSIVE if undecided(self.result.latency) else EXIT_OK

    def as_json(self) -> dict[str, Any]:
        """What `comparison.json` and `--json` hold."""
        result = self.result
        return {
            "scenario": result.scenario,
            "databases": dict(self.databases),
            "seconds": self.seconds,
            "untimed": dict(self.untimed),
            **{
                name: [asdict(item) for item in getattr(result, name)]
                for name in ("latency", "throughput", "errors", "void_slices")
            },
            "notes": list(result.notes),
            "exit_code": self.exit_code,
        }


async def measure_pair(options: PairOptions, folder: Path, scenario: Scenario, progress: Progress) -> Compared:
    """Times the scenario's queries on the pair and judges the effects; the samples stay in the folder.

    Raises UsageError for databases that are no pair, ServerError where they cannot be reached, MeasureError where no
    query can be timed.
    """
    address, databases = await _open(options)
    notes = [] if options.writes else ["queries that write are left out: --writes lets them in"]
    try:
        queries, untimed, asked = await _queries(address, databases, scenario, writes=options.writes)
    except CLIENT_FAULTS as error:
        raise as_harness_error(error, "reading the pair of databases") or error from error
    notes += asked
    for name, reason in untimed.items():
        notes.append(f"{name} is not timed: {reason}")
    for note in notes:
        progress.note(note)
    measured = await measure(
        queries,
        databases,
        address,
        MeasureOptions(
            budget_s=options.budget_s,
            clients=options.clients,
            seed=options.seed,
            statement_timeout_s=options.statement_timeout_s,
            settings=() if options.writes else (_READ_ONLY,),
            open_load=open_load(options.clients, options.rate),
        ),
        decider(query_rules([item.query for item in queries])),
        folder / SAMPLES_FILE,
        progress,
    )
    result = _judged(_result(scenario, options.seed), measured, queries, notes)
    return Compared(folder, result, databases, untimed, measured.seconds)


async def _open(options: PairOptions) -> tuple[Address, dict[str, str]]:
    """The server and the arms' databases.

    Every URL has to lead to the same server in the same way, and each to another database.
    """
    urls = {"before": options.before, "after": options.after, "control": options.control}
    members = {arm: await open_pair_member(url, f"--{arm}") for arm, url in urls.items() if url is not None}
    first, address = members["before"], parse_dsn(options.before)
    databases: dict[str, str] = {}
    for arm, member in members.items():
        if member.started_at != first.started_at:
            raise UsageError(f"--{arm} leads to another server than --before", "give databases of one server")
        if member.database in databases.values():
            raise UsageError(f"--{arm} names the database {member.database} once more", "give each its own database")
        databases[arm] = member.database
        _check_access(arm, parse_dsn(urls[arm] or ""), address)
    return address, databases


def _check_access(arm: str, address: Address, before: Address) -> None:
    """Raises UsageError where the arm's URL asks for what is not measured: every arm is reached as `before` is."""
    ours, theirs = before.access, address.access
    differing = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if differing:
        raise UsageError(
            f"--{arm} differs from --before in more than the database: {', '.join(differing)}",
            "give URLs that differ in the database alone: every arm is measured with what --before says",
        )


async def _queries(
    address: Address, databases: Mapping[str, str], scenario: Scenario, *, writes: bool
) -> tuple[tuple[BoundQuery, ...], dict[str, str], list[str]]:
    """The queries to time, why others are not, and who asks them."""
    connection = await connect(address, databases["before"])
    try:
        wanted = [item for item in scenario.queries if writes or item.kind == "read"]
        bound = await bind_workload(connection, wanted)
    finally:
        await connection.close()
    before, after = databases["before"], databases["after"]
    untimed = await check_pair(address, before, after, bound)
    alike = [item for item in bound if item.name not in untimed]
    if not alike:
        reasons = (
            "; ".join(f"{name}: {reason}" for name, reason in untimed.items()) or "the scenario has none that reads"
        )
        raise MeasureError(
            f"no query can be timed on this pair: {reasons}", "look at both databases with these queries"
        )
    asked = await choose_askers(address, scenario.queries_as, alike, before, after, frozenset())
    notes = [asked.note, _UNCHECKED] if any(item.session for item in asked.queries) else [asked.note]
    return asked.queries, untimed, [note for note in notes if note]


def _result(scenario: Scenario, seed: int) -> Result:
    started_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Result(SCHEMA_VERSION, "bench", "", scenario.name, scenario.origin, _SCALE, "", seed, started_at)


def _judged(result: Result, measured: Measurement, queries: tuple[BoundQuery, ...], notes: list[str]) -> Result:
    rules = query_rules([item.query for item in queries])
    rules = {item.name: replace(rules[item.name], remarks=item.remarks) for item in queries}
    return replace(
        result,
        latency=judge(measured, rules),
        throughput=(
            *mixed_load(measured, rules),
            *throughput(measured.table, rules, invalid=measured.invalid_loads()),
        ),
        errors=measured.errors,
        void_slices=measured.void_slices,
        notes=(*notes, *measured.notes),
    )


def prepare_pair(options: PairOptions) -> tuple[Path, Scenario]:
    """Reads the scenario and makes the folder for the outcome; raises what is wrong before anything is reached."""
    scenario = load_scenario(options.scenario)
    for url in (options.before, options.after, options.control):
        if url is not None:
            parse_dsn(url)
    return new_run_folder(options.results, scenario.name, _SCALE, datetime.now(UTC)), scenario


def keep(compared: Compared, text: str) -> None:
    """Writes the comparison beside its samples."""
    write_atomically(compared.folder / COMPARISON_FILE, text)
