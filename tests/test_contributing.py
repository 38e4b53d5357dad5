"""The page for contributors, carried out: its files and diffs, in a copy of the package."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import DRIVER, ROOT


BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.M | re.S)
# The settings of the suite without its workers, which this process may be one of.
SUITE = ("-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider", "-q")


def blocks() -> list[tuple[str, str, str]]:
    """(language, path, text) of every block that has a path, in the order of the page."""
    return BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def files(folder: str) -> list[str]:
    """Paths of the page's Python files below `folder`."""
    return [p for kind, p, _ in blocks() if kind == "python" and p.startswith(folder + "/")]


def patched(text: str, diff: str, path: str) -> str:
    """`text` with the lines of `diff` added; the other lines say where, and occur once."""
    lines = diff.splitlines(keepends=True)
    assert {line[0] for line in lines} <= {" ", "+"}, f"{path}: only additions"
    before = "".join(line[1:] for line in lines if line[0] == " ")
    after = "".join(line[1:] for line in lines)
    assert f"\n{text}".count(f"\n{before}") == 1, f"{path} has no single place for\n{diff}"
    return f"\n{text}".replace(f"\n{before}", f"\n{after}")[1:]


def duplicate(there: Path) -> None:
    """Copy the repository's code."""
    for folder in ("jaxda", "tests", "config", "docs"):
        shutil.copytree(ROOT / folder, there / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", there)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository's code with everything that the page tells its reader to do."""
    there = tmp_path_factory.mktemp("contributed")
    duplicate(there)
    for kind, name, text in blocks():
        path = there / name
        if kind == "diff":
            text = patched(path.read_text(encoding="utf-8"), text, name)
        else:
            assert not path.exists(), f"{name} exists: the page needs another example"
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return there


def run(there: Path, *command: str, said: str = "") -> str:
    """What a command of Python in the copy prints, if it ends well."""
    path = {"PYTHONPATH": str(there), "MPLCONFIGDIR": str(there / ".cache"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=there,
        env=os.environ | path,
        input=said,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_shows_every_kind_of_component():
    shown = {path.split("/")[1] for path in files("jaxda")}
    assert shown == {
        "models",
        "habits",
        "tasks",
        "lesions",
        "figures",
        "landmarks",
        "assays",
        "analyses",
    }
    # A landmark is a test.
    assert len(files("tests")) == len(files("jaxda")) - len(files("jaxda/landmarks"))


def test_the_page_keeps_the_style_of_the_house(copy: Path):
    run(copy, "-m", "ruff", "check", *files("jaxda"), *files("tests"))
    run(copy, "-m", "ruff", "format", "--check", *files("jaxda"), *files("tests"))


def test_the_catalogue_finds_the_new_files(copy: Path):
    found = run(copy, "-m", "jaxda", "list")
    for path in files("jaxda"):
        assert f"  {Path(path).stem}  " in found


def test_the_words_in_yaml_are_a_sound_experiment(copy: Path):
    said = run(copy, "-m", "jaxda", "validate", "config/config.yaml")
    assert "three_arms: gaussian_bandit, nmda_blockade at 2 dose(s)" in said
    assert said.splitlines()[-1] == "ok"


def test_the_small_experiment_runs(copy: Path):
    at = "-c mine.yaml -r mine -s three_arms"
    commands = (
        f"simulate {at} -m income",
        f"fit {at} -m income -k income",
        f"compare {at}",
        "figure reward_histogram -c mine.yaml -r mine",
        "analyse repetition -c mine.yaml -s three_arms -m income -r mine",
        "measure income_memory -r mine",
        "condition blocked_uptake -t my_conditions.yaml -r mine",
        "clinic -c mine.yaml -r mine",
        "verdict -c mine.yaml -r mine",
    )
    run(copy, "-c", DRIVER, said="\n".join(commands))
    made = copy / "mine"
    assert (made / "three_arms/income/fits/income.parquet").is_file()
    assert (made / "three_arms/recovery.parquet").is_file()
    assert (made / "figures/reward_histogram.svg").is_file()
    assert (made / "three_arms/income/repetition/repetition.parquet").is_file()
    assert "Half of the transporters are blocked" in (made / "clinic.html").read_text("utf-8")


def test_the_tests_of_the_page_pass(copy: Path):
    own = files("tests")
    every_task, landmarks = "tests/tasks/test_every_task.py", "tests/test_landmarks.py"
    (landmark,) = (Path(path).stem for path in files("jaxda/landmarks"))
    of_all = ["gaussian_bandit", "every_task_is_tested", landmark]
    chosen = " or ".join([*(Path(path).stem for path in own), *of_all])
    said = run(copy, *SUITE, "-rp", *own, every_task, landmarks, "-k", chosen)
    for path in own:
        assert f"PASSED {path}::" in said
    assert f"PASSED {every_task}::test_every_task_is_tested_for_nonsense" in said
    assert f"PASSED {landmarks}::test_landmark[{landmark}]" in said


@pytest.mark.slow
def test_a_model_of_one_file_passes_every_law(tmp_path: Path):
    (name,) = files("jaxda/models")
    duplicate(tmp_path)
    (text,) = (text for _, path, text in blocks() if path == name)
    (tmp_path / name).write_text(text, encoding="utf-8")
    laws = ("tests/test_laws.py", "tests/lesions/test_laws.py", "tests/test_catalogue.py")
    said = run(tmp_path, *SUITE, *laws, "-k", Path(name).stem)
    assert " passed" in said and "skipped" not in said
