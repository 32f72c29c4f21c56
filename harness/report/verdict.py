"""The verdict in a sentence, what stands behind it, and the three figures that matter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from harness import text
from harness.errors import EXIT_INCONCLUSIVE, EXIT_INTEGRITY, EXIT_INTERRUPTED, EXIT_OK, EXIT_REGRESSION
from harness.judge import regressions, undecided
from harness.report.data import Figure, Headline
from harness.report.evidence import Tone
from harness.report.gate import gate_sentence
from harness.report.integrity import accepted_objects
from harness.report.latency import headline_comparisons, tally
from harness.report.storage import database_total
from harness.report.words import DOUBTFUL, EXIT_MEANINGS, EXIT_TONES, fates, gravity, problem, title
from harness.result import Comparison, Integrity, Result

_MOST_NAMED = 4
"""Objects that the sentence itself names; more of them stand in the reasons."""


def headline(result: Result) -> Headline:
    """The sentence follows the exit code; the reasons say what every finished phase found."""
    if result.complete and result.seed_only:
        return Headline(_seeded(result), (), result.exit_code, "seeded", "plain")
    code = result.exit_code
    against = result.gate if result.complete else None
    sentence = gate_sentence(against) if against else _SENTENCES.get(code, _unfinished)(result)
    return Headline(
        sentence=sentence,
        reasons=tuple(reason for reason in _reasons(result) if reason),
        exit_code=code,
        exit_meaning=EXIT_MEANINGS.get(code, "unknown"),
        tone=EXIT_TONES.get(code, "bad"),
    )


def failed_phase(result: Result) -> str:
    """What is missing from a result that is not complete, in one sentence; empty where nothing is."""
    if result.complete:
        return ""
    failed = [phase for phase in result.phases if phase.status == "failed"]
    if not failed:
        return "The run has not finished: what follows is what its finished phases found."
    phase = failed[-1]
    why = f": {text.visible(phase.error)}" if phase.error else ""
    return f"The phase “{title(phase.name)}” failed after {text.duration(phase.seconds)}{why}"


def figures(result: Result) -> tuple[Figure, Figure, Figure]:
    """Values, speed and storage; each says so where it was not measured."""
    return _values(result.integrity), _speed(result), _storage(result)


def _seeded(result: Result) -> str:
    made = result.seed_manifest
    tables = text.count(len(made.tables), "table")
    return f"A database was seeded and left: {text.count(made.rows, 'row')} in {tables}. Nothing was checked or timed."


def _unfinished(result: Result) -> str:
    failed = [phase.name for phase in result.phases if phase.status == "failed"]
    lost = _problem_words(result.integrity)
    start = f"This run proves too little: its phase “{title(failed[-1])}” failed" if failed else "This run has no end"
    return f"{start}; already certain: {lost}." if lost else f"{start}."


def _interrupted(result: Result) -> str:
    lost = _problem_words(result.integrity)
    phase = result.phases[-1].name if result.phases else ""
    start = f"This run was interrupted in its phase “{title(phase)}”" if phase else "This run was interrupted"
    return f"{start}; already certain: {lost}." if lost else f"{start}."


def _integrity_failure(result: Result) -> str:
    if result.integrity.verdict == "not_checked":
        return "Nothing is proven: no value was compared."
    words = _problem_words(result.integrity)
    return f"Do not run this migration as it is: {words or 'the integrity check failed'}."


def _regression(result: Result) -> str:
    every = headline_comparisons(result)
    return f"Do not run this migration as it is: {_slower(regressions(every), len(every))}."


def _inconclusive(result: Result) -> str:
    every = headline_comparisons(result)
    open_ones = undecided(every)
    names = text.several([text.visible(item.query) for item in open_ones])
    number = f"{len(open_ones):,} of {text.count(len(every), 'query', 'queries')}"
    kept = "No value is lost" if result.integrity.verdict == "pass" else "Values are not proven"
    return f"{kept}, but the speed of {number} is not decided ({names})."


def _good(result: Result) -> str:
    every = headline_comparisons(result)
    if not every:
        return f"{_kept(result.integrity)}; nothing was timed."
    return f"{_kept(result.integrity)}, and no query is slower than allowed: {tally(every)}."


_SENTENCES = {
    EXIT_OK: _good,
    EXIT_REGRESSION: _regression,
    EXIT_INTEGRITY: _integrity_failure,
    EXIT_INCONCLUSIVE: _inconclusive,
    EXIT_INTERRUPTED: _interrupted,
}


def _kept(integrity: Integrity) -> str:
    columns = text.count(len(integrity.columns), f"{fates(integrity.columns)} column".strip())
    return f"No value is lost ({columns}, {text.count(integrity.rows_compared, 'row')} compared)"


def _problems(integrity: Integrity) -> dict[str, list[str]]:
    """The kinds of findings that forbid the migration, in words, each with its objects; the gravest first."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for finding in integrity.findings:
        if finding.severity == "error" and finding.accepted is None:
            by_kind[finding.kind].append(text.visible(finding.object))
    problems = {}
    for kind in sorted(by_kind, key=gravity):
        objects = list(dict.fromkeys(by_kind[kind]))
        of_all = (len(integrity.columns), fates(integrity.columns)) if kind == "no_counterpart" else ()
        problems[problem(kind, len(objects), *of_all)] = objects
    return problems


def _problem_words(integrity: Integrity) -> str:
    """`4 of 36 dropped columns have no counterpart (products.category, …); 12 views read past row level security`."""
    return "; ".join(
        f"{words} ({text.several(objects)})" if len(objects) <= _MOST_NAMED else words
        for words, objects in _problems(integrity).items()
    )


def _slower(slow: Sequence[Comparison], total: int) -> str:
    if not slow:
        return "a query is slower than allowed"
    number = f"{len(slow):,} of {text.count(total, 'query is', 'queries are')}"
    return f"{number} slower than allowed, the worst {_named(max(slow, key=_ratio), ' its former time')}"


def _named(item: Comparison, of_what: str = "") -> str:
    interval = text.ratio_range(item.ci_low, item.ci_high)
    return f"{text.visible(item.query)} at {text.ratio(item.ratio)}{of_what} ({interval})"


def _ratio(item: Comparison) -> float:
    return item.ratio or 0.0


def _slowest(measured: Sequence[Comparison]) -> str:
    """The largest ratio that is decided; a larger one that is not is told as such."""
    open_ones = [item for item in measured if item.verdict == "inconclusive" or item.doubtful]
    decided = [item for item in measured if item not in open_ones]
    words = [f"slowest: {_named(max(decided, key=_ratio), ' its former time')}"] if decided else []
    largest = max(measured, key=_ratio)
    if largest in open_ones:
        words.append(f"{DOUBTFUL if largest.doubtful else 'undecided'}: {_named(largest)}")
    return "; ".join(words)


def _reasons(result: Result) -> list[str]:
    comparisons = headline_comparisons(result)
    slow = regressions(comparisons)
    named = _problems(result.integrity).items()
    reasons = [
        f"{words}: {text.several(objects, _MOST_NAMED)}." for words, objects in named if len(objects) > _MOST_NAMED
    ]
    if slow and result.exit_code != EXIT_REGRESSION:
        reasons.append(f"Speed: {_slower(slow, len(comparisons))}.")
    if result.exit_code == EXIT_REGRESSION and result.integrity.verdict == "pass":
        reasons.append(f"{_kept(result.integrity)}.")
    if result.claims:
        reasons.append(claims_counts(result))
    return reasons


def claims_counts(result: Result) -> str:
    """`Of 31 claims: 7 supported, 15 refuted, 9 undecided.`"""
    number = {
        verdict: sum(claim.verdict == verdict for claim in result.claims)
        for verdict in ("supported", "refuted", "undecided")
    }
    counts = ", ".join(f"{count:,} {verdict}" for verdict, count in number.items() if count)
    return f"Of {text.count(len(result.claims), 'claim')}: {counts}."


def _values(integrity: Integrity) -> Figure:
    label = f"{fates(integrity.columns) or 'dropped'} columns kept, value for value"
    if integrity.verdict == "not_checked" or not integrity.columns:
        return Figure(label, "not checked", "no value was compared", "open")
    total = len(integrity.columns)
    accepted = accepted_objects(integrity)
    others = [column for column in integrity.columns if column.verdict != "identical"]
    found = Counter(
        "different, as the scenario accepts"
        if f"{column.table}.{column.column}" in accepted
        else _COLUMN_WORDS[column.verdict]
        for column in others
    )
    kept = total - len(others)
    words = [f"{number:,} {what}" for what, number in found.most_common()]
    context = "; ".join([*words, f"{text.count(integrity.rows_compared, 'row')} compared"])
    tone: Tone = "good" if integrity.verdict == "pass" else "bad"
    return Figure(label, f"{kept:,} of {total:,}", context, tone)


_COLUMN_WORDS = {
    "renders_differently": "equal but rendered differently",
    "different": "different",
    "no_counterpart": "without counterpart",
    "not_compared": "not compared",
}


def _speed(result: Result) -> Figure:
    label = "queries slower than before"
    every = headline_comparisons(result)
    measured = [item for item in every if item.ratio is not None]
    if not measured:
        return Figure(
            label, "not measured", "no query was timed" if not every else "no block of any query counts", "open"
        )
    slower = [item for item in measured if item.verdict == "slower"]
    context = f"{tally(every)}; {_slowest(measured)}"
    tone: Tone = "bad" if slower else "open" if any(item.verdict == "inconclusive" for item in every) else "good"
    return Figure(label, f"{len(slower):,} of {len(every):,}", context, tone)


def _storage(result: Result) -> Figure:
    label = "size of the database, after against before"
    before, after = database_total(result, "before"), database_total(result, "after")
    if before is None or after is None or not before.total_bytes:
        return Figure(label, "not measured", "no storage was read", "open")
    context = f"{text.size(before.total_bytes)} → {text.size(after.total_bytes)}"
    old, new = database_total(result, "before_rewritten"), database_total(result, "after_rewritten")
    if old is not None and new is not None and old.total_bytes:
        context += f"; {text.change(new.total_bytes / old.total_bytes)} once both are rewritten"
    return Figure(label, text.change(after.total_bytes / before.total_bytes), context, "plain")
