"""What is wrong with a batch is told before any of it is played."""

import pytest

from jaxda import catalog, config, stages
from jaxda.batch.design import _TAKEN, column
from jaxda.errors import InputError

from .experiments import GRID, MODELS


def problems(change, **more):
    parts = {"title": "Batch", "seed": 5, "models": MODELS, "batch": {"grid": GRID | change}}
    with pytest.raises(InputError) as raised:
        config.load(overrides=parts | more)
    return [(p.where.split(": ")[-1], p.found, p.right) for p in raised.value.problems]


@pytest.mark.parametrize(
    "change, where, found, right",
    [
        ({"models": ["qq"]}, "models[0]", "no model called 'qq' in this file", "'q'"),
        ({"tasks": {"a": "bandits"}}, "tasks.a", "no task called 'bandits'", "bandit"),
        ({"tasks": {"a b": "bandit"}}, "tasks.a b", "the name 'a b'", "a letter"),
        ({"tasks": {"a": "two_step"}}, "models[0]", "cannot do 'a', a two_stage task", "choice"),
        ({"tasks": {}}, "tasks", "{}", "at least one"),
        ({"lesions": {"snc": [0]}}, "lesions.snc", "no lesion called 'snc'", "snc_loss"),
        ({"lesions": {"snc_loss": [0, 1.5]}}, "values[1]", "1.5", "a dose from 0 to 1"),
        ({"lesions": {"snc_loss": [0, 0]}}, "values[1]", "0.0 again", "each once"),
        ({"lesions": {"tonic": [0]}}, "models[0]", "nothing that tonic acts on", "another lesion"),
        ({"lesions": {"snc_loss": {"low": 0.5}}}, "snc_loss", "neither values nor a range", "low"),
        ({"lesions": {"snc_loss": {"low": 1, "high": 0}}}, "snc_loss", "from 1 to 0", "low below"),
        (
            {"background": {"snc_loss": 0.5}},
            "background.snc_loss",
            "has doses already",
            "one place",
        ),
        ({"background": {"levodopa": 3}}, "background.levodopa", "3", "a dose from 0 to 1"),
        ({"parameters": {"gama": [1]}}, "parameters.gama", "'q' has no parameter", "gamma"),
        ({"parameters": {"beta": [-1]}}, "values[0]", "-1", "a number above 0"),
        ({"parameters": {"dose": [0]}}, "parameters.dose", "belongs to a lesion", "lesions"),
        (
            {"parameters": {"beta": [1], "model.beta": [2]}},
            "parameters.model.beta",
            "'beta' a second time",
            "each once",
        ),
        (
            {"parameters": {"beta": {"low": 0, "high": 1, "spacing": "log"}}},
            "beta.low",
            "0",
            "above 0",
        ),
        (
            {"parameters": {"beta": [1]}, "draws": 2},
            "draws",
            "2 draws without a range",
            "replicates",
        ),
        ({"histograms": {"beter": [0, 1, 9]}}, "histograms.beter", "no measure", "'better'"),
        ({"histograms": {"better": [1, 0, 9]}}, "histograms.better", "[1.0, 0.0, 9]", "lowest"),
        ({"replicates": 900_000}, "grid", "a batch of 10,800,000 sessions", "at most 10,000,000"),
        ({"chunk": 1}, "chunk", "1", "from 64"),
        ({"rows": "trial"}, "rows", "'trial'", "'session'"),
        ({"tirals": 3}, "tirals", "no key called 'tirals'", "trials"),
        (
            {"schedules": {"a": {"drug": "snc_loss", "doses": [1]}}},
            "a.drug",
            "already",
            "one place",
        ),
        ({"schedules": {"a": {"drug": "levodopa"}}}, "schedules.a", "no dose", "doses, or taken"),
        (
            {"schedules": {"a": {"drug": "levodopa", "taken": [[0, 100]]}}},
            "schedules.a.at",
            "missing",
            "times of sessions",
        ),
        (
            {"schedules": {"a": {"drug": "dat_uptake", "taken": [[0, 9]], "at": [9]}}},
            "a.taken",
            "times of dat_uptake",
            "levodopa alone",
        ),
        (
            {"schedules": {"a": {"drug": "levodopa", "taken": [[0, -9]], "at": [9]}}},
            "schedules.a.taken[0][1]",
            "-9",
            "mg from 0",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(change, where, found, right):
    told = problems(change)
    match = [t for t in told if t[0].endswith(where) and found in t[1] and right in t[2]]
    assert match, told


def test_all_mistakes_are_told_at_once():
    change = {"models": ["qq"], "lesions": {"snc": [0]}, "histograms": {"x": [0, 1, 2]}}
    assert len(problems(change)) == 3


def test_settings_that_mean_nothing_are_told_before_a_job():
    task = {"name": "bandit", "settings": {"p": [0.5, 2.0]}}
    parts = {
        "title": "",
        "seed": 5,
        "models": MODELS,
        "batch": {"g": GRID | {"tasks": {"a": task}}},
    }
    said = []
    stages.build_all(config.load(overrides=parts), lambda *told: said.append(told))
    assert [loc for loc, *_ in said] == [("batch", "g", "tasks", "a", "settings", "p")]


def test_a_place_in_a_file_is_that_of_the_level(tmp_path):
    text = (
        "title: x\nseed: 1\nmodels: {q: {model: q_learning}}\nbatch:\n  g:\n    models: [q]\n"
        "    tasks: {a: bandit}\n    trials: 9\n    lesions:\n      snc_loss: [0.1, 7]\n"
    )
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(
        InputError, match=r"x\.yaml:10:23: batch\.g\.lesions\.snc_loss\.values\[1\]"
    ):
        config.load(tmp_path / "x.yaml")


def test_columns_of_parameters_are_told_from_all_others():
    names = {p for m in catalog.names("models") for p in catalog.describe("models", m).params}
    assert not {column(name) for name in names} & _TAKEN
    assert len({column(name) for name in names}) == len(names)
    assert column("latency") == "latency_value" and column("a=b") == "a_b"
