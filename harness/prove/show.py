"""The proof as people and programs read it: a table of at most 100 columns, and flat records."""

from __future__ import annotations

from typing import Any

from harness.prove.model import Proof, Verdict

_WIDTH = 100
_FOUND = 32


def machine_readable(proof: Proof) -> dict[str, Any]:
    """The documented shape of `bench prove --json`."""
    fields = ("name", "caught", "expected_kind", "found_kind", "expected_cause", "found_cause")
    defects = [{field: getattr(item, field) for field in fields} for item in proof.defects]
    return {"defects": defects, "false_alarms": proof.false_alarms}


def as_table(proof: Proof) -> str:
    """A line for each defect, then what has no place in this scenario, then the sums."""
    room = _WIDTH - _FOUND - 4
    lines = [f"{'defect':<{room}}  {'found':<{_FOUND}}  ", "-" * _WIDTH]
    for item in proof.defects:
        lines += [_line(item, room), *(f"    false alarm: {text}"[:_WIDTH] for text in item.false_alarms)]
    lines += [f"false alarm: {text}"[:_WIDTH] for text in proof.accused]
    if proof.not_applicable:
        lines += ["", "changes nothing here, so not counted:"]
        lines += [f"  {name}"[:_WIDTH] for name in proof.not_applicable]
    right = sum(item.right for item in proof.defects)
    caught = sum(item.caught for item in proof.defects)
    sums = f"{len(proof.defects)} defects, {caught} caught, {right} of them with the right kind and cause"
    lines += ["", f"{proof.scenario}: {sums}; {proof.false_alarms} false alarms"]
    return "\n".join(lines)


def _line(item: Verdict, room: int) -> str:
    found = " ".join(part for part in (item.found_kind, item.found_cause) if part) or "nothing"
    name = item.name if len(item.name) <= room else f"{item.name[: room - 1]}…"
    line = f"{name:<{room}}  {found[:_FOUND]:<{_FOUND}}"
    if item.right:
        return line.rstrip()
    expected = " ".join(part for part in (item.expected_kind, item.expected_cause) if part)
    what = "NOT CAUGHT" if not item.caught else "MISCLASSIFIED"
    return f"{line.rstrip()}\n    {what}: expected {expected}"[: 3 * _WIDTH]
