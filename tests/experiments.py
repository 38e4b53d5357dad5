"""Experiments as a user runs them: a copy of the project in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


ROOT = Path(__file__).parents[1]
# What runs leave beside results, with times in it.
ASIDE = ("benchmarks", "logs")


def copied(folder: Path, config: str) -> Path:
    """The project in `folder`, with `config` as its experiment and a table of two subjects."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("jaxda", "workflow", "profiles"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in ("Snakefile", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text(config)
    rows = [
        f"{who},{t},{1 + (t * (who + 2) // 3) % 2},{t % 2}" for who in (1, 2) for t in range(1, 31)
    ]
    (folder / "mine.csv").write_text("\n".join(["who,trial,choice,won", *rows]) + "\n")
    return folder


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Variables under which commands use the copy in `folder`, and the caches of the suite."""
    tools = Path(sys.executable).parent
    caches = {
        "XDG_CACHE_HOME": str(folder / ".cache"),
        "MPLCONFIGDIR": str(folder / ".cache" / "matplotlib"),
    }
    env = caches | os.environ
    return env | {"PATH": f"{tools}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(folder)} | more


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--cores", "2", *args]


def snakemake(folder: Path, *args: str, **more: str) -> subprocess.CompletedProcess:
    env = environment(folder, **more)
    return subprocess.run(
        command(*args), cwd=folder, env=env, capture_output=True, text=True, timeout=900
    )


def jaxda(folder: Path, *args: str, **more: str) -> subprocess.CompletedProcess:
    run = [sys.executable, "-m", "jaxda", *args]
    env = environment(folder, **more)
    return subprocess.run(run, cwd=folder, env=env, capture_output=True, text=True, timeout=900)


def said(run: subprocess.CompletedProcess) -> str:
    return run.stdout + run.stderr


def planned(folder: Path, *args: str, **more: str) -> set[str]:
    """Outputs of the jobs that would run now."""
    run = snakemake(folder, "-n", "--quiet", "host", *args, **more)
    assert run.returncode == 0, said(run)
    return {
        word.strip()
        for line in said(run).splitlines()
        if line.strip().startswith("output:")
        for word in line.split(":", 1)[1].split(",")
    }


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = (f for f in (folder / "results").rglob("*") if f.is_file())
    return {
        str(f.relative_to(folder)): f.read_bytes() for f in files if not set(f.parts) & set(ASIDE)
    }
