"""Settings follow the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.server import settings
from harness.server.settings import GIB, MIB, as_config, memory_bytes, tuned_settings


def test_a_machine_of_four_gibibytes_keeps_most_of_its_memory() -> None:
    tuned = tuned_settings(4 * GIB, 2 * GIB, 20 * GIB, preload=True)
    assert tuned["shared_buffers"] == "1024MB"
    assert tuned["work_mem"] == "16MB"
    assert tuned["maintenance_work_mem"] == "256MB"
    assert tuned["max_wal_size"] == "2048MB"


@pytest.mark.parametrize(("memory", "expected"), [(128 * MIB, "128MB"), (16 * GIB, "4096MB"), (512 * GIB, "8192MB")])
def test_the_cache_has_bounds(memory: int, expected: str) -> None:
    assert tuned_settings(memory, 2 * GIB, 20 * GIB, preload=True)["shared_buffers"] == expected


def test_nothing_makes_writes_cheaper_than_they_are() -> None:
    tuned = tuned_settings(4 * GIB, 2 * GIB, 20 * GIB, preload=True)
    assert tuned["fsync"] == "on"
    assert not {"full_page_writes", "synchronous_commit", "jit"} & set(tuned)


def test_a_containers_small_shared_memory_is_not_used() -> None:
    assert tuned_settings(4 * GIB, 64 * MIB, 20 * GIB, preload=True)["dynamic_shared_memory_type"] == "mmap"
    assert tuned_settings(4 * GIB, 2 * GIB, 20 * GIB, preload=True)["dynamic_shared_memory_type"] == "posix"


def test_a_library_that_is_not_there_is_not_loaded() -> None:
    assert tuned_settings(4 * GIB, 2 * GIB, 20 * GIB, preload=False)["shared_preload_libraries"] == ""


def test_values_are_quoted_in_the_configuration() -> None:
    assert as_config({"a": "it's", "b": ""}) == "a = 'it''s'\nb = ''\n"


@pytest.mark.parametrize(
    ("group", "file", "text"),
    [
        ("0::/outer/inner", "outer/memory.max", "1073741824\n"),
        ("5:cpu:/\n4:memory:/outer/inner", "memory/outer/memory.limit_in_bytes", "1073741824\n"),
    ],
)
def test_a_control_groups_limit_counts_even_that_of_one_above(
    group: str, file: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cgroup").write_text(group)
    limit = tmp_path / "sys" / file
    limit.parent.mkdir(parents=True)
    limit.write_text(text)
    monkeypatch.setattr(settings, "_GROUPS_OF_THIS_PROCESS", tmp_path / "cgroup")
    monkeypatch.setattr(settings, "_GROUPS", tmp_path / "sys")
    assert memory_bytes() == GIB
    limit.write_text("max\n")
    assert memory_bytes() > GIB
