"""What all tasks have in common, and settings that mean nothing."""

import equinox as eqx
import jax
import numpy as np
import pytest

from jaxda.catalog import load, names
from jaxda.types import Env

from .sessions import plans


# Each is wrong alone.
NONSENSE = {
    "bandit": [
        {"p": (0.7, 1.3)},
        {"p": ()},
        {"p": (0.5, float("nan"))},
        {"outcomes": (0.0, float("inf"))},
    ],
    "reversal_bandit": [
        {"p_high": 1.2},
        {"p_low": -0.1},
        {"p_high": 0.2, "p_low": 0.8},
        {"period": -1},
        {"period": 0, "hazard": 1.5},
        {"period": 30, "hazard": 0.1},
        {"outcomes": (0.0, float("nan"))},
    ],
    "restless_bandit": [
        {"arms": 1},
        {"sd": -0.1},
        {"sd": float("nan")},
        {"lower": -0.1},
        {"upper": 1.1},
        {"lower": 0.6, "upper": 0.4},
    ],
    "pst": [{"blocks": -1}, {"repeats": 0}],
    "two_step": [
        {"common": 1.1},
        {"sd": float("inf")},
        {"lower": 0.75},
        {"upper": 2.0},
    ],
    "pavlovian_trace": [
        {"delay": -1},
        {"dt": 0.0},
        {"omission": 1.1},
        {"reward": float("nan")},
    ],
    "free_operant": [
        {"ratio": 0},
        {"consumption": -1.0},
        {"duration": -1.0},
        {"duration": float("inf")},
        {"reward": float("nan")},
    ],
    "variable_magnitude": [
        {"magnitudes": ()},
        {"magnitudes": (1.0, 2.0)},
        {"probabilities": (0.5,) * 7},
        {"magnitudes": (1.0, 2.0), "probabilities": (1.5, -0.5)},
        {"magnitudes": (1.0, float("nan")), "probabilities": (0.5, 0.5)},
        {"cued": -0.5},
    ],
}


@pytest.mark.parametrize(
    "task, settings", [(t, s) for t, many in NONSENSE.items() for s in many], ids=str
)
def test_nonsense_is_refused(task, settings):
    with pytest.raises(ValueError, match=r".") as caught:
        load("tasks", task)(**settings)
    # The message names what is wrong.
    assert any(name in str(caught.value) for name in settings)


def test_every_task_is_tested_for_nonsense():
    assert set(names("tasks")) <= set(NONSENSE)


@pytest.mark.parametrize("task", names("tasks"))
def test_sizes_are_static_and_the_task_holds_no_arrays(task):
    one = load("tasks", task)()
    assert isinstance(one.env, Env) and one.events_per_trial >= 1
    assert not jax.tree.leaves(one) and isinstance(hash(one), int)
    assert isinstance(one.n_draws, int) and isinstance(one.source, str)


@pytest.mark.parametrize("task", names("tasks"))
def test_a_longer_plan_begins_with_the_shorter(task):
    one = load("tasks", task)()
    long = plans(one, 700, n_lanes=3)
    for n in (61, 452):
        short = plans(one, n, n_lanes=3)
        # To the last bit: the plan is what the data were made of.
        assert eqx.tree_equal(short, jax.tree.map(lambda x, n=n: x[:n], long))


@pytest.mark.parametrize("task", names("tasks"))
def test_sessions_are_planned_independently(task):
    plan = plans(load("tasks", task)(), 100, n_lanes=12)
    leaves = jax.tree.leaves(plan)
    varied = [x for x in leaves if not np.array_equal(x, np.broadcast_to(x[..., :1], x.shape))]
    assert varied or not leaves
