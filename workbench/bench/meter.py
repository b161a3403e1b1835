"""CPU time and memory of a process and its children."""

import time

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """The process and all below it that are there now."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and its children so far."""
    return sum(_own_cpu_s(process) for process in tree(pid))


def machine_cpu_s() -> float:
    """CPU seconds that this machine has spent so far on anything, its neighbours on the same host included."""
    times = psutil.cpu_times()._asdict()
    return float(sum(times[name] for name in ("user", "nice", "system", "irq", "softirq", "steal") if name in times))


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its children; pages that they share count for each."""
    total = 0
    for process in tree(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6


def _own_cpu_s(process: psutil.Process) -> float:
    """To the nanosecond by the clock that Linux has for every process (clock_getcpuclockid(3)), else to the tick."""
    try:
        return time.clock_gettime(~process.pid << 3 | 2)
    except (OSError, AttributeError):
        pass
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.Error:
        return 0.0
