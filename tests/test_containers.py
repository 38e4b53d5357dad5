"""Recipes of containers, and profiles: what can be seen of them without running them."""

import re
import shlex

import pytest
import snakemake.cli
import yaml

from jaxda import __version__
from tests.experiments import ROOT


DOCKER = (ROOT / "containers" / "Dockerfile").read_text()
APPTAINER = (ROOT / "containers" / "jaxda.def").read_text()
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "CMD"}


def instructions():
    text = "\n".join(line for line in DOCKER.splitlines() if not line.lstrip().startswith("#"))
    return [line.split(None, 1) for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def test_the_dockerfile_is_made_of_instructions():
    found = instructions()
    assert {name for name, _ in found} <= INSTRUCTIONS
    assert found[0][0] == "FROM" and [name for name, _ in found].count("FROM") == 2
    for name, rest in found:
        if name in ("RUN", "COPY"):
            assert shlex.split(rest)


def test_the_definition_of_apptainer_is_made_of_sections():
    assert APPTAINER.splitlines()[2].startswith("Bootstrap: ")
    sections = set(re.findall(r"^%(\w+)", APPTAINER, re.M))
    assert sections == {"files", "post", "environment", "runscript", "test", "labels"}
    copied = re.findall(r"^    (\S+) /source/(\S+)$", APPTAINER, re.M)
    assert all((ROOT / a).exists() and a == b for a, b in copied)
    # All that the build of the wheel reads.
    assert {"pyproject.toml", "README.md", "LICENSE", "Snakefile", "workflow", "profiles"} <= {
        a for a, _ in copied
    }


@pytest.mark.parametrize("recipe", [DOCKER, APPTAINER])
def test_a_recipe_installs_the_lock(recipe):
    assert "--require-hashes" in recipe and "requirements.lock" in recipe
    assert "--no-deps --no-build-isolation" in recipe
    (python,) = set(re.findall(r"python:(3\.\d+)-slim", recipe))
    assert f"python={python}" in (ROOT / "workflow" / "envs" / "jaxda.yaml").read_text()


def test_profiles_hold_options_that_exist():
    known = set(re.findall(r"--[a-z][a-z-]+", snakemake.cli.get_argument_parser().format_help()))
    for file in (ROOT / "profiles").glob("*/config.yaml"):
        profile = yaml.safe_load(file.read_text())
        for key in profile:
            assert f"--{key}" in known or key.startswith("kubernetes-"), f"{file}: {key}"


def test_the_image_of_the_cluster_is_of_this_version():
    profile = yaml.safe_load((ROOT / "profiles" / "kubernetes" / "config.yaml").read_text())
    assert profile["container-image"].endswith(f"/jaxda:{__version__}")
