"""Comparisons of two runs built by hand, one for each exit code; the golden files are made from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.gate.against import UNSEEN, VERDICTS
from harness.gate.latency import ANOTHER_QUESTION
from harness.result import Difference, FindingShift, Gate, ItemShift, QueryShift, RunName, StorageShift

MIB = 1024 * 1024


def query(name: str, ratio: float | None, verdict: str, outcome: str, **fields: Any) -> QueryShift:
    values: dict[str, Any] = {
        "query": name,
        "clients": 1,
        "metric": "p50",
        "basis": "response",
        "base_ratio": 1.3,
        "base_low": 1.25,
        "base_high": 1.35,
        "base_blocks": 20,
        "new_ratio": None if ratio is None else 1.3 * ratio,
        "new_low": None if ratio is None else 1.25 * ratio,
        "new_high": None if ratio is None else 1.35 * ratio,
        "new_blocks": 0 if ratio is None else 40,
        "ratio": ratio,
        "ci_low": None if ratio is None else 0.96 * ratio,
        "ci_high": None if ratio is None else 1.04 * ratio,
        "p_adjusted": None if ratio is None else 0.01,
        "margin": 0.024,
        "verdict": verdict,
        "passes": outcome == "pass",
        "outcome": outcome,
        "gated": True,
        "advisory": False,
        "detectable": 0.071,
    }
    return QueryShift(**(values | fields))


def storage(table: str | None, size: int, outcome: str = "pass") -> StorageShift:
    return StorageShift("after", table, 10 * MIB, size, 10 * MIB, size / (10 * MIB) - 1, outcome)  # type: ignore[arg-type]


BASE = RunName("aaaa", "bench 0.1.0", "shop", "100k", "clean", 1, "2025-03-28T21:04:11Z")
UNCHANGED = (query("orders_list", 1.01, "equivalent", "pass"), query("orders_report", 0.97, "inconclusive", "pass"))
FASTER = query("orders_search", 0.6, "faster", "pass")
SLOWER = query("orders_list", 1.31, "slower", "fail")
LOST = FindingShift("new", "value_differs", "error", "orders.name", "7 rows <differ>", 0, 7, "fail")


def gate(code: int = 0, **fields: Any) -> Gate:
    values: dict[str, Any] = {
        "schema_version": 1,
        "base": BASE,
        "new": RunName("bbbb", "bench 0.1.0", "shop", "100k", "clean", 1, "2025-03-29T21:04:11Z"),
        "fingerprint": (),
        "latency": (*UNCHANGED, FASTER),
        "storage": (storage(None, 10 * MIB), storage("orders", 10 * MIB)),
        "findings": (),
        "views": (ItemShift("orders_with_names", "readable", "readable", "pass"),),
        "columns": (ItemShift("orders.name", "identical", "identical", "pass"),),
        "claims": (ItemShift("faster", "refuted: 1.30×", "supported: 0.80×", "pass"),),
        "storage_tolerance": 0.02,
        "storage_tolerance_bytes": 81920,
        "notes": (),
        "verdict": VERDICTS[code],
        "exit_code": code,
    }
    return Gate(**(values | fields))


GATES = {
    "unchanged": gate(),
    "slower": gate(1, latency=(SLOWER, FASTER), storage=(storage(None, 11 * MIB, "fail"), storage("orders", 10 * MIB))),
    "lost": gate(
        3,
        findings=(LOST,),
        columns=(ItemShift("orders.name", "identical", "different", "fail"),),
        views=(ItemShift("orders_with_names", "", "readable", "pass"),),
        claims=(),
    ),
    "undecided": gate(
        4,
        latency=(
            query("orders_list", 1.04, "inconclusive", "open", clients=4),
            query("orders_report", None, "inconclusive", "open", warnings=("new run: it was not timed there",)),
            query("orders_report", 1.5, "slower", "fail", metric="p95", gated=False, advisory=True),
        ),
    ),
    "elsewhere": gate(
        4,
        fingerprint=(Difference("cores", "2", "8"), Difference("setting jit", "on", "off")),
        latency=(query("orders_list", 1.31, "slower", "fail", advisory=True),),
    ),
    "another_question": gate(
        4,
        fingerprint=(Difference("seed file", "0c5e1d", "9a417b"),),
        latency=(
            query("orders_list", 1.31, "slower", "fail", advisory=True),
            query(
                "orders_report",
                None,
                "inconclusive",
                "open",
                advisory=True,
                warnings=(f"new run: {ANOTHER_QUESTION}",),
            ),
        ),
        storage=(replace(storage("orders", 11 * MIB, "fail"), advisory=True),),
        notes=("not compared, for its text or parameters are not the baseline's: orders_report",),
    ),
    "unchecked": gate(
        3,
        base=replace(BASE, checked=False),
        findings=(replace(LOST, change="unknown"),),
        columns=(ItemShift("orders.name", "", "different", "fail", compared=False),),
        notes=("the baseline's integrity was not checked: what the new run finds is judged by itself",),
        verdict=UNSEEN,
    ),
    "nothing": gate(4, latency=(), storage=(), notes=("no query was timed in either run",), views=(), columns=()),
}
