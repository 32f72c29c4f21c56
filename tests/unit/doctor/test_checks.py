"""Each of the doctor's checks: what spoils, what does not, and a fix wherever something does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import harness.doctor
from harness.doctor import Check, Examination
from harness.doctor import machine as m
from harness.doctor import server as s
from harness.scenario.paths import data_root

SAFE: dict[str, Any] = {"fsync": True, "full_page_writes": True, "synchronous_commit": "on", "standbys": ""}
QUIET = m.Watched(busy=0.03, stolen=0.0, swapped_bytes=0, busiest="")
STEADY = [0.00002] * 400
JITTERY = [0.0004] * 300 + [0.003] * 100

FINE = [
    m.check_cores(2, None),
    m.check_cores(2, 2.0),
    m.check_load(QUIET),
    m.check_steal(0.005),
    m.check_governor(frozenset({"performance"})),
    m.check_swap(10**9, 0),
    m.check_memory(4 << 30),
    m.check_clock("tsc", 5e-8),
    m.check_waking([0.0001] * 200),
    s.check_buffers(2**30),
    s.check_jit(on=False),
    s.check_autovacuum(on=False),
    s.check_durability(SAFE),
    s.check_checkpoints(1800),
    s.check_sessions(0),
    s.check_connections(90),
    s.check_statements(frozenset({"pg_stat_statements"})),
    s.check_statements(frozenset()),
    s.check_disk(10**11, [0.001] * 40),
    s.check_way(STEADY, local=True),
    s.check_way([0.0004] * 400, local=False),
]
SPOILT = [
    m.check_cores(1, None),
    m.check_cores(4, 1.5),
    m.check_load(m.Watched(0.4, 0.0, 0, "backup, 80% of a core")),
    m.check_steal(0.05),
    m.check_governor(frozenset({"performance", "powersave"})),
    m.check_swap(10**9, 4096),
    m.check_memory(2**29),
    m.check_clock("hpet", 5e-8),
    m.check_clock("tsc", 2e-6),
    m.check_waking([0.0001] * 190 + [0.004] * 10),
    s.check_buffers(2**24),
    s.check_jit(on=True),
    s.check_autovacuum(on=True),
    s.check_durability(SAFE | {"fsync": False}),
    s.check_durability(SAFE | {"full_page_writes": False}),
    s.check_durability(SAFE | {"synchronous_commit": "off"}),
    s.check_checkpoints(300),
    s.check_sessions(2),
    s.check_connections(5),
    s.check_disk(10**9, []),
    s.check_disk(10**11, [0.05] * 40),
    s.check_way(JITTERY, local=False),
]


@pytest.mark.parametrize("check", FINE, ids=lambda check: f"{check.name}: {check.saw}")
def test_what_is_fine_is_not_called_spoiling(check: Check) -> None:
    assert check.spoils is False
    assert check.saw


@pytest.mark.parametrize("check", SPOILT, ids=lambda check: f"{check.name}: {check.saw}")
def test_what_spoils_comes_with_a_fix(check: Check) -> None:
    assert check.spoils is True
    assert check.saw
    assert check.fix


def test_every_check_is_seen_both_ways() -> None:
    one_way = {"pg_stat_statements"}
    assert {check.name for check in SPOILT} == {check.name for check in FINE} - one_way


def test_what_cannot_be_seen_is_called_neither() -> None:
    assert m.check_governor(frozenset()).spoils is None
    assert s.check_disk(None, []).spoils is None


def test_the_exit_code_is_four_where_anything_spoils() -> None:
    assert Examination((FINE[0], m.check_governor(frozenset()))).exit_code == 0
    assert Examination((FINE[0], SPOILT[0])).exit_code == 4
    assert Examination((FINE[0], SPOILT[0])).as_json()["spoils"] == 1


def test_the_other_load_names_the_busiest() -> None:
    assert "backup, 80% of a core" in m.check_load(m.Watched(0.4, 0.0, 0, "backup, 80% of a core")).saw


def test_every_query_is_used_and_every_used_query_exists() -> None:
    folder = Path(harness.doctor.__file__).parent
    code = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    used = set(re.findall(r'catalogue_sql\("doctor", "(\w+)"\)', code))
    assert used == {path.stem for path in (data_root() / "sql" / "doctor").glob("*.sql")}
