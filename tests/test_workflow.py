"""The workflow on the smallest experiment, as a user runs it, in a folder of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[1]
SMALL = """
title: The smallest experiment
seed: 7
fit: {restarts: 1, steps: 30}
models:
  q: {model: q_learning}
  opal: {model: opal}
scenarios:
  healthy: {task: bandit, sources: [q, opal], candidates: [q, opal], subjects: 3, trials: 40}
  low_tonic:
    task: bandit
    lesion: tonic
    doses: [0, -0.5]
    sources: [opal]
    candidates: [opal]
    subjects: 3
    trials: 40
    recover_dose: true
datasets:
  mine:
    path: mine.csv
    columns: {subject: who, trial: trial, choice: choice, reward: won}
    choice_base: 1
    candidates: [q]
figures:
  dose_response: [low_tonic]
  confusion: [healthy]
"""


def snakemake(folder: Path, *args: str) -> subprocess.CompletedProcess:
    tools = Path(sys.executable).parent
    caches = {
        "XDG_CACHE_HOME": str(folder / ".cache"),
        "MPLCONFIGDIR": str(folder / ".cache" / "matplotlib"),
    }
    # The caches of the suite, where it has any.
    env = caches | os.environ
    env |= {"PATH": f"{tools}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *args]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=900)


def said(run: subprocess.CompletedProcess) -> str:
    return run.stdout + run.stderr


def planned(folder: Path) -> set[str]:
    """Outputs of the jobs that would run now."""
    run = snakemake(folder, "-n", "--quiet", "host")
    assert run.returncode == 0, said(run)
    return {
        word.strip()
        for line in said(run).splitlines()
        if line.strip().startswith("output:")
        for word in line.split(":", 1)[1].split(",")
    }


def bytes_of(folder: Path) -> dict[str, bytes]:
    kept = ("benchmarks", "logs")
    files = (f for f in (folder / "results").rglob("*") if f.is_file())
    return {
        str(f.relative_to(folder)): f.read_bytes() for f in files if not set(f.parts) & set(kept)
    }


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """A copy of the project in a folder with an awkward name, and its finished experiment."""
    folder = tmp_path_factory.mktemp("größe und maß")
    for name in ("jaxda", "workflow", "profiles"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text(SMALL)
    rows = [
        f"{who},{t},{1 + (t * (who + 2) // 3) % 2},{t % 2}" for who in (1, 2) for t in range(1, 31)
    ]
    (folder / "mine.csv").write_text("\n".join(["who,trial,choice,won", *rows]) + "\n")
    run = snakemake(folder)
    assert run.returncode == 0, said(run)
    return folder


def test_the_default_target_is_the_report(experiment):
    made = bytes_of(experiment)
    assert "results/report.html" in made
    assert "results/healthy/q/fits/opal.parquet" in made
    assert "results/mine/data/fits/q.parquet" in made
    assert "results/low_tonic/opal/dose.parquet" in made
    assert "results/figures/dose_response.svg" in made


def test_a_second_run_does_nothing(experiment):
    run = snakemake(experiment)
    assert run.returncode == 0
    assert "Nothing to be done" in said(run)


def test_what_was_deleted_comes_back_the_same(experiment):
    before = bytes_of(experiment)
    for name in ("report.html", "figures/dose_response.svg"):
        (experiment / "results" / name).unlink()
    run = snakemake(experiment)
    assert run.returncode == 0, said(run)
    assert bytes_of(experiment) == before


def test_an_edited_model_reruns_its_own_jobs_and_no_others(experiment):
    source = experiment / "jaxda" / "models" / "opal.py"
    text = source.read_text()
    try:
        source.write_text(text + "\n# edited\n")
        again = planned(experiment)
    finally:
        source.write_text(text)
    assert "results/healthy/opal/sessions.parquet" in again
    assert "results/healthy/q/fits/opal.parquet" in again
    assert "results/low_tonic/opal/dose.parquet" in again
    for spared in ("healthy/q/", "mine/data/"):
        assert f"results/{spared}sessions.parquet" not in again
        assert f"results/{spared}fits/q.parquet" not in again
    assert planned(experiment) == set()


def test_a_changed_scenario_leaves_the_others_alone(experiment):
    config = experiment / "config" / "config.yaml"
    text = config.read_text()
    try:
        config.write_text(text.replace("doses: [0, -0.5]", "doses: [0, -0.6]"))
        again = planned(experiment)
    finally:
        config.write_text(text)
    assert "results/low_tonic/opal/sessions.parquet" in again
    assert not [path for path in again if path.startswith(("results/healthy/", "results/mine/"))]


def test_a_bad_configuration_stops_before_any_job(experiment):
    before = bytes_of(experiment)
    config = experiment / "config" / "config.yaml"
    text = config.read_text()
    try:
        config.write_text(text.replace("lesion: tonic", "lesion: tonik").replace("opal}", "opall}"))
        run = snakemake(experiment)
    finally:
        config.write_text(text)
    assert run.returncode != 0
    told = said(run)
    line = 1 + text[: text.index("lesion: tonic")].count("\n")
    assert f"config/config.yaml:{line}:13" in told and "did you mean 'tonic'?" in told
    assert "did you mean 'opal'?" in told
    assert "Traceback" not in told
    assert bytes_of(experiment) == before


def test_a_whole_second_run_gives_the_same_bytes(experiment):
    before = bytes_of(experiment)
    run = snakemake(experiment, "--forceall")
    assert run.returncode == 0, said(run)
    assert bytes_of(experiment) == before


def test_parsing_the_workflow_does_not_import_jax(experiment):
    code = (
        "import sys; from jaxda import plan; c = plan.load('config/config.yaml');"
        "plan.code_fit(c, 'q'); plan.spec_report(c); assert 'jax' not in sys.modules"
    )
    env = os.environ | {"PYTHONPATH": str(experiment)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=experiment)
