"""The CRM's workload on a real server: both forms of every query answer alike, in every state."""

from __future__ import annotations

from functools import partial
from typing import Any

from harness.scenario import Scenario
from harness.workload import BoundQuery, bind_workload
from tests.integration.scenario_files.states import States, answers


def test_every_query_answers_alike_in_every_state(states: States, crm: Scenario) -> None:
    bound = states.ask("crm_before", lambda connection: bind_workload(connection, crm.queries))
    assert len(bound) >= 15
    for query in bound:
        old = states.ask("crm_before", partial(answers, query=query, form="before"))
        assert all(old), f"{query.name} reads nothing with some of its parameters"
        assert len(query.sets) <= 16
        for state in ("crm_after", "crm_repaired"):
            new = states.ask(state, partial(answers, query=query, form="after"))
            if query.query.kind == "read":
                assert _as_answered(query, new) == _as_answered(query, old), f"{query.name} on {state}"
            else:
                assert all(sum(row[0] for row in rows) > 0 for rows in (*old, *new)), f"{query.name} on {state}"


def test_a_rename_touches_every_copy_before_and_one_row_after(states: States, crm: Scenario) -> None:
    [query] = states.ask(
        "crm_before",
        lambda connection: bind_workload(connection, [q for q in crm.queries if q.name == "rename_customer"]),
    )
    old = states.ask("crm_before", partial(answers, query=query, form="before"))
    new = states.ask("crm_after", partial(answers, query=query, form="after"))
    assert all(sum(row[0] for row in rows) > 5 for rows in old)
    assert new == [[(1,)]] * len(query.sets)


def _as_answered(query: BoundQuery, found: list[list[tuple[Any, ...]]]) -> list[list[tuple[Any, ...]]]:
    """The rows in their order where it is part of the answer, else in any one order."""
    return found if query.query.ordered else [sorted(rows, key=repr) for rows in found]
