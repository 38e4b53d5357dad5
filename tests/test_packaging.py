"""Installed from a wheel, jaxda runs its workflow outside of the repository."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from jaxda import __version__, packaged


ROOT = Path(__file__).parents[1]
SMALL = """
title: The smallest experiment
seed: 7
models: {q: {model: q_learning}}
scenarios:
  healthy: {task: bandit, sources: [q], subjects: 2, trials: 20}
"""


def built(kind, folder):
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory, wheel):
    """`jaxda` in an environment that borrows what jaxda needs, but not jaxda, from this one."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, with_pip=False)
    paths = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # From the wheel alone; the prefix decides where the command and its first line go.
    command += ["--python", str(folder / "bin" / "python"), "install"]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True)
    # Not as a site folder: then the editable jaxda of this one would come with it.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    return folder / "bin" / "jaxda"


def run(*args, cwd):
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(args, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


def test_the_wheel_holds_the_workflow(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [*(ROOT / "workflow").rglob("*"), *(ROOT / "profiles").rglob("*"), ROOT / "Snakefile"]
    mine = {str(f.relative_to(ROOT)) for f in files if f.is_file() and ".snakemake" not in f.parts}
    mine = {name for name in mine if "__pycache__" not in name}
    assert "profiles/slurm/config.yaml" in mine and len(mine) > 12
    assert {f"jaxda/_workflow/{name}" for name in mine} <= names
    assert not [n for n in names if n.startswith(("tests/", "results/", "jaxda/_workflow/results"))]


def test_the_source_distribution_builds_the_same_wheel(tmp_path, wheel):
    packed = built("sdist", tmp_path / "sdist")
    with tarfile.open(packed) as tar:
        tar.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob(f"jaxda-{__version__}")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "w")]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (again,) = (tmp_path / "w").iterdir()
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheel).namelist())
    assert (folder / "requirements.lock").is_file()
    assert not [f for f in (folder / "results").rglob("*") if f.name != ".gitkeep"]


def test_an_empty_environment_has_the_command(installed, tmp_path):
    told = run(installed, "--help", cwd=tmp_path)
    assert told.returncode == 0 and "jaxda run" in told.stdout, told.stderr
    told = run(installed, "list", "models", cwd=tmp_path)
    assert told.returncode == 0 and "q_learning" in told.stdout, told.stderr


def test_an_experiment_runs_outside_of_a_clone(installed, tmp_path):
    folder = tmp_path / "my größe"
    folder.mkdir()
    (folder / "my.yaml").write_text(SMALL)
    done = run(installed, "run", "my.yaml", "--cores", "1", "--", "simulations", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "results" / "healthy" / "q" / "sessions.parquet").is_file()
    dry = run(installed, "run", "my.yaml", "--", "-n", "--quiet", "rules", cwd=folder)
    assert dry.returncode == 0 and "report" in dry.stdout + dry.stderr
    # What it ran was the workflow of the wheel, not that of this repository.
    assert "/jaxda/_workflow/Snakefile" in dry.stdout + dry.stderr


def test_what_snakemake_says_is_passed_on(installed, tmp_path):
    (tmp_path / "my.yaml").write_text(SMALL)
    run_ = run(installed, "run", "my.yaml", "--", "no_such_target", cwd=tmp_path)
    assert run_.returncode == 1 and "no_such_target" in run_.stdout + run_.stderr
    (tmp_path / "my.yaml").write_text(SMALL.replace("bandit", "bandid"))
    run_ = run(installed, "run", "my.yaml", cwd=tmp_path)
    assert run_.returncode == 1 and "did you mean 'bandit'?" in run_.stdout + run_.stderr


def test_what_is_not_there_is_told_at_once(installed, tmp_path):
    refused = run(installed, "run", "--profile", "slrm", cwd=tmp_path)
    assert refused.returncode == 2
    assert "config/config.yaml: no such file" in refused.stderr
    assert "did you mean 'slurm'?" in refused.stderr and "Traceback" not in refused.stderr


def test_an_editable_installation_finds_the_workflow_of_the_repository():
    assert packaged.home() == ROOT


def test_versions_agree_wherever_they_stand():
    pins = (ROOT / "requirements.lock").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    assert "jaxda[slurm]" in extras["dev"]
    assert "snakemake-executor-plugin-slurm==2." in pins
    assert "http" not in pins.replace("http-", "")
