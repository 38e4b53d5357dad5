"""How JAX runs here: precision, threads, memory and the cache of compiled programs.

`configure` must be called before the first computation of a process.
"""

import ctypes
import functools
import hashlib
import os
import platform
from pathlib import Path
from typing import NamedTuple

from .errors import InputError, Problem


_WHOLE_LOOPS = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000"
_WIDE_VECTORS = "--xla_cpu_prefer_vector_width=512"


class Shapes(NamedTuple):
    """How work is cut on a kind of device; it decides the speed and, but for rounding, no number.

    `tile` is the lanes of one sweep of a simulation, `summed` of one that carries sums in place of
    storing events, `slots` of a fit, as far as what they carry has room in `cache` bytes, and
    `narrower` by how much a sweep of at least `wide` slots narrows at its end. Noise is made for at
    most `noise_block` events at once, and `unroll` events are one step of a scan.
    """

    tile: int
    summed: int
    slots: int
    cache: int
    wide: int
    narrower: int
    noise_block: int
    unroll: int


SHAPES = {
    # Widths that stayed in cache in benchmarks of single sweeps; benchmarks/devices.py --shapes
    # holds them against others. Sums take more of the cache than what is stored and gone
    # (benchmarks/batch.py).
    "cpu": Shapes(
        tile=1000,
        summed=512,
        slots=512,
        cache=2**19,
        wide=256,
        narrower=8,
        noise_block=32,
        unroll=1,
    ),
    # A reasoned guess, measured nowhere: steps cost launches, so many lanes and few steps.
    "gpu": Shapes(
        tile=131_072,
        summed=131_072,
        slots=65_536,
        cache=2**32,
        wide=8192,
        narrower=8,
        noise_block=32,
        unroll=8,
    ),
}


@functools.cache
def shapes() -> Shapes:
    """The shapes for the devices of this process."""
    import jax

    return SHAPES.get(jax.default_backend(), SHAPES["gpu"])


def configure(precision: int = 64, devices: int | None = None) -> None:
    """Set up JAX for `precision` 32 or 64 bits and so many host `devices`.

    Without `devices` their number is that of the environment variable JAXDA_DEVICES, or one. A
    device has one thread, so that results do not depend on the number of cores; parallelism is
    by devices (see `jaxda.devices`) and by processes. Compiled programs are kept between
    processes, but nothing depends on a hit.

    Raises:
        InputError: if JAXDA_DEVICES is no number of devices.
    """
    devices = devices or _devices_asked_for()
    # Read once, when the first device is asked for: the thread pool costs more than it gives on
    # sweeps of this size, and OMP_NUM_THREADS means nothing here.
    os.environ.setdefault("NPROC", "1")
    # Loops run as one function each. Step by step, two devices would hand every operation from
    # thread to thread and take twice as long.
    _add_flag(_WHOLE_LOOPS)
    # XLA takes half of a vector of 512 bits, because the first processors to have them slowed
    # down; those that also have short floats do not, and are up to 1.4 times as fast with them.
    if "avx512_bf16" in _cpu_line("flags").split():
        _add_flag(_WIDE_VECTORS)
    # A GPU may have other users; else a process takes three quarters of its memory at once.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    _keep_large_buffers()
    import jax

    if devices is not None:
        jax.config.update("jax_num_cpu_devices", devices)
    jax.config.update("jax_enable_x64", precision == 64)
    folder = _cache_folder()
    if folder is not None:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _add_flag(flag: str) -> None:
    """Give XLA a flag, unless the user has given it one of that name."""
    flags = os.environ.get("XLA_FLAGS", "")
    if flag.partition("=")[0] not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()


def _devices_asked_for() -> int | None:
    asked = os.environ.get("JAXDA_DEVICES", "")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or int(asked) < 1:
        raise InputError([Problem("JAXDA_DEVICES", repr(asked), "a number of devices, such as 2")])
    return int(asked)


def _keep_large_buffers() -> None:
    """Stop the allocator from returning big buffers to the system after every sweep."""
    trim_threshold, mmap_threshold, arenas, most = -1, -3, -8, 2**31 - 1
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(mmap_threshold, most)
        libc.mallopt(trim_threshold, most)
        # Only the first arena can hold more than 64 MiB; others map and fault in every buffer.
        libc.mallopt(arenas, 1)
    except (OSError, AttributeError):
        return


def _cache_folder() -> Path | None:
    """A folder of its own for this kind of machine and version, or None if none can be written."""
    import jaxlib

    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    machine = f"{platform.machine()} {processor()} {jaxlib.__version__}"
    folder = Path(root) / "jaxda" / hashlib.sha256(machine.encode()).hexdigest()[:12]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def processor() -> str:
    """The kind of processor, as the system tells it."""
    return _cpu_line("model name", "CPU part") or platform.processor()


def _cpu_line(*fields: str) -> str:
    """The first line on one of these fields that the system has of its processors, or nothing."""
    return next((line for line in _cpu_lines() if line.startswith(fields)), "")


@functools.cache
def _cpu_lines() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
