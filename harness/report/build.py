"""Makes the frozen ReportData from a run's result: the only place that decides what the report says."""

from __future__ import annotations

from pathlib import Path

from harness import text
from harness.report.attribution import attribution_rows
from harness.report.blocks import read_details
from harness.report.data import Claim, Claims, ReportData
from harness.report.evidence import Absent, Fact
from harness.report.indexes import index_section
from harness.report.integrity import integrity_section
from harness.report.latency import latency_section
from harness.report.load import load_section
from harness.report.method import method_section, troubles
from harness.report.migrations import migration_files
from harness.report.storage import storage_section
from harness.report.verdict import claims_counts, failed_phase, figures, headline
from harness.report.why import plan_queries, why_rows
from harness.report.words import CLAIM_TONES
from harness.result import ClaimResult, Result

_CLAIM_ORDER = ("refuted", "undecided", "supported")


def build(result: Result, samples: Path | None = None) -> ReportData:
    """The report of a result, whole or cut short; `samples` is the run's samples.parquet, where one is looked for."""
    latency = latency_section(result)
    return ReportData(
        title=text.visible(f"{result.scenario} at {result.scale}"),
        origin=text.visible(result.origin),
        facts=_facts(result),
        incomplete=failed_phase(result),
        headline=headline(result),
        figures=figures(result),
        claims=_claims(result),
        integrity=integrity_section(result.integrity),
        latency=latency,
        load=load_section(result),
        details=read_details(samples, latency) if samples else Absent("No samples were kept."),
        attribution=attribution_rows(result),
        storage=storage_section(result),
        indexes=index_section(result),
        causes=why_rows(result),
        plans=plan_queries(result),
        migrations=migration_files(result),
        troubles=troubles(result),
        method=method_section(result),
    )


def _facts(result: Result) -> tuple[Fact, ...]:
    environment = result.environment
    server = f"PostgreSQL {text.visible(environment.server_version)}, {environment.server_kind}"
    return (
        Fact("scenario", text.visible(result.scenario)),
        Fact("scale", text.visible(result.scale)),
        Fact("profile", text.visible(result.profile)),
        Fact("server", server if environment.server_version else "not reached"),
        Fact("seed", str(result.seed)),
        Fact("started", text.moment(result.started_at)),
        Fact("run", text.visible(result.run_id)),
    )


def _claims(result: Result) -> Claims | Absent:
    if not result.claims:
        return Absent("The scenario makes no claims, or the run ended before they were judged.")
    ordered = sorted(result.claims, key=lambda claim: _CLAIM_ORDER.index(claim.verdict))
    return Claims(claims_counts(result), tuple(_claim(claim) for claim in ordered))


def _claim(claim: ClaimResult) -> Claim:
    return Claim(
        id=claim.id,
        statement=text.visible(claim.statement),
        source=text.visible(claim.source),
        verdict=claim.verdict,
        tone=CLAIM_TONES[claim.verdict],
        figure=text.visible(claim.figure),
        tested=text.visible(claim.tested),
        reason=text.visible(claim.reason),
    )
