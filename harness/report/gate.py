"""The comparison of two runs as the reader sees it: everything formatted, what became worse first."""

from __future__ import annotations

from harness import text
from harness.errors import EXIT_INCONCLUSIVE, EXIT_INTEGRITY, EXIT_OK, EXIT_REGRESSION
from harness.report.evidence import Absent, Fact, Tone
from harness.report.gate_data import GateData, QueryRow, Row
from harness.report.words import EXIT_TONES, title
from harness.result import FindingShift, Gate, ItemShift, Outcome, QueryShift, RunName, StorageShift

_TONES: dict[Outcome, Tone] = {"pass": "good", "fail": "bad", "open": "open"}
_VERDICTS = {"slower": "slower", "faster": "faster", "equivalent": "unchanged", "inconclusive": "undecided"}
_WORST = ("fail", "open", "pass")
_WHOLE = "whole database"


def build_gate(gate: Gate) -> GateData:
    """The comparison as every format shows it."""
    several = len({item.clients for item in gate.latency}) > 1
    rows = [(item, _query(item, several)) for item in sorted(gate.latency, key=_worst_first)]
    deciding = tuple(row for item, row in rows if item.gated)
    claims = [_claim(item) for item in gate.claims]
    findings = tuple(_finding(item) for item in gate.findings if item.change != "same")
    return GateData(
        title=text.visible(
            f"{gate.new.scenario} at {gate.new.scale}: run {gate.new.run_id} against {gate.base.run_id}"
        ),
        sentence=gate_sentence(gate),
        exit_code=gate.exit_code,
        exit_meaning=gate.verdict,
        tone=EXIT_TONES.get(gate.exit_code, "bad"),
        facts=(Fact("baseline", _run(gate.base)), Fact("new run", _run(gate.new))),
        cautions=_cautions(gate),
        conditions=tuple(
            Row(text.visible(item.what), "differs", "open", text.visible(item.base), text.visible(item.new))
            for item in gate.fingerprint
        ),
        queries=deciding or Absent("No query that can fail the gate was timed."),
        further=tuple(row for item, row in rows if not item.gated),
        storage=tuple(map(_storage, sorted(gate.storage, key=_grown_first))) or Absent("No storage was read."),
        findings=findings or Absent(_same_findings(gate)),
        views=tuple(map(_item, gate.views)),
        columns=tuple(map(_item, gate.columns)),
        claims=tuple(claims) or Absent("Neither run holds claims."),
    )


def gate_sentence(gate: Gate) -> str:
    """What the exit code means for these two runs, in one sentence."""
    return _SENTENCES[gate.exit_code](gate)


def _good(gate: Gate) -> str:
    queries = text.count(len(_deciding(gate)), "query", "queries")
    if not gate.base.checked:
        return f"Nothing got worse: {queries} and storage hold the baseline; the new run's integrity is good by itself."
    return f"Nothing got worse: {queries}, integrity and storage hold the baseline."


def _regression(gate: Gate) -> str:
    slow = [text.visible(item.query) for item in _deciding(gate) if item.outcome == "fail"]
    grown = [text.visible(item.table or _WHOLE) for item in gate.storage if _grew(item)]
    parts = []
    if slow:
        verb = "query is" if len(slow) == 1 else "queries are"
        parts.append(f"{len(slow):,} {verb} slower than in the baseline ({text.several(slow)})")
    if grown:
        parts.append(f"storage grew ({text.several(list(dict.fromkeys(grown)))})")
    return f"Worse than the baseline: {'; '.join(parts)}."


def _integrity(gate: Gate) -> str:
    bad = [item for item in gate.findings if item.outcome == "fail"]
    if not bad:
        return "Nothing is proven: the new run compared no value."
    ends = {
        "that the baseline does not have": [item for item in bad if item.change != "unknown"],
        "on what the baseline did not check": [item for item in bad if item.change == "unknown"],
    }
    return f"{'; '.join(_findings(found, end) for end, found in ends.items() if found)}."


def _findings(found: list[FindingShift], end: str) -> str:
    names = list(dict.fromkeys(f"{title(item.kind)}: {text.visible(item.object)}" for item in found))
    return f"{text.count(len(found), 'finding')} {end} ({text.several(names)})"


def _open(gate: Gate) -> str:
    names = [text.visible(item.query) for item in _deciding(gate) if item.outcome == "open"]
    if not names and gate.fingerprint:
        return "Undecided: the baseline ran under other conditions, so no latency can be held against it."
    if not names:
        return f"Undecided: {'; '.join(gate.notes)}."
    verb = "query is" if len(names) == 1 else "queries are"
    return f"{len(names):,} {verb} undecided against the baseline ({text.several(names)})."


_SENTENCES = {
    EXIT_OK: _good,
    EXIT_REGRESSION: _regression,
    EXIT_INTEGRITY: _integrity,
    EXIT_INCONCLUSIVE: _open,
}


def _deciding(gate: Gate) -> list[QueryShift]:
    return [item for item in gate.latency if item.gated and not item.advisory]


def _cautions(gate: Gate) -> tuple[str, ...]:
    cautions = list(map(text.visible, gate.notes))
    if gate.fingerprint:
        names = text.several([text.visible(item.what) for item in gate.fingerprint])
        what = "Latency and storage" if any(item.advisory for item in gate.storage) else "Latency"
        cautions.insert(
            0,
            f"{what} verdicts are advisory: the baseline ran under other conditions ({names}). Measure a new baseline "
            "here, with this version and scenario; until then this gate cannot pass.",
        )
    return tuple(cautions)


def _run(name: RunName) -> str:
    return text.visible(f"{name.run_id}, {text.moment(name.started_at)}, profile {name.profile}, seed {name.seed}")


def _worst_first(item: QueryShift) -> tuple[bool, bool, int, float]:
    return not item.gated, item.metric not in ("p50", "mean"), _WORST.index(item.outcome), -(item.ratio or 0.0)


def _query(item: QueryShift, several: bool) -> QueryRow:
    if not item.gated:
        role = "explains"
    elif item.advisory:
        role = "advisory"
    else:
        role = "decides"
    verdict = _VERDICTS[item.verdict]
    if item.passes and item.verdict == "inconclusive":
        verdict = "not slower"
    return QueryRow(
        query=text.visible(item.query),
        level=text.count(item.clients, "client") if several else "",
        metric=f"{item.metric}, {item.basis}",
        verdict=verdict,
        sign={"slower": "▲", "faster": "▼", "unchanged": "=", "not slower": "≤", "undecided": "?"}[verdict],
        tone=_query_tone(item),
        base=_effect(item.base_ratio, item.base_low, item.base_high),
        new=_effect(item.new_ratio, item.new_low, item.new_high),
        shift=text.ratio(item.ratio) if item.ratio is not None else "not measured",
        interval=text.ratio_range(item.ci_low, item.ci_high),
        blocks=f"{item.base_blocks}, {item.new_blocks}",
        margin=text.change(1 + item.margin),
        detectable=text.change(1 + item.detectable) if item.detectable is not None else text.MISSING,
        role=role,
        notes=tuple(map(text.visible, item.warnings)),
    )


def _query_tone(item: QueryShift) -> Tone:
    """Bad is only what fails the gate; what may have got worse elsewhere is open."""
    if item.outcome == "pass":
        return "good" if item.verdict == "faster" else "plain"
    return _TONES[item.outcome] if not item.advisory else "open"


def _effect(ratio: float | None, low: float | None, high: float | None) -> str:
    if ratio is None:
        return text.MISSING
    return text.ratio(ratio) if low is None else f"{text.ratio(ratio)} ({text.ratio_range(low, high)})"


def _grew(item: StorageShift) -> bool:
    return item.outcome == "fail" and not item.advisory


def _grown_first(item: StorageShift) -> tuple[bool, bool, float]:
    return item.outcome != "fail", item.table is not None, -(item.growth or 0.0)


def _storage(item: StorageShift) -> Row:
    return Row(
        name=f"{text.visible(item.table or _WHOLE)}, {title(item.stage)}",
        state=_growth(item),
        tone=_storage_tone(item),
        base=text.size(item.base_bytes),
        new=text.size(item.new_bytes),
        detail=f"expected {text.size(item.expected_bytes)}" if item.expected_bytes != item.base_bytes else "",
        advisory=item.advisory,
    )


def _storage_tone(item: StorageShift) -> Tone:
    if item.outcome == "fail":
        return "open" if item.advisory else "bad"
    return "plain" if item.table or item.advisory else "good"


def _growth(item: StorageShift) -> str:
    return "new" if item.growth is None else text.change(1 + item.growth)


def _finding(item: FindingShift) -> Row:
    tones: dict[str, Tone] = {"gone": "good"}
    rows = [text.count(number, "row") if number else text.MISSING for number in (item.base_count, item.new_count)]
    return Row(
        name=text.visible(f"{title(item.kind)}: {item.object}"),
        state=f"{item.severity}, not comparable" if item.change == "unknown" else f"{item.change} {item.severity}",
        tone="bad" if item.outcome == "fail" else tones.get(item.change, "open"),
        base=rows[0],
        new=rows[1],
        detail=text.visible(item.detail),
    )


def _same_findings(gate: Gate) -> str:
    number = len(gate.findings)
    return f"Both runs have the same {text.count(number, 'finding')}." if number else "Neither run has any finding."


def _item(item: ItemShift) -> Row:
    state = "unchanged" if item.base == item.new else "new" if not item.base else "gone" if not item.new else "changed"
    if not item.compared:
        state = "not comparable"
    elif item.outcome == "fail":
        state = "worse"
    return Row(
        name=text.visible(item.name),
        state=state,
        tone="bad" if item.outcome == "fail" else "plain",
        base=text.visible(item.base) or text.MISSING,
        new=text.visible(item.new) or text.MISSING,
    )


def _claim(item: ItemShift) -> Row:
    """A claim whose verdict is another one than in the baseline is marked; its figure moves with every run."""
    words = item.base.partition(":")[0], item.new.partition(":")[0]
    state = "same verdict" if words[0] == words[1] else "other verdict"
    row = _item(item)
    return Row(row.name, state, "plain" if words[0] == words[1] else "open", row.base, row.new)
