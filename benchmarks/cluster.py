"""What a large plan costs before its first job, and what Slurm adds to a block."""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
JOBS = 2_000


def plan(scenarios: int, fit: dict) -> dict:
    """An experiment of `scenarios` times two sources and two candidates."""
    names = [f"s{i}" for i in range(scenarios)]
    part = {"task": "bandit", "sources": ["q", "sticky"], "candidates": ["q", "sticky"]}
    return {
        "title": "A large plan",
        "seed": 1,
        "fit": fit,
        "models": {
            "q": {"model": "q_learning"},
            "sticky": {"model": "q_learning", "habits": ["perseveration"]},
        },
        "scenarios": {n: part | {"subjects": 64, "trials": 100} for n in names},
    }


def snakemake(folder: Path, *args: str) -> tuple[str, float, float]:
    """What Snakemake said, and its CPU and wall seconds."""
    tools = Path(sys.executable).parent
    env = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *args]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begun
    said = run.stdout + run.stderr
    if run.returncode:
        sys.exit(said)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return said, cpu, wall


def dry_runs(folder: Path) -> None:
    """Plans that differ in their number of jobs, so that the share of each can be seen."""
    print(f"{'plan':<28}{'jobs':>8}{'CPU s':>10}{'wall s':>10}")
    for title, scenarios, blocks in (
        ("one scenario", 1, 1),
        ("many scenarios", JOBS // 7, 1),
        ("few scenarios, many blocks", 8, 60),
    ):
        (folder / "plan.yaml").write_text(json.dumps(plan(scenarios, {"blocks": blocks})))
        args = ("-n", "--quiet", "rules", "--cores", "1", "--configfile", "plan.yaml")
        found = [snakemake(folder, *args) for _ in range(2)]
        jobs = int(re.findall(r"^total\s+(\d+)", found[0][0], re.M)[0])
        cpu, wall = min(f[1] for f in found), min(f[2] for f in found)
        print(f"{title:<28}{jobs:>8}{cpu:>10.1f}{wall:>10.1f}", flush=True)


def slurm_adds(folder: Path) -> None:
    """Wall seconds of a block from submission to notice, beyond those of its command."""
    (folder / "plan.yaml").write_text(json.dumps(plan(1, {"blocks": 2, "restarts": 1})))
    profile = str(ROOT / "profiles" / "slurm")
    target = "results/s0/q/fits/q.parquet"
    sessions = "results/s0/q/sessions.parquet"
    snakemake(folder, sessions, "--cores", "1", "--configfile", "plan.yaml")
    args = (target, "--workflow-profile", profile, "--configfile", "plan.yaml")
    said, _, _ = snakemake(folder, *args)
    stamp = r"\[(.*?)\]\n(?:rule (fit_block):|Finished jobid: \d+ \(Rule: (fit_block)\))"
    when = lambda text: datetime.strptime(text, "%a %b %d %H:%M:%S %Y").timestamp()
    found = re.findall(stamp, said)
    begun = min(when(t) for t, a, _ in found if a)
    ended = max(when(t) for t, _, b in found if b)
    took = []
    for file in (folder / "results" / "benchmarks" / "fit").glob("*-of-2.tsv"):
        took.append(float(file.read_text().splitlines()[1].split("\t")[0]))
    print(f"two blocks through Slurm: {ended - begun:.0f} s, their commands {max(took):.1f} s")
    print(f"Slurm adds {ended - begun - max(took):.1f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        dry_runs(Path(name))
        asked = ["sinfo", "--noheader"]
        if shutil.which("sinfo") and not subprocess.call(asked, stdout=subprocess.DEVNULL):
            slurm_adds(Path(name))
        else:
            print("no Slurm runs here: tests/slurm/private-slurm.sh start FOLDER")
