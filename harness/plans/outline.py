"""A plan as a compact text tree, and its shape, by which two plans are told to be the same; pure."""

from __future__ import annotations

from harness import text
from harness.plans.tree import OFF_BY, Node

_CONDITION_CHARS = 100


def shape(node: Node) -> tuple[object, ...]:
    """What makes a plan that plan: kinds, tables and indexes, whatever the figures are."""
    return (node.kind, node.join, node.relation, node.index, *(shape(child) for child in node.children))


def outline(node: Node, depth: int = 0) -> list[str]:
    """One line per node, indented by depth."""
    lines = ["  " * depth + _line(node)]
    for child in node.children:
        lines += outline(child, depth + 1)
    return lines


def name(node: Node) -> str:
    """A node as one names it: `Index Scan on orders using orders_pkey`."""
    kind = f"{node.kind} {node.join}" if node.join not in ("", "Inner") else node.kind
    parts = [kind, f"on {node.table}" if node.table else "", f"using {node.index}" if node.index else ""]
    return " ".join(filter(None, parts))


def _line(node: Node) -> str:
    if not node.loops:
        facts = [f"expected {_rows(node.expected_rows)}", "not executed"]
    else:
        per_loop = node.rows / node.loops
        facts = [_rows(per_loop) + (f" × {node.loops:,.0f}" if node.loops > 1 else "")]
        if node.estimate_factor >= OFF_BY:
            facts.append(f"expected {node.expected_rows:,.0f}: off by {node.estimate_factor:,.0f}×")
        facts += [f"removes {node.removed:,.0f}"] if node.removed else []
        facts += [f"{node.pages:,} pages"] if node.pages else []
        facts += [f"{node.temp_written:,} temporary pages"] if node.temp_written else []
        facts += [f"{node.workers} workers"] if node.workers else []
        facts.append(text.duration(node.self_s).replace(text.GAP, " "))
    conditions = "".join(f" [{_short(words)}]" for _, words in node.conditions[:2])
    return f"{name(node)} ({', '.join(facts)}){conditions}"


def _rows(value: float) -> str:
    return f"{value:,.0f} row{'' if round(value) == 1 else 's'}"


def _short(words: str) -> str:
    return words if len(words) <= _CONDITION_CHARS else words[: _CONDITION_CHARS - 1] + "…"
