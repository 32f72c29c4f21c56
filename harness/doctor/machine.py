"""Checks of this machine: cores, other load, frequency, swap, memory, clock, and how late a process wakes."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.doctor.model import Check

WINDOW_S = 1.0
"""For so long the machine is watched."""

FEWEST_CORES = 2
MOST_LOAD = 0.1
"""The share of the machine that others may take."""

MOST_STEAL = 0.01
MOST_LATE_S = 0.001
"""The client may be so late before its slices are void (measure.model); a process that wakes later voids them."""

LEAST_MEMORY_BYTES = 1 << 30
_WAITS = 200
_STEADY = "performance"
_SLOW_CLOCKS = frozenset({"hpet", "acpi_pm", "jiffies", "pit"})
_CPUS = Path("/sys/devices/system/cpu")
_CLOCK = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Watched:
    """What happened on the machine within the window: shares of all its cores, pages moved to and from swap."""

    busy: float
    stolen: float
    swapped_bytes: int
    busiest: str


def watch(window_s: float = WINDOW_S) -> Watched:
    """Watches the machine; does nothing itself meanwhile."""
    swap, times, processes = psutil.swap_memory(), psutil.cpu_times(), _processor_times()
    time.sleep(window_s)
    later, swap_later, processes_later = psutil.cpu_times(), psutil.swap_memory(), _processor_times()
    whole = sum(later) - sum(times) or 1.0
    idle = later.idle - times.idle + getattr(later, "iowait", 0.0) - getattr(times, "iowait", 0.0)
    used = {key: value - processes.get(key, value) for key, value in processes_later.items() if key[0] != os.getpid()}
    (_, name), most = max(used.items(), key=lambda item: item[1], default=((0, ""), 0.0))
    return Watched(
        busy=max(0.0, 1 - idle / whole),
        stolen=(getattr(later, "steal", 0.0) - getattr(times, "steal", 0.0)) / whole,
        swapped_bytes=(swap_later.sin - swap.sin) + (swap_later.sout - swap.sout),
        busiest=f"{name}, {most / window_s:.0%} of a core" if most > 0 else "",
    )


def _processor_times() -> Mapping[tuple[int, str], float]:
    """(process id, name) -> seconds of processor time so far, of the processes that may be seen."""
    found = {}
    for process in psutil.process_iter(["pid", "name", "cpu_times"]):
        times = process.info["cpu_times"]
        if times is not None:
            found[process.info["pid"], process.info["name"]] = times.user + times.system
    return found


def check_machine() -> list[Check]:
    """Every check of the machine, in about two seconds."""
    watched = watch()
    return [
        check_cores(usable_cores(), cpu_quota()),
        check_load(watched),
        check_steal(watched.stolen),
        check_governor(governors()),
        check_swap(psutil.swap_memory().used, watched.swapped_bytes),
        check_memory(psutil.virtual_memory().available),
        check_clock(_text(_CLOCK), reading_s()),
        check_waking(wake_delays_s()),
    ]


def check_cores(cores: int, quota: float | None) -> Check:
    """Client and server need a core each; a quota stops a process for the rest of its period."""
    saw = f"{cores} usable" + ("" if quota is None else f", limited to the time of {quota:g}")
    if quota is not None and quota < cores:
        return Check(
            "cores", saw, True, "raise the container's CPU limit to whole cores: a quota stops processes in turn"
        )
    fix = (
        "use a machine with at least 2 cores: client and server would take turns on one" if cores < FEWEST_CORES else ""
    )
    return Check("cores", saw, cores < FEWEST_CORES, fix)


def check_load(watched: Watched) -> Check:
    """What others do now."""
    busiest = f" (most: {watched.busiest})" if watched.busiest else ""
    if watched.busy > MOST_LOAD:
        return Check(
            "other load", f"{watched.busy:.0%} of all cores busy{busiest}", True, "end what runs besides, or wait"
        )
    return Check("other load", f"{watched.busy:.0%} of all cores busy")


def check_steal(stolen: float) -> Check:
    """What the host gives to other machines."""
    spoils = stolen > MOST_STEAL
    fix = "ask for dedicated cores, or measure when the host is quiet" if spoils else ""
    return Check("stolen time", f"{stolen:.1%} taken by the host", spoils, fix)


def check_governor(found: frozenset[str]) -> Check:
    """A frequency that follows the load makes the same work take different times."""
    if not found:
        return Check("CPU frequency", "no governor to be seen (usual on virtual machines)", None)
    spoils = found != {_STEADY}
    fix = "sudo cpupower frequency-set -g performance" if spoils else ""
    return Check("CPU frequency", f"governor {', '.join(sorted(found))}", spoils, fix)


def check_swap(used_bytes: int, swapped_bytes: int) -> Check:
    """Swapping now spoils; what was swapped out before may be fetched at a bad moment."""
    saw = f"{used_bytes / 2**20:.0f} MiB swapped out, {swapped_bytes / 2**20:.0f} MiB moved within a second"
    fix = "free memory: end other programs, or lower shared_buffers" if swapped_bytes else ""
    return Check("swap", saw, swapped_bytes > 0, fix)


def check_memory(available_bytes: int) -> Check:
    """Room for the arms in the caches."""
    spoils = available_bytes < LEAST_MEMORY_BYTES
    fix = "free memory: what does not fit in the caches is read from disk, on one arm more than on another"
    return Check("memory", f"{available_bytes / 2**30:.1f} GiB available", spoils, fix if spoils else "")


def check_clock(source: str, each_s: float) -> Check:
    """A clock that is slow to read becomes part of every latency."""
    saw = f"{source or 'unknown source'}, {each_s * 1e9:.0f} ns a reading"
    spoils = source in _SLOW_CLOCKS or each_s > 1e-6
    fix = "use the clock source tsc, or the hypervisor's own (kernel parameter clocksource=)" if spoils else ""
    return Check("clock", saw, spoils, fix)


def check_waking(delays_s: list[float]) -> Check:
    """How late a process runs that was to wake: what voids slices."""
    late_s = sorted(delays_s)[int(0.99 * (len(delays_s) - 1))]
    spoils = late_s > MOST_LATE_S
    fix = "free the cores: a client that wakes so late voids its slices" if spoils else ""
    return Check("waking", f"99 of 100 times within {late_s * 1e6:.0f} us of the instant", spoils, fix)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_quota() -> float | None:
    """Cores' worth of time that this process's control group may take; None without a limit."""
    words = _text(_QUOTA).split()
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0].isdecimal() else None


def governors() -> frozenset[str]:
    """The frequency governors of all cores."""
    return frozenset(filter(None, (_text(path) for path in _CPUS.glob("cpu[0-9]*/cpufreq/scaling_governor"))))


def reading_s() -> float:
    """Seconds that a reading of the performance counter takes."""
    count = 20_000
    began = time.perf_counter()
    for _ in range(count):
        time.perf_counter()
    return (time.perf_counter() - began) / count


def wake_delays_s() -> list[float]:
    """Seconds between the instant at which this process was to wake and the one at which it ran."""
    delays = []
    for _ in range(_WAITS):
        due = time.perf_counter() + 0.002
        time.sleep(0.002)
        delays.append(max(0.0, time.perf_counter() - due))
    return delays


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
