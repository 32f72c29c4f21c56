"""The migration's files and statements: how long each took, and which locks it took beside those already held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from harness import text
from harness.report.data import MigrationFile, Step
from harness.report.evidence import Absent
from harness.result import LockTaken, MigrationStep, Result

_LOCKS = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""Weakest first."""

_STATEMENT_CHARS = 240
"""Of a longer statement that did not fail, file and line tell the rest."""


def migration_files(result: Result) -> tuple[MigrationFile, ...] | Absent:
    """One entry per file, in the order in which they were applied."""
    if not result.migrations:
        return Absent("No migration was applied.")
    files: dict[str, list[MigrationStep]] = defaultdict(list)
    for step in result.migrations:
        files[step.file].append(step)
    return tuple(_migration_file(name, steps) for name, steps in files.items())


def _migration_file(name: str, steps: list[MigrationStep]) -> MigrationFile:
    modes = [lock.mode for step in steps for lock in step.locks]
    return MigrationFile(
        name=text.visible(name),
        statements=text.count(len(steps), "statement"),
        seconds=text.duration(sum(step.seconds for step in steps)),
        wal=text.size(_wal(steps)),
        strongest_lock=max(modes, key=_strength) if modes else text.MISSING,
        steps=tuple(_step(step, before) for before, step in zip((None, *steps), steps, strict=False)),
        failed=any(step.error for step in steps),
    )


def _wal(steps: list[MigrationStep]) -> int | None:
    written = [step.wal_bytes for step in steps if step.wal_bytes is not None]
    return sum(written) if written else None


def _strength(mode: str) -> int:
    return _LOCKS.index(mode) if mode in _LOCKS else len(_LOCKS)


def _step(step: MigrationStep, before: MigrationStep | None) -> Step:
    return Step(
        file=text.visible(step.file),
        line=str(step.line),
        statement=text.visible(_statement(step)),
        seconds=text.duration(step.seconds),
        locks=text.visible(_locks(step, before)),
        error=text.visible(step.error or ""),
    )


def _statement(step: MigrationStep) -> str:
    words = step.statement.strip()
    return words if step.error or len(words) <= _STATEMENT_CHARS else f"{words[:_STATEMENT_CHARS].rstrip()} …"


def _locks(step: MigrationStep, before: MigrationStep | None) -> str:
    """`AccessExclusiveLock on a, b; ShareLock on c; 4 held before`: a transaction's locks are told once, when taken."""
    now = _strongest(step.locks)
    in_one_transaction = before is not None and before.in_transaction and step.in_transaction
    held = _strongest(before.locks) if before is not None and in_one_transaction else {}
    taken: dict[str, list[str]] = defaultdict(list)
    for relation, mode in now.items():
        if held.get(relation) != mode:
            taken[mode].append(relation)
    words = [f"{mode} on {', '.join(taken[mode])}" for mode in sorted(taken, key=_strength, reverse=True)]
    same = sum(held.get(relation) == mode for relation, mode in now.items())
    words += [f"{same:,} held before"] if same else []
    return "; ".join(words) or "none"


def _strongest(locks: Iterable[LockTaken]) -> Mapping[str, str]:
    """The strongest lock on each relation: it forbids what the weaker ones do."""
    found: dict[str, str] = {}
    for lock in locks:
        if lock.relation not in found or _strength(lock.mode) > _strength(found[lock.relation]):
            found[lock.relation] = lock.mode
    return found
