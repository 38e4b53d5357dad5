"""An experiment as a file and as a record."""

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from jaxda import catalog, config
from jaxda._marked import told
from jaxda.errors import InputError, Problem, shown


SOUND = """\
title: Two variants
seed: 7
fit: {tolerance: 1e-6}
models:
  single: &q
    model: q_learning
  dual:
    <<: *q
    free: [alpha_pos, alpha_neg, beta]
scenarios:
  healthy: {task: bandit, sources: [single, dual], subjects: 3, trials: 40}
  blocked:
    task: {name: pst, settings: {blocks: 2}}
    lesion: tonic_gain
    doses: [0, -0.5]
    sources: [dual]
    candidates: [single, dual]
    subjects: 3
    trials: 40
"""


def load(folder: Path, *texts: str, **words) -> config.Config:
    paths = [folder / f"{i}.yaml" for i in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return config.load(*paths, **words)


@pytest.fixture
def sound(tmp_path: Path) -> config.Config:
    return load(tmp_path, SOUND)


def test_what_is_left_out_takes_its_default(sound: config.Config):
    assert sound.precision == 64
    assert sound.fit == config.Fit(tolerance=1e-6)
    healthy = sound.scenario("healthy")
    assert healthy.task == config.TaskPart(name="bandit")
    assert (healthy.lesion, healthy.doses, healthy.candidates) == ("intact", (0.0,), ())
    assert sound.variant("single").free is None


def test_a_key_left_empty_takes_its_default(tmp_path: Path):
    found = load(tmp_path, SOUND + "datasets:\nfigures:\n")
    assert (found.datasets, found.figures) == ({}, {})


def test_merged_mappings_and_anchors(sound: config.Config):
    assert sound.variant("dual").model == "q_learning"
    assert sound.variant("dual").free == ("alpha_pos", "alpha_neg", "beta")


def test_the_later_file_wins_and_the_overrides_win_over_it(tmp_path: Path):
    second = "seed: 8\nfit: {steps: 5}\nscenarios: {healthy: {doses: [0.5]}}\n"
    found = load(tmp_path, SOUND, second, overrides={"fit": {"steps": 6}})
    assert (found.seed, found.fit.steps, found.fit.tolerance) == (8, 6, 1e-6)
    assert found.scenario("healthy").doses == (0.5,)
    assert found.scenario("healthy").subjects == 3


def test_plain_data_alone_make_the_same_experiment(sound: config.Config):
    # YAML 1.1 reads 1e-6 as text.
    assert config.load(overrides=yaml.safe_load(SOUND)) == sound


@pytest.mark.parametrize("word", ["on", "no", "2026-01-01", "12:30", "0x1F", "1_000"])
def test_words_that_old_yaml_takes_for_something_else_are_text(word: str, tmp_path: Path):
    assert load(tmp_path, SOUND.replace("Two variants", word)).title == word


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path):
    assert load(tmp_path, "\ufeff" + SOUND).title == "Two variants"


def test_a_tie_may_have_spaces(tmp_path: Path):
    tie = "free: [alpha_pos = alpha_neg, beta]\n    bounds: {alpha_pos = alpha_neg: [0, 0.5]}"
    dual = load(tmp_path, SOUND.replace("free: [alpha_pos, alpha_neg, beta]", tie)).variant("dual")
    assert dual.free == ("alpha_pos=alpha_neg", "beta")
    assert dual.bounds == {"alpha_pos=alpha_neg": (0.0, 0.5)}


@pytest.mark.parametrize("beside", [True, False])
def test_a_table_is_looked_for_beside_the_file_then_here(
    beside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / ("config/t.csv" if beside else "t.csv")).touch()
    columns = "{subject: s, trial: t, choice: c, reward: r}"
    data = f"datasets: {{lab: {{path: t.csv, columns: {columns}, choice_base: 1}}}}\n"
    (tmp_path / "config/x.yaml").write_text(SOUND + data)
    found = config.load("config/x.yaml")
    assert found.dataset("lab").path == ("config/t.csv" if beside else "t.csv")


def test_records_do_not_change(sound: config.Config):
    with pytest.raises(ValidationError, match="frozen"):
        sound.seed = 1
    for change in (
        lambda: sound.models.pop("dual"),
        lambda: sound.models.update({}),
        lambda: sound.models.__setitem__("dual", sound.models["single"]),
        lambda: sound.models["single"].values.__delitem__("beta"),
    ):
        with pytest.raises(TypeError, match="does not change"):
            change()


def test_records_can_be_hashed_copied_and_pickled(sound: config.Config, tmp_path: Path):
    again = load(tmp_path, SOUND)
    assert len({sound, again}) == 1
    for twin in (copy.deepcopy(sound), pickle.loads(pickle.dumps(sound))):
        assert twin == sound
        assert hash(twin) == hash(sound)


def test_records_come_back_from_json(sound: config.Config):
    text = config.dump(sound)
    assert config.Config.model_validate(sound.model_dump(mode="json")) == sound
    assert config.Config.model_validate_json(text) == sound
    assert config.dump(config.Config.model_validate_json(text)) == text
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert text.endswith("\n")


def test_unknown_names_are_told_the_nearest(sound: config.Config):
    assert config.sources_of(sound, "healthy") == dict(sound.models)
    with pytest.raises(KeyError, match="did you mean 'single'"):
        sound.variant("singel")
    with pytest.raises(KeyError, match="no scenario called 'blocked2'"):
        sound.scenario("blocked2")
    with pytest.raises(KeyError, match="no data set"):
        sound.dataset("lab")


def test_code_of_a_variant_is_its_own(sound: config.Config, tmp_path: Path):
    code = config.code_of(sound, "dual")
    assert "models/q_learning.py" in code
    assert "rollout.py" in code
    assert not any("opal" in pattern for pattern in code)
    played = config.code_of_scenario(sound, "blocked")
    assert {*code, "tasks/pst.py", "lesions/tonic_gain.py", "dopamine/*.py"} <= {*played}
    assert config.fingerprint(*played) != config.fingerprint(*code)
    over = SOUND.replace("doses: [0, -0.5]", "doses: [0, -0.5]\n    background: {snc_loss: 0.8}")
    both = config.code_of_scenario(load(tmp_path, over), "blocked")
    assert {*both} - {*played} == {"lesions/snc_loss.py"}


def test_a_fingerprint_changes_with_the_content_of_a_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(config, "_ROOT", tmp_path)
    (tmp_path / "models").mkdir()
    source = tmp_path / "models" / "opal.py"
    source.write_text("a = 1\n")
    first = config.fingerprint("models/*.py")
    assert len(first) == 12
    source.touch()
    assert config.fingerprint("models/opal.py", "models/*.py") == first
    source.write_text("a = 2\n")
    assert config.fingerprint("models/*.py") != first
    with pytest.raises(ValueError, match=r"tasks/\*\.py"):
        config.fingerprint("models/*.py", "tasks/*.py")


@pytest.mark.parametrize("name", catalog.names("models"))
def test_every_model_stands_in_an_experiment_as_it_is(name: str, tmp_path: Path):
    kinds = catalog.describe("models", name).facts["tasks"]
    tasks = [
        t for t in catalog.names("tasks") if catalog.describe("tasks", t).facts["kind"] in kinds
    ]
    scenarios = {
        f"on_{task}": {
            "task": task,
            "sources": ["m"],
            "candidates": ["m"],
            "subjects": 1,
            "trials": 9,
        }
        for task in tasks
    }
    assert tasks
    found = config.load(
        overrides={"title": "", "seed": 0, "models": {"m": {"model": name}}, "scenarios": scenarios}
    )
    assert len(found.scenarios) == len(tasks)


def test_an_empty_list_that_is_the_default_is_none():
    overrides = {
        "title": "",
        "seed": 0,
        "models": {"m": {"model": "rescorla_wagner", "settings": {"salience": []}}},
        "scenarios": {
            "s": {
                "task": {"name": "conditioning", "settings": {"phases": []}},
                "sources": ["m"],
                "subjects": 1,
                "trials": 9,
            }
        },
    }
    assert config.load(overrides=overrides).scenario("s").task.settings == {"phases": ()}


def test_what_is_sound_beside_a_mistake_is_an_experiment(tmp_path: Path):
    path = tmp_path / "x.yaml"
    path.write_text(SOUND.replace("lesion: tonic_gain", "lesion: tonic_gian"))
    found, report = config.draft(path)
    assert [*found.scenarios] == ["healthy"] and [*found.models] == ["single", "dual"]
    assert report.fair("scenarios", "healthy") and not report.fair("scenarios", "blocked")
    assert found.scenario("healthy").sources == ("single", "dual")


def test_an_experiment_as_json_is_checked_too(sound: config.Config):
    found, report = config.draft_json(config.dump(sound))
    assert found == sound and not report.found
    _, report = config.draft_json(config.dump(sound).replace('"bandit"', '"bandti"'))
    assert [p.right for p in told(report.found)] == ["did you mean 'bandit'?"]


def test_the_dose_of_a_lesion_is_told_apart_from_parameters(tmp_path: Path):
    # Freed in spite of that, it is also told that no data separate it from beta.
    text = SOUND.replace("free: [alpha_pos, alpha_neg, beta]", "free: [beta, dose]")
    with pytest.raises(InputError) as refused:
        load(tmp_path, text)
    problems = {p.found: p.right for p in refused.value.problems}
    assert problems["'dose', which belongs to a lesion and not to a model"].startswith("recover")
    confounded = problems["beta, dose are all free, and no data separate them"]
    assert "only the product beta * tonic" in confounded


def test_problems_read_as_one_line_each():
    problem = Problem("x.yaml:1:2: fit.steps", "0", "an integer from 1")
    error = InputError([problem, problem])
    assert str(error) == "\n".join(["x.yaml:1:2: fit.steps: 0 → an integer from 1"] * 2)
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        ("a\nb", "'a\\nb'"),
        ((1, [2.5, "x"]), "[1, [2.5, 'x']]"),
        ({"a": False}, "{a: false}"),
        ("x" * 100, "'" + "x" * 58 + "…"),
    ],
)
def test_values_are_shown_as_they_are_written(value: object, text: str):
    assert shown(value) == text


def test_nothing_here_imports_jax():
    code = (
        "import sys; from jaxda import catalog, config, errors; from jaxda.data import reader; "
        "assert not {'jax', 'equinox'} & {*sys.modules}"
    )
    root = Path(catalog.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=60)
