"""The page on batches can be followed."""

import os
import subprocess
import sys

from jaxda import config
from jaxda.batch.measures import MEASURES
from jaxda.batch.run import run
from jaxda.layout import Layout

from ..test_docs import ROOT, block, text


def test_the_example_runs_and_is_read_as_the_page_says(tmp_path):
    (tmp_path / "sweep.yaml").write_text(block("docs/batch.md", "sweep.yaml"))
    rows = {"batch": {"sweep": {"rows": "session"}}}
    run(config.load(tmp_path / "sweep.yaml", overrides=rows), "sweep", Layout(tmp_path / "results"))
    for script in ("read.py", "sessions.py"):
        command = [sys.executable, "-W", "error", "-c", block("docs/batch.md", script)]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert said.returncode == 0 and said.stdout, said.stderr


def test_every_measure_is_on_the_page():
    assert all(f"`{name}`" in text("docs/batch.md") for name in MEASURES)


def test_the_kept_example_is_sound():
    assert len(config.load(ROOT / "config" / "examples" / "sweep.yaml").batch) == 3


def test_the_workflow_plans_the_parts_of_a_batch(tmp_path):
    (tmp_path / "sweep.yaml").write_text(block("docs/batch.md", "sweep.yaml") + "    jobs: 3\n")
    env = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "workflow/Snakefile"), "-n"]
    command += ["--cores", "1", "batches", "--configfile", "sweep.yaml"]
    said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "results/batch/sweep/parts/3-of-3.json" in said.stdout + said.stderr
    assert "results/batch/sweep/cells.parquet" in said.stdout + said.stderr
