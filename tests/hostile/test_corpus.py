"""Whatever is put in, what comes out is an answer in words, or results in their folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jaxda import catalog, plan
from jaxda.errors import InputError

from .corpus import Case, corpus
from .doors import knock, seen


CASES = corpus()
# A case takes well under a second of a processor, and the first loads what all need.
SECONDS, MEBIBYTES = 10.0, 400.0
# The command as others start it is the same command, so a few show that it is.
SAMPLE = (
    "tag !!python/object/apply:os.system ['touch canary']",
    "billion laughs",
    "table is a pipe (read)",
    "gz bomb of rows",
    "a folder of results that leads out",
    "results called $(touch canary)",
)


def test_the_corpus_is_large_and_every_case_has_a_name_of_its_own():
    print(f"{len(CASES)} cases")
    assert len(CASES) > 900
    assert len({case.name for case in CASES}) == len(CASES)


def wrong(case: Case, folder: Path) -> list[str]:
    """What is not as it should be, after the case was tried in `folder`."""
    found = knock(case, folder)
    lines = found.err.splitlines()
    out = [
        f"says {word!r}"
        for word in ("internal error", "Traceback", "Warning")
        if word in found.err + found.out
    ]
    if found.strays:
        out.append(f"touches {found.strays}")
    if found.status not in (0, 2):
        out.append(f"ends with {found.status}")
    if found.status == 0 and found.err:
        out.append("succeeds and complains")
    if found.status == 2 and not all(" → " in line or line.startswith("and ") for line in lines):
        out.append("refuses without saying what would be right")
    if len(lines) > 101 or any(len(line) > 2000 for line in lines):
        out.append(f"tells {len(lines)} lines, of up to {max(map(len, lines))} characters")
    if not "".join(lines).isprintable():
        out.append("sends codes to the terminal")
    if found.seconds > SECONDS or found.grown > MEBIBYTES:
        out.append(f"takes {found.seconds:.1f} s and {found.grown:.0f} MiB")
    if case.tells is not None:
        if bool(case.tells) != (found.status == 2):
            out.append(f"ends with {found.status}")
        out += [f"does not say {told!r}" for told in case.tells if told not in found.err]
    return [f"{case.name}: {what}\n    {found.err[:500]}" for what in out]


@pytest.mark.parametrize("part", range(8))
def test_every_case_is_answered_in_words(part: int, tmp_path: Path):
    faults = [
        fault
        for i, case in enumerate(CASES)
        if i % 8 == part
        for fault in wrong(case, _home(tmp_path, i))
    ]
    assert not faults, "\n".join(faults)


def _home(folder: Path, i: int) -> Path:
    (folder / str(i)).mkdir()
    return folder / str(i) / "work"


@pytest.mark.parametrize("name", SAMPLE)
def test_the_command_itself_answers_so(name: str, tmp_path: Path):
    (case,) = (case for case in CASES if case.name == name)
    folder = tmp_path / "work"
    folder.mkdir()
    case.make(folder)
    before = seen(folder)
    path = os.pathsep.join([str(Path(catalog.__file__).parents[1]), *sys.path])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "jaxda", *case.door]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == (2 if case.tells else 0), done.stderr
    assert not done.returncode or all(told in done.stderr for told in case.tells or ())
    chosen = case.door[case.door.index("-r") + 1] if "-r" in case.door else "results"
    after = {n: v for n, v in seen(folder).items() if n.split("/")[0] != chosen}
    assert after == {n: v for n, v in before.items() if n.split("/")[0] != chosen}


@pytest.mark.parametrize(
    "name, told",
    [
        ("billion laughs", "configuration: nested without end"),
        ("billion laughs in place", "configuration: nested without end"),
        ("anchor in itself", "configuration: nested without end"),
        ("deep closed lists", "configuration: nested without end"),
        ("a scalar too long for a job", "experiment.yaml:1:8: title: the longest part"),
        ("a date as a key", "no key called '2024-01-01'"),
    ],
)
def test_what_snakemake_has_read_is_answered_in_words(name, told, tmp_path, monkeypatch):
    (case,) = (case for case in CASES if case.name == name)
    case.make(tmp_path)
    monkeypatch.chdir(tmp_path)
    values = yaml.safe_load(Path("experiment.yaml").read_text())
    with pytest.raises(InputError, match=re.escape(told)):
        plan.experiment(values, [tmp_path / "experiment.yaml"])
