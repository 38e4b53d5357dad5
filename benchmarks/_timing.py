"""Timing that can be compared: interleaved variants, CPU time, the fastest of a few rounds."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax


def fastest(variants: dict[str, Callable[[], Any]], rounds: int = 5) -> dict[str, dict[str, float]]:
    """Wall seconds of the first call, and the least CPU seconds of `rounds` later ones."""
    out = {}
    for name, run in variants.items():
        begun = time.perf_counter()
        jax.block_until_ready(run())
        out[name] = {"first": time.perf_counter() - begun, "cpu": float("inf")}
    for _ in range(rounds):
        for name, run in variants.items():
            begun = time.process_time()
            jax.block_until_ready(run())
            out[name]["cpu"] = min(out[name]["cpu"], time.process_time() - begun)
    return out


def show(title: str, timed: dict[str, dict[str, float]], count: int, unit: str, base: str) -> None:
    """A table: per `unit`, first call, and how many times faster than `base`."""
    print(f"\n{title}")
    print(f"{'variant':<28}{'ns per ' + unit:>24}{'first call, s':>16}{'x ' + base:>20}")
    for name, t in timed.items():
        each, ratio = t["cpu"] / count * 1e9, timed[base]["cpu"] / t["cpu"]
        print(f"{name:<28}{each:>24.2f}{t['first']:>16.2f}{ratio:>20.2f}")
    print(f"peak memory of the process: {peak_memory() / 2**20:.0f} MiB", flush=True)


def peak_memory() -> int:
    """The most bytes that this process has held in memory."""
    # What the system counts as `ru_maxrss` begins with the peak of the process that started it.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
