"""How JAX runs here: precision, threads, memory and the cache of compiled programs.

`configure` must be called before the first computation of a process.
"""

import ctypes
import hashlib
import os
import platform
from pathlib import Path


def configure(precision: int = 64) -> None:
    """Set up JAX for `precision` 32 or 64 bits.

    One thread, so that results do not depend on the number of cores; parallelism is by
    processes. Compiled programs are kept between processes, but nothing depends on a hit.
    """
    # The thread pool costs more than it gives on sweeps of this size.
    os.environ.setdefault("NPROC", "1")
    _keep_large_buffers()
    import jax

    jax.config.update("jax_enable_x64", precision == 64)
    folder = _cache_folder()
    if folder is not None:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


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
    machine = f"{platform.machine()} {_processor()} {jaxlib.__version__}"
    folder = Path(root) / "jaxda" / hashlib.sha256(machine.encode()).hexdigest()[:12]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("model name", "CPU part"))), "")
