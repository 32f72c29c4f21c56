"""What each node of a plan used by itself, and not its children nor what ran while it waited for a value; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ASKS = "Asks"
"""A key of our own in a stored plan's nodes: what their `Output` named of other plans' values."""
VALUES = re.compile(r"InitPlan \w+|\$\d+")
"""How expressions name the value of an InitPlan; before PostgreSQL 17 it is a number among the parameters."""

_INIT_PLAN = "InitPlan"
_CTE = "CTE "
_ASKING_FOR_OTHERS = frozenset({"Gather", "Gather Merge", "Append", "Merge Append"})
"""These ask for the values that nodes below them need: to hand them to workers, or to leave partitions out."""

Plan = Mapping[str, Any]


def own_shares(top: Plan, used: Callable[[Plan], float]) -> dict[int, float]:
    """By each node's id what it used by itself; `used` tells it with all that ran within it.

    The shares add up to all that was used. That can be more than the top node's: a CTE that writes runs to its end
    whether or not it is asked.
    """
    own = {
        id(plan): used(plan) - sum(used(child) for child in _below(plan) if not _is_apart(child)) for plan in _all(top)
    }
    for parent in _all(top):
        for apart in (child for child in _below(parent) if _is_apart(child)):
            left = used(apart)
            for asker in _askers(parent, apart):
                taken = min(left, max(own[id(asker)], 0.0))
                own[id(asker)] -= taken
                left -= taken
    return {key: max(share, 0.0) for key, share in own.items()}


def _is_apart(plan: Plan) -> bool:
    """Whether it is a CTE or an InitPlan: listed where its query begins, it runs within the nodes that ask for it."""
    return bool(plan.get("Parent Relationship") == _INIT_PLAN)


def _below(plan: Plan) -> list[Plan]:
    return list(plan.get("Plans", ()))


def _all(plan: Plan, without: Plan | None = None) -> Iterator[Plan]:
    """The node and all below it but one, children first: a value that both name was asked for by the child."""
    for child in _below(plan):
        if child is not without:
            yield from _all(child, without)
    yield plan


def _askers(parent: Plan, apart: Plan) -> list[Plan]:
    """The nodes within which it may have run, the likeliest first.

    A CTE is read by its scans. Who asks for an InitPlan names it; where nobody does, as LIMIT does not, it is anyone.
    """
    name, nodes = str(apart.get("Subplan Name", "")), list(_all(parent, without=apart))
    if name.startswith(_CTE):
        return [plan for plan in nodes if plan.get("CTE Name") == name.removeprefix(_CTE)]
    values = set(VALUES.findall(name))
    named = [plan for plan in nodes if values & _named(plan)]
    above = [
        plan
        for plan in nodes
        if plan["Node Type"] in _ASKING_FOR_OTHERS and any(below is one for below in _all(plan) for one in named)
    ]
    return [*above, *named, parent, *nodes]


def _named(plan: Plan) -> set[str]:
    """The values of other plans that a node's expressions name."""
    words: list[str] = list(plan.get(ASKS, ()))
    for value in plan.values():
        words += [value] if isinstance(value, str) else []
        words += [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return {found for item in words for found in VALUES.findall(item)}
