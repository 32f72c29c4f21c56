"""The result as JUnit XML: a case for each view, dropped column, query and claim, so that a job's page lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from xml.sax.saxutils import escape, quoteattr

from harness.report.data import ReportData
from harness.report.evidence import Absent, Column, IntegritySection, LatencySection, View


@dataclass(frozen=True)
class Case:
    """One test case; at most one of the three outcomes is set, none means passed."""

    name: str
    failure: str = ""
    error: str = ""
    skipped: str = ""
    output: str = ""


def render(data: ReportData) -> str:
    """The document; claims never fail (they are held against the runbook, not against the migration)."""
    suites = {
        "run": [_run(data)],
        "views": list(_views(data.integrity)),
        "columns": list(_columns(data.integrity)),
        "integrity findings": list(_findings(data.integrity)),
        "queries": list(_queries(data.latency)),
        "claims": list(_claims(data)),
    }
    return document(data.title, suites)


def document(title: str, suites: Mapping[str, Sequence[Case]]) -> str:
    """The document of these suites."""
    cases = [case for suite in suites.values() for case in suite]
    counts = {name: count for name, count in _counts(cases).items() if name != "skipped"}  # the schema has none here
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={_quoted(f'bench {title}')} {_attributes(counts)}>",
    ]
    for name, suite in suites.items():
        lines += _suite(name, suite)
    return "\n".join([*lines, "</testsuites>", ""])


def _run(data: ReportData) -> Case:
    return Case("the run is complete", error=data.incomplete, output=data.headline.sentence)


def _views(section: IntegritySection | Absent) -> Iterator[Case]:
    if isinstance(section, Absent):
        yield Case("views", skipped=section.reason)
        return
    yield from (_outcome(view.name, view, ": ".join(filter(None, (view.state, view.detail)))) for view in section.views)


def _columns(section: IntegritySection | Absent) -> Iterator[Case]:
    if isinstance(section, Absent):
        yield Case("columns", skipped=section.reason)
        return
    for column in section.columns:
        tally = ", ".join(f"{item.value} {item.label}" for item in column.tally)
        words = "; ".join(filter(None, (column.verdict, f"counterpart {column.counterpart}", tally, column.reason)))
        yield _outcome(column.name, column, words)


def _outcome(name: str, item: View | Column, words: str) -> Case:
    if item.tone == "bad":
        return Case(name, failure=words)
    return Case(name, skipped=words) if item.tone == "open" else Case(name, output=words)


def _findings(section: IntegritySection | Absent) -> Iterator[Case]:
    if isinstance(section, Absent):
        return
    for group in section.findings:
        for finding in group.cards:
            words = "; ".join(filter(None, (finding.extent, finding.cause, finding.next_step)))
            name = f"{group.kind}: {finding.object}: {finding.detail}"
            yield Case(name, failure=words or name) if finding.severity == "error" else Case(name, output=words)
    for rule in section.accepted:
        for finding in rule.cards:
            yield Case(f"{finding.kind}: {finding.object}: {finding.detail}", output=f"accepted: {rule.reason}")


def _queries(section: LatencySection | Absent) -> Iterator[Case]:
    if isinstance(section, Absent):
        yield Case("queries", skipped=section.reason)
        return
    for row in section.rows:
        figure = f"{row.effect.text} ({row.effect.range_text})" if row.effect else "not measured"
        words = "; ".join((f"{row.verdict} {figure}", f"{row.before} before, {row.after} after", *row.notes))
        name = " ".join(filter(None, (row.query, row.level)))
        if row.over_limit:
            yield Case(name, failure=words)
        elif row.verdict == "inconclusive":
            yield Case(name, skipped=words)
        else:
            yield Case(name, output=words)


def _claims(data: ReportData) -> Iterator[Case]:
    if isinstance(data.claims, Absent):
        yield Case("claims", skipped=data.claims.reason)
        return
    for claim in data.claims.rows:
        tested = f"tested as {claim.tested}" if claim.tested else ""
        words = "; ".join(filter(None, (claim.verdict, f"“{claim.statement}”", claim.figure, tested, claim.reason)))
        yield Case(claim.id, skipped=words) if claim.verdict == "undecided" else Case(claim.id, output=words)


def _suite(name: str, cases: Iterable[Case]) -> Iterator[str]:
    every = _told_apart(cases)
    yield f"  <testsuite name={_quoted(name)} {_attributes(_counts(every))}>"
    for case in every:
        yield from _case(name, case)
    yield "  </testsuite>"


def _told_apart(cases: Iterable[Case]) -> list[Case]:
    """The cases with numbers after names that were there before: a page shows one case of a name, passed or not."""
    found: dict[str, Case] = {}
    for case in cases:
        names = (f"{case.name} ({number})" if number > 1 else case.name for number in count(1))
        name = next(name for name in names if name not in found)
        found[name] = replace(case, name=name)
    return list(found.values())


def _case(suite: str, case: Case) -> Iterator[str]:
    yield f'    <testcase classname={_quoted("bench." + suite.replace(" ", "_"))} name={_quoted(case.name)} time="0">'
    for tag in ("failure", "error"):
        if words := getattr(case, tag):
            yield f"      <{tag} message={_quoted(words)} type={_quoted(tag)}>{escape(words)}</{tag}>"
    if case.skipped:
        yield f"      <skipped message={_quoted(case.skipped)}/>"
    if case.output:
        yield f"      <system-out>{escape(case.output)}</system-out>"
    yield "    </testcase>"


def _counts(cases: Iterable[Case]) -> dict[str, int]:
    every = list(cases)
    return {
        "tests": len(every),
        "failures": sum(bool(case.failure) for case in every),
        "errors": sum(bool(case.error) for case in every),
        "skipped": sum(bool(case.skipped) for case in every),
    }


def _attributes(counts: Mapping[str, int]) -> str:
    return " ".join(f'{key}="{number}"' for key, number in counts.items()) + ' time="0"'


def _quoted(words: str) -> str:
    return quoteattr(words, {"\n": "&#10;", "\t": "&#9;"})
