"""Sessions as tables and as arrays, and files that are whole or not there."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pyarrow as pa
import pytest

from jaxda.catalog import load
from jaxda.data.files import metadata, read_table, whole, with_metadata, write_table
from jaxda.data.sessions import Label, Sessions, from_table, to_table, units
from jaxda.errors import InputError
from jaxda.rollout import Agent, simulate


LABELS = [Label(0.0, "a", "1"), Label(0.0, "b", "1"), Label(0.5, "a", "1")]
PLAYED = [
    ("q_learning", "bandit", {}, 12),
    ("opal", "pst", {"blocks": 1}, 70),
    ("two_step", "two_step", {}, 16),
    ("td_lambda", "pavlovian_trace", {}, 24),
    ("niv_vigor", "free_operant", {"duration": 8.0}, 30),
    ("expectile", "variable_magnitude", {}, 9),
]


@pytest.mark.parametrize("model, task, settings, n_events", PLAYED)
def test_what_was_played_is_read_back(model, task, settings, n_events):
    task = load("tasks", task)(**settings)
    agent = Agent(load("models", model)())
    keys = jr.split(jr.key(0), 3)
    record = lambda e, r: (e, {"rpe": r.rpe, "dopamine": r.dopamine})
    events, extra = jax.jit(lambda: simulate(agent, task, keys, n_events, record=record))()
    extra = {k: np.asarray(v) for k, v in extra.items()}
    table = to_table(Sessions(task.env, events, LABELS), extra, {"source": "x"})
    assert table.num_rows == int(jnp.sum(events.valid))
    again = from_table(table)
    assert again.env == task.env
    assert again.labels == LABELS
    n = again.events.valid.shape[0]
    for name in ("cue", "action", "reward", "latency", "successor", "terminal", "elapsed", "onset"):
        here, there = getattr(events, name)[:n], getattr(again.events, name)
        shown = events.feedback if name == "reward" else events.valid
        shown = shown & events.choice if name in ("action", "latency") else shown
        shown = shown[:n] & events.valid[:n]
        if name == "latency" and not task.env.timed:
            continue
        shown, here, there = (np.asarray(x) for x in (shown, here, there))
        assert np.array_equal(here[shown], there[shown]), name
    assert jnp.array_equal(again.events.valid, events.valid[:n])


def test_units_share_parameters_by_subject_or_by_session():
    labels = [
        Label(0.0, "a", "1"),
        Label(0.0, "a", "2"),
        Label(0.0, "b", "1"),
        Label(1.0, "a", "1"),
    ]
    names, owner = units(labels, "subject")
    assert names == [(0.0, "a", ""), (0.0, "b", ""), (1.0, "a", "")]
    assert owner.tolist() == [0, 0, 1, 2]
    names, owner = units(labels, "session")
    assert owner.tolist() == [0, 1, 2, 3]


def test_a_table_keeps_its_facts_and_its_bytes(tmp_path):
    table = with_metadata(pa.table({"x": [1, 2]}), {"b": 1, "a": "ä"})
    for name in ("one", "two"):
        write_table(tmp_path / name, table)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert metadata(read_table(tmp_path / "one")) == {"a": "ä", "b": 1}


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    with whole(target) as aside:
        aside.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole(target) as aside:
        aside.write_text("ne")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert [p.name for p in target.parent.iterdir()] == ["file.txt"]


def test_a_damaged_or_missing_table_is_one_clear_message(tmp_path):
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and then nothing")
    for path, told in ((broken, "not a readable Parquet file"), (tmp_path / "no", "no such file")):
        with pytest.raises(InputError, match=told) as error:
            read_table(path)
        assert str(path) in str(error.value)
