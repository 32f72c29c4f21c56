"""What ran and where: phases, environment, seed data, troubles, and how to repeat the run."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Sequence

from harness import text
from harness.options import RunOptions
from harness.report.data import MethodSection, Phase, Trouble
from harness.report.evidence import Fact, Tone
from harness.report.words import title
from harness.result import PhaseRecord, Result, ServerIo, VoidSlice

_ATTRIBUTING = {"before_indexes", "after_noindexes"}
"""Arms that are usual where there is something to tell apart."""

_STATUS_TONES: dict[str, Tone] = {"done": "good", "failed": "bad", "skipped": "open"}


def troubles(result: Result) -> tuple[Trouble, ...]:
    """Executions that failed, and slices whose client was too late."""
    errors = [
        Trouble(text.visible(item.query), item.arm, f"{item.sqlstate} {text.visible(item.message)}", f"{item.count:,}")
        for item in result.errors
    ]
    void: dict[str, list[VoidSlice]] = defaultdict(list)
    for item in result.void_slices:
        void[item.query].append(item)
    return (*errors, *(_void(query, void[query]) for query in sorted(void)))


def _void(query: str, slices: Sequence[VoidSlice]) -> Trouble:
    """Void slices of one query in one line; the reason of the worst one stands for all."""
    worst = max(slices, key=lambda item: item.lag_p99_s)
    blocks = sorted({item.block for item in slices})
    numbers = text.several([str(block) for block in blocks], 12)
    what = f"block{'s' if len(blocks) > 1 else ''} {numbers} void; worst: {worst.arm}, {worst.reason}"
    arms = ", ".join(sorted({item.arm for item in slices}))
    return Trouble(text.visible(query), arms, text.visible(what), f"{len(slices):,}")


def method_section(result: Result) -> MethodSection:
    """Environment, settings, seed data, phases, notes, and the command that repeats the run."""
    environment = result.environment
    machine = [_machine(key, value) for key, value in environment.machine.items()]
    client = [Fact(title(key), text.visible(value)) for key, value in environment.client.items()]
    server = Fact("server", f"PostgreSQL {text.visible(environment.server_version)} ({environment.server_kind})")
    return MethodSection(
        environment=(*((server,) if environment.server_version else ()), *machine, *client),
        settings=tuple(
            Fact(text.visible(key), text.visible(value)) for key, value in sorted(environment.settings.items())
        ),
        degraded=tuple(text.visible(item) for item in environment.degraded),
        seeded=tuple(
            Fact(text.visible(table.table), f"{text.count(table.rows, 'row')}, {text.size(table.bytes)}")
            for table in result.seed_manifest.tables
        ),
        anomalies=tuple(
            Fact(title(kind), text.count(number)) for kind, number in result.seed_manifest.anomalies.items()
        ),
        phases=tuple(_phase(phase) for phase in result.phases),
        server_io=tuple(_server_io(item) for item in result.server_io if item.read_bytes or item.written_bytes),
        notes=tuple(text.visible(note) for note in result.notes),
        repeat=text.visible(_repeat(result)),
    )


def _repeat(result: Result) -> str:
    """The command that does the same again; options that are as everybody has them are left out."""
    chosen, usual = RunOptions.from_record(result.options), RunOptions()
    words = ["bench", chosen.goal, str(result.options.get("scenario", result.scenario))]
    words += ["--scale", result.scale, "--seed", str(result.seed)]
    words += ["--profile", result.profile] if result.profile != usual.profile else []
    words += ["--budget", f"{chosen.budget_s:g}s"] if chosen.budget_s != usual.budget_s else []
    words += ["--clients", ",".join(map(str, chosen.clients))] if chosen.clients != usual.clients else []
    words += ["--rate", f"{chosen.rate:g}"] if chosen.rate is not None else []
    words += ["--arms", ",".join(chosen.arms)] if chosen.goal == "run" and _leaves_out(chosen.arms) else []
    words += ["--baseline", str(chosen.baseline)] if chosen.baseline else []
    words += ["--full"] if chosen.full else []
    words += ["--pg-bin", str(chosen.pg_bin)] if chosen.pg_bin else []
    words += ["--dsn", "URL"] if result.environment.server_kind == "given" else []
    return shlex.join(words)


def _leaves_out(arms: Sequence[str]) -> bool:
    """Whether fewer arms than the usual ones were asked for."""
    return bool(arms) and not _ATTRIBUTING.issubset(arms)


def _server_io(item: ServerIo) -> Fact:
    moved = f"{text.size(item.read_bytes)} read, {text.size(item.written_bytes)} written, {item.evictions:,} evictions"
    return Fact(text.visible(f"{item.backend}, {item.object}, {item.context}"), moved)


def _machine(key: str, value: object) -> Fact:
    if key.endswith("_bytes") and isinstance(value, int):
        return Fact(title(key.removesuffix("_bytes")), text.size(value))
    return Fact(title(key), text.visible(str(value)))


def _phase(phase: PhaseRecord) -> Phase:
    return Phase(
        name=title(phase.name),
        seconds=text.duration(phase.seconds),
        peak=f"{phase.peak_mb:,.0f} MB",
        status=phase.status,
        tone=_STATUS_TONES[phase.status],
        error=text.visible(phase.error or ""),
    )
