"""The command line as a user meets it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from jaxda import catalog, cli, listing
from jaxda.data.files import write_text
from jaxda.errors import InputError
from jaxda.landmarks._base import Measured, equal


ROOT = Path(__file__).parents[1]
COMMANDS = sorted(cli.app.commands)


def jaxda(capfd, *args):
    """Status, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as stop:
        cli.main([*args])
        sys.exit(0)
    out = capfd.readouterr()
    return stop.value.code, out.out, out.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(capfd, command):
    status, out, _ = jaxda(capfd, command, "--help")
    assert status == 0
    assert f"jaxda {command}" in out.split("Example", 1)[1]


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_list_names_every_component_and_tells_all_of_one(capfd, kind):
    status, out, _ = jaxda(capfd, "list", kind)
    assert status == 0
    for name in catalog.names(kind):
        assert f"  {name}  " in out
    name = catalog.names(kind)[-1]
    status, out, _ = jaxda(capfd, "list", kind, name)
    assert status == 0 and out.startswith(f"{name} — ")


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_a_card_has_everything_that_is_declared(kind):
    for name in catalog.names(kind):
        about = catalog.describe(kind, name)
        out = listing.card(about)
        for p in about.params.values():
            row = next(line for line in out.splitlines() if line.startswith(f"  {p.name}  "))
            for part in (f"{p.default:g}", p.prior, p.role or "–", p.doc):
                assert part in row
        assert about.doc.split("\n")[0] in out and str(about.facts.get("source", "")) in out
        assert all(reason in out for _, reason in about.facts.get("confounded", ()))
        assert all(f"setting {key}: " in out for key in about.settings)


@pytest.mark.parametrize("width", [80, 120])
def test_lists_fit_into_a_terminal(width):
    fits = lambda out: max(map(len, out.splitlines())) <= width
    assert fits(listing.overview(width))
    for kind in catalog.KINDS:
        assert fits(listing.table(kind, width))
        for about in (catalog.describe(kind, name) for name in catalog.names(kind)):
            folded = listing.card(about, width)
            # Nothing is lost but a heading.
            lost = set(listing.card(about).split()) - set(folded.split())
            assert fits(folded) and all(set(word) == {"-"} or word == "meaning" for word in lost)


def test_landmarks_are_measured_and_one_that_fails_is_told(capfd, monkeypatch):
    status, out, _ = jaxda(capfd, "landmarks", "travelling_error", "travelling_error")
    assert status == 0 and out.count("pass") >= 3 and "1 of 1 landmarks hold" in out
    cls = catalog.load("landmarks", "travelling_error")
    failed = Measured([equal("a number", 1.0, 1.5, 0.25)])
    monkeypatch.setattr(cls, "measure", lambda self: failed)
    status, out, _ = jaxda(capfd, "landmarks", "travelling_error")
    assert status == 1
    assert re.search("a number +1 +1.5 +0.25 +FAIL", out) and "0 of 1 landmarks hold" in out


def test_list_does_not_start_jax():
    code = (
        "import sys; from jaxda.cli import main\n"
        "try: main(['list'])\n"
        "finally: assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)


@pytest.mark.parametrize(
    "args, told",
    [
        (("lst",), "did you mean 'list'?"),
        (("list", "modells"), "did you mean 'models'?"),
        (("list", "models", "opel"), "did you mean 'opal'?"),
        (("simulate", "-s", "healty", "-m", "q"), "did you mean 'healthy'?"),
        (("simulate", "-s", "healthy", "-m", "qq"), "no source called 'qq'"),
        (("fit", "-s", "healthy", "-m", "q", "-k", "opall"), "did you mean 'opal'?"),
        (("fit", "-s", "healthy", "-m", "q", "-k", "q"), "no such file"),
        (("landmarks", "travling_error"), "did you mean 'travelling_error'?"),
        (("figure", "recovry"), "did you mean 'recovery'?"),
        (("validate", "nowhere.yaml"), "nowhere.yaml"),
        (("simulate",), "Missing option"),
        (("compare", "-s", "conditioning"), "no candidates to compare → a scenario with"),
        (("dose", "-s", "healthy", "-m", "q"), "'healthy', which has no lesion"),
        (("fit", "-s", "healthy", "-m", "qq", "-k", "q"), "no source called 'qq'"),
        (("fit", "-s", "healthy", "-k", "q"), "--source: missing → -m with what generated"),
        (("validate", "{bad"), "'{bad', which is not JSON"),
        (("validate", '{"title": 3}'), "configuration: title: 3 → a title"),
        (("validate", "-c", "nowhere.yaml"), "nowhere.yaml: no such file"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(capfd, tmp_path, args, told):
    config = (
        ()
        if args[0] in ("list", "lst", "landmarks", "validate")
        else ("-c", str(ROOT / "config/config.yaml"))
    )
    results = ("-r", str(tmp_path)) if config and len(args) > 1 else ()
    status, out, err = jaxda(capfd, *args[:1], *config, *results, *args[1:])
    assert status == 2
    assert told in out + err
    assert "Traceback" not in out + err and "https:" not in out + err
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize(
    "args, told",
    [
        (("landmarks", "xyz", "cue_shfit"), ["'xyz'", "'cue_shfit'"]),
        (("simulate", "-s", "zz", "-m", "yy"), ["'zz'", "'yy'"]),
        (("dose", "-s", "zz", "-m", "yy"), ["'zz'", "'yy'"]),
        (("fit", "-s", "zz", "-m", "yy", "-k", "xx"), ["'zz'", "'xx'", "'yy'"]),
        (("fit", "-s", "healthy", "-k", "xx"), ["'xx'", "--source: missing"]),
    ],
)
def test_every_misspelt_name_is_told(capfd, monkeypatch, tmp_path, args, told):
    monkeypatch.chdir(ROOT)
    results = () if args[0] == "landmarks" else ("-r", str(tmp_path))
    status, _, err = jaxda(capfd, *args, *results)
    assert status == 2
    assert all(word in line for word, line in zip(told, err.splitlines(), strict=True))


LAB = """\
title: t
seed: 1
models:
  q: {model: q_learning}
  wide: {model: expectile, settings: {taus: [2.0]}}
scenarios:
  fine: {task: {name: bandit, settings: {p: [2.0, .1]}}, sources: [q], subjects: 1, trials: 5}
  typo: {task: bandti, sources: [q], subjects: 1, trials: 5}
datasets:
  lab:
    path: lab.csv
    columns: {subject: id, trial: t, choice: c, reward: r, latency: ms}
    choice_base: 0
    latency_unit: ms
    candidates: [q]
"""
TABLE = "id,t,c,r,ms\na,1,0,1,500\na,2,,1,5\na,3,1,0,400\n"


def lab(folder, experiment=LAB, table=TABLE):
    (folder / "lab.csv").write_text(table)
    path = folder / "lab.yaml"
    path.write_text(experiment)
    return str(path)


def test_validate_tells_problems_of_every_layer_at_once(capfd, tmp_path):
    path = lab(tmp_path, table=TABLE.replace(",5\n", ",-5\n"))
    for args in ((path,), ("-c", path)):
        status, _, err = jaxda(capfd, "validate", *args)
        assert status == 2
        assert err.splitlines() == [
            f"{path}:5:45: models.wide.settings.taus: one of taus is 2.0 "
            "→ each lies between 0 and 1",
            f"{path}:7:45: scenarios.fine.task.settings.p: each of p is 2.0 → between 0 and 1",
            f"{path}:8:16: scenarios.typo.task: no task called 'bandti' → did you mean 'bandit'?",
            f"{tmp_path / 'lab.csv'}:3:ms: -5 → a latency above 0",
        ]


def test_what_stands_beside_a_missed_trial_is_told(capfd, tmp_path):
    sound = LAB.replace("2.0", ".5").replace("bandti", "bandit")
    path = lab(tmp_path, sound)
    for args in (("validate", path), ("read", "-c", path, "-d", "lab", "-r", str(tmp_path / "r"))):
        status, out, _ = jaxda(capfd, *args)
        assert status == 0
        assert "lab: 1 missed trial has a latency, which is left out" in out
        assert "lab: 1 missed trial has a reward, which is left out" in out
    path = lab(tmp_path, sound, TABLE.replace("a,2,,1,5", "a,2,,,"))
    assert "left out" not in jaxda(capfd, "validate", path)[1]


@pytest.mark.parametrize("folder", ["lab.csv", "lab.csv/inside"])
def test_results_that_are_a_file_are_refused_before_any_work(capfd, tmp_path, folder):
    path = lab(tmp_path)
    results = str(tmp_path / folder)
    status, _, err = jaxda(capfd, "read", "-c", path, "-d", "lab", "-r", results)
    assert status == 2
    assert err == f"--results: {tmp_path / 'lab.csv'}, a file → a folder for results\n"
    assert (tmp_path / "lab.csv").read_text() == TABLE
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "lab.csv" / "x.txt", "")


def test_help_says_what_every_option_is_for(capfd, monkeypatch):
    for command in cli.app.commands.values():
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, (command.name, option.name)
            elif option.name == "name":
                assert "NAME" in command.help
    monkeypatch.setenv("COLUMNS", "120")
    _, out, _ = jaxda(capfd, "dose", "--help")
    assert "the scenario's lesion, the other parameters being known." in out


def test_a_fault_of_ours_says_so_without_a_traceback(capfd, monkeypatch):
    def broken(width):
        raise RuntimeError("out of paper")

    monkeypatch.delenv("JAXDA_TRACEBACK", raising=False)
    monkeypatch.setattr("jaxda.listing.overview", broken)
    status, _, err = jaxda(capfd, "list")
    assert status == 70
    assert "RuntimeError: out of paper" in err and "Traceback" not in err


def test_what_a_free_set_cannot_tell_is_refused_by_the_command(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(
        "title: t\nseed: 1\n"
        "models:\n"
        "  q: {model: q_learning}\n"
        "  deaf: {model: q_learning, values: {alpha_pos: 0, alpha_neg: 0}, free: [beta]}\n"
        "scenarios:\n"
        "  s: {task: bandit, sources: [q], candidates: [deaf], subjects: 2, trials: 20}\n"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = lambda *a: subprocess.run(
        [sys.executable, "-m", "jaxda", *a, "-c", str(config), "-r", str(tmp_path / "results")],
        capture_output=True,
        text=True,
        env=env,
    )
    assert command("simulate", "-s", "s", "-m", "q").returncode == 0
    run = command("fit", "-s", "s", "-m", "q", "-k", "deaf")
    assert run.returncode == 2
    assert "'beta' changes the probability of no record" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "results" / "s" / "q" / "fits").exists()
