"""The check as a whole: lineage, types, values, causes, rows, views, rights, catalogue, answers; then the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import ScenarioError
from harness.progress import Progress
from harness.result import Finding, Integrity
from harness.scenario import Scenario
from harness.server.address import Address
from harness.snapshot import Snapshot
from harness.verify.accept import apply_rules, ordered, unknown_kinds, verdict
from harness.verify.access import check_access
from harness.verify.carriers import Carriers
from harness.verify.collateral import collateral_findings
from harness.verify.conditions import part_by_conditions
from harness.verify.context import Context
from harness.verify.functions import function_findings
from harness.verify.kinds import KINDS, make_finding
from harness.verify.leaks import leak_findings
from harness.verify.ledger import Ledger
from harness.verify.lineage import resolve_map
from harness.verify.moment import momentary_views
from harness.verify.old_views import old_view_queries
from harness.verify.other_tables import table_findings
from harness.verify.outdated import outdated_findings
from harness.verify.paths import Paths
from harness.verify.same_answer import check_answers
from harness.verify.sequences import sequence_findings
from harness.verify.sessions import open_sessions
from harness.verify.standing import standing_findings
from harness.verify.statements import cross_check
from harness.verify.tables import TablesOutcome, check_tables
from harness.verify.views import check_views
from harness.verify.writing import writing_findings
from harness.workload import BoundQuery


@dataclass(frozen=True)
class Checked:
    """The integrity object, and the names of queries whose two forms do not answer alike and must not be timed."""

    integrity: Integrity
    untimed: frozenset[str]


async def verify(
    scenario: Scenario,
    address: Address,
    before_db: str,
    after_db: str,
    verification_db: str,
    snapshot: Snapshot,
    queries: Sequence[BoundQuery],
    progress: Progress,
    *,
    at_once: int = 2,
    ledger: Ledger | None = None,
    statement_timeout_s: float | None = None,
) -> Checked:
    """Checks the migration from `before_db` to `after_db`; `verification_db` is the clone that `snapshot` filled.

    `statement_timeout_s` bounds the workload's queries, and nothing else of the check.

    Raises ScenarioError where the scenario's column_map or accept rules name what does not exist, and PostgreSQL's own
    error where the server, not the data, is the trouble.
    """
    _check_rules(scenario)
    async with open_sessions(address, verification_db, at_once) as sessions:
        carriers = Carriers(snapshot.after)
        paths = Paths(snapshot.before, carriers)
        context = Context(
            address,
            before_db,
            after_db,
            verification_db,
            snapshot,
            carriers,
            paths,
            sessions,
            progress,
            ledger or Ledger(),
        )
        return await _check(context, scenario, queries, statement_timeout_s)


async def _check(
    context: Context, scenario: Scenario, queries: Sequence[BoundQuery], statement_timeout_s: float | None
) -> Checked:
    """The parts in their order; each only finds, the accept rules and the verdict come last."""
    column_map = resolve_map(scenario.column_map, context.before, context.after, f"scenario {scenario.name}")
    tables = await check_tables(context, column_map)
    views, view_findings = await check_views(context)
    functions = await function_findings(context)
    access, access_notes = await check_access(context, scenario)
    answers, untimed = await check_answers(context, queries, tables.explained, statement_timeout_s)
    old_answers, _ = await check_answers(context, await old_view_queries(context), tables.explained)
    findings = [
        *tables.findings,
        *await table_findings(context, tables.followed),
        *view_findings,
        *functions,
        *collateral_findings(context),
        *await sequence_findings(context),
        *await writing_findings(context),
        *await outdated_findings(context),
        *await leak_findings(context),
        *await standing_findings(context, tables.explained),
        *access,
        *answers,
        *(item for item in old_answers if item.kind != "answer_empty"),
        *_nothing(tables, scenario),
    ]
    async with context.sessions.one() as connection:
        momentary = await momentary_views(connection, context.after, tables.explained)
        parted = await part_by_conditions(connection, findings, scenario.accept)
    accepted = ordered(apply_rules(parted, scenario.accept))
    integrity = Integrity(
        verdict=verdict(accepted),
        views=tuple(views),
        columns=tables.columns,
        findings=accepted,
        rows_compared=tables.rows_compared,
        cells_compared=tables.cells_compared,
        notes=(*cross_check(scenario.migrations, context.snapshot), *tables.notes, *momentary, *access_notes),
    )
    return Checked(integrity, untimed)


def _check_rules(scenario: Scenario) -> None:
    unknown = unknown_kinds(scenario.accept)
    if unknown:
        raise ScenarioError(
            f"scenario {scenario.name}: accept: there is no finding kind {unknown[0]!r}",
            f"kinds are {', '.join(KINDS)}",
        )


def _nothing(tables: TablesOutcome, scenario: Scenario) -> list[Finding]:
    if tables.rows_compared:
        return []
    detail = "no row of any lost column was compared; a check that compared nothing passes nothing"
    return [make_finding("nothing_compared", scenario.name, detail)]
