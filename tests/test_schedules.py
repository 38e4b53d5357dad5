"""Schedules of one's own: read into the experiment, or refused with every place."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from jaxda import catalog, config, plan, stages
from jaxda.data import schedules
from jaxda.errors import InputError, Problem


EXPERIMENT = """\
title: Schedules of one's own
seed: 1
models:
  q: {model: q_learning}
  rw: {model: rescorla_wagner, values: {alpha: 0.3}}
scenarios:
  shift:
    task: {name: schedule, settings: {table: shift.csv}}
    sources: [q]
    candidates: [q]
    subjects: 2
    trials: 60
  block:
    task: {name: conditioning, settings: {table: block.csv}}
    sources: [rw]
    subjects: 2
    trials: 24
"""
SHIFT = """\
phase,trials,cue,share,p_left,p_right,r_left,r_right,seconds
learn,40,light,0.25,0.8,0.2,1,1,6
learn,40,tone,0.75,0.2,0.8,1,2,6
after,20,light,1,0.5,0.5,1,1,4.5
"""
BLOCK = """\
phase,cues,trials,reward,probability
alone,A,10,1,0.8
both,A+B,10,1,1
test,A,2,,1
test,B,2,,1
"""
ROWS = (
    ("learn", 40, "light", 0.25, (0.8, 0.2), (1.0, 1.0), 6.0),
    ("learn", 40, "tone", 0.75, (0.2, 0.8), (1.0, 2.0), 6.0),
    ("after", 20, "light", 1.0, (0.5, 0.5), (1.0, 1.0), 4.5),
)
INLINE = """{phases: [
      [learn, 40, light, 0.25, [0.8, 0.2], [1, 1], 6],
      [learn, 40, tone, 0.75, [0.2, 0.8], [1, 2], 6],
      [after, 20, light, 1, [0.5, 0.5], [1, 1], 4.5]]}"""


class Case(NamedTuple):
    """Replacements in a table, and (row, column, found, right) of each problem."""

    name: str
    table: str
    edits: list[tuple[str, str]]
    problems: list[tuple[int | None, str, str, str]]


CASES = [
    Case(
        "probability above 1",
        "shift",
        [("0.8,0.2,1,1", "1.3,0.2,1,1")],
        [(2, "p_left", "1.3", "a probability from 0 to 1")],
    ),
    Case(
        "probability in percent",
        "shift",
        [("0.8,0.2,1,1", "80%,0.2,1,1")],
        [(2, "p_left", "'80%'", "from 0 to 1")],
    ),
    Case(
        "shares",
        "shift",
        [("0.75", "0.6")],
        [(3, "share", "'learn' add up to 0.85", "add up to 1")],
    ),
    Case(
        "a share missing", "shift", [("0.75", "")], [(3, "share", "nothing", "elsewhere in phase")]
    ),
    Case(
        "empty phase",
        "shift",
        [("after,20", "after,0")],
        [(4, "trials", "0", "an integer from 1")],
    ),
    Case(
        "half a trial",
        "shift",
        [("after,20", "after,2.5")],
        [(4, "trials", "2.5", "an integer from 1")],
    ),
    Case(
        "trials disagree",
        "shift",
        [("learn,40,tone", "learn,30,tone")],
        [(3, "trials", "30", "40, as before in phase 'learn'")],
    ),
    Case(
        "cue twice",
        "shift",
        [("tone", "light")],
        [(3, "cue", "'light' again", "each cue once in phase 'learn'")],
    ),
    Case(
        "phase apart",
        "shift",
        [("4.5", "4\nlearn,40,bell,0,0,0,1,1,4")],
        [(5, "phase", "'learn' again, after other phases", "another name")],
    ),
    Case(
        "negative time",
        "shift",
        [("4.5", "-4.5")],
        [(4, "seconds", "-4.5", "a time above 0 s")],
    ),
    Case(
        "unequal actions",
        "shift",
        [("0.2,0.8,1,2", "0.2,,1,2")],
        [(3, "p_right", "nothing", "a probability")],
    ),
    Case(
        "one action",
        "shift",
        [(SHIFT, "phase,trials,cue,p_go\na,5,x,0.5\n")],
        [(1, "", "1 actions", "two or more actions, such as p_left")],
    ),
    Case(
        "reward of another action",
        "shift",
        [("r_right", "r_rihgt")],
        [
            (1, "", "the column 'r_rihgt'", "'r_right'?"),
            (1, "", "no column 'r_right'", "'r_rihgt'?"),
        ],
    ),
    Case("column", "shift", [("trials", "trails")], [
        (1, "", "no column 'trials'", "'trails'?"),
        (1, "", "the column 'trails'", "'trials'?"),
    ]),
    Case(
        "infinite reward",
        "shift",
        [("0.5,0.5,1,1", "0.5,0.5,1,inf")],
        [(4, "r_right", "'inf'", "a finite number")],
    ),
    Case(
        "short row",
        "shift",
        [(",4.5", "")],
        [(4, "", "8 cells", "9, as in the header")],
    ),
    Case("only a header", "shift", [(SHIFT[SHIFT.index("learn") :], "")], [
        (1, "", "only a header", "one row for each type of trial"),
    ]),
    Case(
        "several at once",
        "shift",
        [("0.8,0.2,1,1,6", "0.8,-0.2,1,1,0"), ("0.75", "0.7"), ("after,20", "after,0")],
        [
            (2, "p_right", "-0.2", "a probability"),
            (2, "seconds", "0.0", "above 0"),
            (3, "share", "0.95", "add up to 1"),
            (4, "trials", "0", "from 1"),
        ],
    ),
    Case(
        "stimulus twice",
        "block",
        [("A+B", "A+A")],
        [(3, "cues", "'A+A'", "each once")],
    ),
    Case("half a compound", "block", [("A+B", "A+")], [(3, "cues", "'A+'", "joined by +")]),
    Case(
        "no trials of a type",
        "block",
        [("both,A+B,10", "both,A+B,0")],
        [(3, "trials", "0", "from 1")],
    ),
    Case(
        "reward in words",
        "block",
        [("A,10,1,0.8", "A,10,food,0.8")],
        [(2, "reward", "'food'", "nothing for a test")],
    ),
    Case(
        "no probability",
        "block",
        [("A,10,1,0.8", "A,10,1,")],
        [(2, "probability", "nothing", "0 to 1")],
    ),
]  # fmt: skip

# Replacements in the experiment; § stands before each place, then (found, right).
EXPERIMENT_CASES = [
    (
        "trials of a session",
        [("trials: 60", "trials: §50")],
        [("50", "60, the trials of all phases")],
    ),
    ("no table", [("shift.csv", "§[shift.csv]")], [("['shift.csv']", "the name of a .csv")]),
    (
        "table and phases",
        [("{table: shift.csv}", "{§table: shift.csv, phases: [[a, 60, x, 1, [0, 1]]]}")],
        [("a table beside phases", "either of them")],
    ),
    (
        "a task without tables",
        [("name: schedule, settings: {table", "name: bandit, settings: {§table")],
        [("bandit has no setting 'table'", "there are")],
    ),
    (
        "a model of another kind",
        [("sources: [rw]", "sources: [§q]")],
        [("'q' (q_learning) cannot do a conditioning task", "choice")],
    ),
    (
        "a model of compounds",
        [("    candidates: [q]", "    candidates: [§rw]")],
        [("'rw' (rescorla_wagner) cannot do a choice task", "conditioning or magnitude")],
    ),
    (
        "parameter outside its domain",
        [("{alpha: 0.3}", "{alpha: §1.3}")],
        [("models.rw.values.alpha: 1.3", "a number between 0 and 1")],
    ),
    (
        "rows in the file",
        [
            (
                "{table: shift.csv}",
                "{phases: [[a, 30, x, 0.5, [§1.2, 0]], [a, 30, y, §0.4, [0, 1]], "
                "[b, 30, x, 1, §[0, 1, 0]], §[c, 30]]}",
            )
        ],
        [
            ("scenarios.shift.task.settings.phases[0][4][0]: p_0 1.2", "from 0 to 1"),
            ("share 0.4, with which the shares of phase 'a' add up to 0.9", "add up to 1"),
            ("p [0, 1, 0], of 3 actions", "each of 2 actions"),
            ("['c', 30]", "a list [phase, trials, cue, share, [p of each action]"),
        ],
    ),
    ("no rows", [("{table: shift.csv}", "{phases: §[]}")], [("[]", "at least one row")]),
    (
        "text for rows",
        [("{table: shift.csv}", "{phases: §shift.csv}")],
        [("'shift.csv'", "a list")],
    ),
]


def write(folder: Path, experiment: str = EXPERIMENT, **tables: str) -> Path:
    for name, text in {"shift": SHIFT, "block": BLOCK, **tables}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    path = folder / "experiment.yaml"
    path.write_text(experiment, encoding="utf-8")
    return path


def edited(text: str, edits: list[tuple[str, str]]) -> str:
    for old, new in edits:
        assert text.count(old) == 1, (
            f"the case replaces {old!r}, which is there {text.count(old)} ×"
        )
        text = text.replace(old, new)
    return text


def refusal(act: Callable[[], object]) -> list[Problem]:
    with pytest.raises(InputError) as refused:
        act()
    return list(refused.value.problems)


def test_tables_are_written_out_in_the_experiment(tmp_path: Path):
    found = config.load(write(tmp_path))
    assert found.scenario("shift").task.settings == {"phases": ROWS, "actions": ("left", "right")}
    rows = found.scenario("block").task.settings["phases"]
    assert rows[0] == ("alone", "A", 10, 1.0, 0.8)
    assert rows[3] == ("test", "B", 2, None, 1.0)
    for scenario in found.scenarios.values():
        assert stages.build_task(scenario).n_events == scenario.trials


def test_rows_in_the_experiment_mean_the_same(tmp_path: Path):
    text = edited(EXPERIMENT, [("{table: shift.csv}", INLINE)])
    task = stages.build_task(config.load(write(tmp_path, text)).scenario("shift"))
    assert task.phases == ROWS


def test_what_a_job_is_told_depends_on_the_content_of_a_table_alone(tmp_path: Path):
    path = write(tmp_path)
    one = plan.spec_simulate(config.load(path), "shift", "q")
    assert "shift.csv" not in one and config.Config.model_validate_json(one).scenario("shift")
    (tmp_path / "shift.csv").rename(tmp_path / "other.csv")
    path.write_text(EXPERIMENT.replace("shift.csv", "other.csv"))
    assert plan.spec_simulate(config.load(path), "shift", "q") == one
    other = plan.spec_simulate(config.load(path), "block", "rw")
    (tmp_path / "other.csv").write_text(SHIFT.replace("0.8,0.2", "0.7,0.2"))
    assert plan.spec_simulate(config.load(path), "shift", "q") != one
    assert plan.spec_simulate(config.load(path), "block", "rw") == other


def test_the_workflow_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Snakemake hands over values; a table lies beside the file, or here."""
    path = write(tmp_path)
    monkeypatch.chdir(tmp_path)
    values = {
        "title": "", "seed": 1, "models": {"q": {"model": "q_learning"}},
        "scenarios": {
            "shift": {
                "task": {"name": "schedule", "settings": {"table": "shift.csv"}},
                "sources": ["q"], "subjects": 2, "trials": 60,
            }
        },
    }  # fmt: skip
    found = plan.experiment(values, [path])
    assert found.scenario("shift").task == config.load(path).scenario("shift").task


@pytest.mark.parametrize("kind", ["tsv", "parquet"])
def test_other_files_hold_the_same(kind: str, tmp_path: Path):
    path = write(tmp_path)
    expected = schedules.read(str(tmp_path / "shift.csv"), "schedule")
    other = tmp_path / f"shift.{kind}"
    if kind == "tsv":
        other.write_text(SHIFT.replace(",", "\t"))
    else:
        pq.write_table(pacsv.read_csv(path.parent / "shift.csv"), other)
    assert schedules.read(str(other), "schedule") == expected


def test_columns_that_may_be_left_out(tmp_path: Path):
    path = tmp_path / "few.csv"
    path.write_text("phase,trials,cue,p_1,p_2\na,8,x,.5,1\na,8,y,0,1\n")
    rows = schedules.read(str(path), "schedule")["phases"]
    assert rows[1] == ("a", 8, "y", None, (0.0, 1.0), (1.0, 1.0), 1.0)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_table_is_refused_with_every_row(case: Case, tmp_path: Path):
    text = edited({"shift": SHIFT, "block": BLOCK}[case.table], case.edits)
    path = write(tmp_path, **{case.table: text})
    problems = refusal(lambda: config.load(path))
    assert len(problems) == len(case.problems), "\n".join(map(str, problems))
    scenario = f"scenarios.{case.table}.task.settings.table"
    for row, column, found, right in case.problems:
        place = f"{row}:{column}" if column else str(row)
        where = f"{tmp_path / case.table}.csv:{place}: {scenario}"
        here = [p for p in problems if p.where == where]
        assert any(found in p.found and right in p.right for p in here), "\n".join(
            map(str, problems)
        )


@pytest.mark.parametrize(("name", "edits", "expected"), EXPERIMENT_CASES, ids=lambda x: str(x)[:24])
def test_an_experiment_is_refused_with_every_place(name, edits, expected, tmp_path: Path):
    text, places = edited(EXPERIMENT, edits), []
    while "§" in text:
        at = text.index("§")
        text = text.replace("§", "", 1)
        places.append((text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)))
    path = write(tmp_path, text)
    problems = refusal(lambda: config.load(path))
    assert len(problems) == len(expected) == len(places), "\n".join(map(str, problems))
    for problem, (line, column), (found, right) in zip(problems, places, expected, strict=True):
        assert problem.where.startswith(f"{path}:{line}:{column}: "), problem
        assert found in f"{problem.where}: {problem.found}", problem
        assert right in problem.right, problem


def test_mistakes_in_a_table_hide_none_elsewhere(tmp_path: Path):
    text = EXPERIMENT.replace("seed: 1", "seed: -1").replace("subjects: 2", "subjects: 0", 1)
    tables = {"shift": SHIFT.replace("0.75", "0.7"), "block": BLOCK.replace("A+B", "A+")}
    problems = refusal(lambda: config.load(write(tmp_path, text, **tables)))
    files = sorted(Path(p.where.split(":")[0]).name for p in problems)
    assert files == ["block.csv", "experiment.yaml", "experiment.yaml", "shift.csv"]


def test_a_missing_table_is_told_the_one_that_is_there(tmp_path: Path):
    path = write(tmp_path, EXPERIMENT.replace("shift.csv", str(tmp_path / "shfit.csv")))
    (problem,) = refusal(lambda: config.load(path))
    assert (problem.found, problem.right) == ("no such file", "did you mean 'shift.csv'?")


def test_a_table_without_sense_is_refused_in_python_too():
    make = catalog.load("tasks", "schedule")
    with pytest.raises(ValueError, match=r"phases\[0\].p_left is 1.2; it is a probability"):
        make(phases=(("a", 5, "x", None, (1.2, 0.0)),), actions=("left", "right"))


def test_the_command_line_reads_and_refuses(tmp_path: Path):
    """With JAX left alone until the tables are known to be sound."""
    write(tmp_path, shift=SHIFT.replace("0.75", "0.7"))
    path = os.pathsep.join([str(Path(catalog.__file__).parents[1]), *sys.path])
    code = (
        "import sys\nfrom jaxda import config\nfrom jaxda.errors import InputError\n"
        "try:\n    config.load('experiment.yaml')\nexcept InputError as e:\n    print(e)\n"
        "assert not {'jax', 'equinox'} & {*sys.modules}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("shift.csv:3:share: scenarios.shift.task.settings.table: 0.7,")


def test_simulated_sessions_follow_the_table(tmp_path: Path):
    found = config.load(write(tmp_path))
    table, _ = stages.simulate(found, "shift", "q")
    cue, trial = table.column("cue").to_numpy(), table.column("trial").to_numpy()
    assert set(cue[trial > 40]) == {0} and set(cue[trial <= 40]) == {0, 1}
    seconds = table.column("elapsed").to_numpy()
    assert set(seconds[trial <= 40]) == {6.0} and set(seconds[trial > 40]) == {4.5}
    blocked, _ = stages.simulate(found, "block", "rw")
    assert json.loads(blocked.schema.metadata[b"jaxda"])["env"]["features"] == [
        [1, 0],
        [1, 1],
        [0, 1],
    ]
    assert isinstance(blocked, pa.Table)
