"""What an experiment was made with: configuration, source, versions, lock, seeds and machine.

Nothing here changes from run to run of the same tree on the same machine: no times, no names
of hosts or folders. Read while Snakemake parses: no JAX.
"""

import functools
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import __version__
from .config import Config, fingerprint


# Packages that decide what a job writes, from tables alone to posteriors.
TABLES = ("numpy", "pyarrow")
BATCHES = (*TABLES, "jax", "jaxlib", "equinox", "scipy")
NUMBERS = (*TABLES, "jax", "jaxlib", "equinox", "diffrax", "lineax")
FITS = (*NUMBERS, "optax", "optimistix")
ANALYSES = (*FITS, "numpyro", "arviz")
PICTURES = (*TABLES, "matplotlib")
MEASURED = (*FITS, "matplotlib")
# What the report tells of.
ALL = (*ANALYSES, "matplotlib", "jinja2", "pydantic", "snakemake")

_ROOT = Path(__file__).parent.parent
# What of a checkout can change a result.
_TREE = ("jaxda", "workflow", "config", "Snakefile", "pyproject.toml", "requirements.lock")


@functools.cache
def version(package: str) -> str:
    """The installed version of a package; empty, if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


@functools.cache
def environment(packages: tuple[str, ...]) -> str:
    """Installed versions of `packages`, and a digest of what a lock says of them."""
    told = ", ".join(f"{p} {version(p)}" for p in packages if version(p))
    entries = [_lock()[p] for p in packages if p in _lock()]
    return f"{told}; lock {_digest(*entries)}" if entries else told


@functools.cache
def _lock() -> Mapping[str, str]:
    """Entries of the lock by package, without comments; empty outside a checkout."""
    try:
        text = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    except OSError:
        return {}
    out: dict[str, str] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        name = re.match(r"[A-Za-z0-9._-]+", entry)
        if name and "==" in entry:
            lines = [line.strip() for line in entry.splitlines()]
            kept = "\n".join(line for line in lines if line and not line.startswith("#"))
            out[name[0]] = out.get(name[0], "") + kept
    return out


def lock() -> str:
    """A digest of the whole lock; empty outside a checkout."""
    entries = _lock()
    return _digest(*(entries[name] for name in sorted(entries))) if entries else ""


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def git() -> str:
    """The commit of the source and whether it was modified since; `no git` outside a checkout."""
    if not (_ROOT / ".git").exists():
        return "no git"
    try:
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--", *(p for p in _TREE if (_ROOT / p).exists()))
    except (OSError, subprocess.SubprocessError):
        return "no git"
    return f"{commit}, modified" if changed else commit


def _git(*args: str) -> str:
    run = subprocess.run(
        ["git", "-C", str(_ROOT), *args],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
    )
    return run.stdout.strip()


def facts(config: Config, files: Iterable[str] = ()) -> dict[str, Any]:
    """All of it, as plain values; `files` are those that the configuration was read from."""
    merged = config.model_dump(mode="json")
    return {
        "configuration": merged,
        "files": list(files),
        "git": git(),
        "lock": lock() or "no lock",
        "platform": machine(),
        "seeds": dict(_seeds(merged, "")),
        "source": fingerprint("**/*.py"),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """What is installed, by name."""
    out = {"jaxda": __version__, "python": platform.python_version()}
    return out | {p: version(p) for p in ALL if version(p)}


def machine() -> dict[str, str]:
    """The kind of machine."""
    from .platform import processor

    kind = processor().partition(":")[2].strip()
    return {"machine": platform.machine(), "processor": kind, "system": sys.platform}


def _seeds(part: Any, at: str) -> Iterator[tuple[str, int]]:
    """Every seed of a configuration, by its place."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "seed" and isinstance(value, int):
                yield f"{at}{key}", value
            yield from _seeds(value, f"{at}{key}.")
