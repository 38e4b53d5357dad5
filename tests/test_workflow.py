"""The workflow on the smallest experiment, as a user runs it, in a folder of its own."""

import os
import re
import subprocess
import sys

import pytest

from .experiments import bytes_of, copied, planned, said, snakemake


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


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """A copy of the project in a folder with an awkward name, and its finished experiment."""
    folder = copied(tmp_path_factory.mktemp("größe und maß") / "a", SMALL)
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
        "import sys; from jaxda import config, plan; c = config.load('config/config.yaml');"
        "plan.code_fit(c, 'q'); plan.spec_report(c); assert 'jax' not in sys.modules"
    )
    env = os.environ | {"PYTHONPATH": str(experiment)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, cwd=experiment)


def test_another_version_of_jax_reruns_what_computes_and_nothing_else(experiment, tmp_path):
    """Another version is what its metadata say, found before those that are installed."""
    there = tmp_path / "jax-99.0.dist-info"
    there.mkdir()
    (there / "METADATA").write_text("Metadata-Version: 2.1\nName: jax\nVersion: 99.0\n")
    again = planned(experiment, PYTHONPATH=f"{experiment}{os.pathsep}{tmp_path}")
    for name in ("healthy/q/sessions", "healthy/q/fits/opal", "mine/data/fits/q"):
        assert f"results/{name}.parquet" in again
    assert "results/mine/data/sessions.parquet" not in again
    assert planned(experiment) == set()


def test_the_lock_and_a_table_rerun_when_edited_and_not_when_touched(experiment):
    lock, table = experiment / "requirements.lock", experiment / "mine.csv"
    for file in (lock, table, experiment / "jaxda" / "models" / "opal.py"):
        file.touch()
    assert planned(experiment) == set()
    kept = lock.read_text(), table.read_text()
    try:
        lock.write_text(re.sub("(?m)^ruff==", "ruff==99.", kept[0]))
        again = planned(experiment)
        assert not [path for path in again if path.endswith(".parquet")]
        lock.write_text(re.sub("(?m)^optax==", "optax==99.", kept[0]))
        again = planned(experiment)
        assert "results/healthy/q/fits/opal.parquet" in again
        assert "results/healthy/q/sessions.parquet" not in again
        lock.write_text(kept[0])
        table.write_text(kept[1].replace("1,30,", "1,31,"))
        again = planned(experiment)
        assert "results/mine/data/sessions.parquet" in again
        assert not [path for path in again if path.startswith("results/healthy/")]
    finally:
        lock.write_text(kept[0])
        table.write_text(kept[1])
    assert planned(experiment) == set()
