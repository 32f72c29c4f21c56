"""Judging a stored run again: what its result keeps beside the samples, and the comparisons made from both."""

from __future__ import annotations

from collections.abc import Mapping

from harness.judge.latency import judge_table
from harness.judge.view import QueryRules
from harness.measure.model import BlockTable, Load
from harness.result import Comparison, InvalidLoad, MeasuredQuery, Result


def workload_record(queries: Mapping[str, QueryRules]) -> tuple[MeasuredQuery, ...]:
    """The rules of the queries as the result keeps them."""
    return tuple(
        MeasuredQuery(name, item.weight, item.max_slowdown, item.gated, item.fingerprint)
        for name, item in queries.items()
    )


def invalid_record(invalid: Mapping[Load, str]) -> tuple[InvalidLoad, ...]:
    """The loads without valid figures as the result keeps them."""
    return tuple(InvalidLoad(query, clients, reason) for (query, clients), reason in invalid.items())


def stored_rules(result: Result) -> dict[str, QueryRules]:
    """The rules of a stored run's queries by name."""
    return {
        item.query: QueryRules(item.weight, item.max_slowdown, item.gated, fingerprint=item.fingerprint)
        for item in result.workload
    }


def stored_invalid(result: Result) -> dict[Load, str]:
    """The loads of a stored run whose figures may not be used, with the reason."""
    return {(item.query, item.clients): item.reason for item in result.invalid_loads}


def judge_again(table: BlockTable, result: Result) -> tuple[Comparison, ...]:
    """The latency comparisons of a stored run from its samples: the same bytes as the run itself found.

    `table` comes from the run's samples.parquet, `result` is used for its queries' rules and invalid loads only.
    """
    return judge_table(table, stored_rules(result), invalid=stored_invalid(result))
