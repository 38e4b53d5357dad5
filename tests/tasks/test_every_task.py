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
    "uncertain_delay": [
        {"dt": 0.0},
        {"sd": 0.0},
        {"mean": float("nan")},
        {"earliest": 1.3},
        {"latest": 1.0},
        {"iti_hazard": 0.0},
        {"omission": 1.5},
        {"reward": float("inf")},
    ],
    "variable_delay": [
        {"delays": ()},
        {"delays": (2.0, -1.0)},
        {"delays": (2.0, 2.1)},
        {"dt": 0.0},
        {"tail": -1},
        {"omission": -0.1},
        {"reward": float("nan")},
    ],
    "conditioning": [
        {"repeats": 0},
        {"tests": -1},
        {"phases": (("one", "A+A", 5, 1.0),)},
        {"phases": (("one", "A", 0, 1.0),)},
        {"phases": (("one", "A", 5, 1.0, 1.5),)},
        {"phases": (("one", "A", 5),)},
    ],
    "revaluation": [
        {"rewards": (1.0,)},
        {"revalued": (1.0, float("nan"))},
        {"training": 0},
        {"relearning": -1},
        {"tests": 0},
    ],
    "schedule": [
        {"phases": ()},
        {"phases": (("one", 5, "A", 0.5, (0.8, 0.2)),)},
        {"phases": (("one", 5, "A", 1.0, (0.8, 1.2)),)},
        {"phases": (("one", 0, "A", 1.0, (0.8, 0.2)),)},
        {"phases": (("one", 5, "A", 1.0, (0.8, 0.2), (1.0,)),)},
        {"phases": (("one", 5, "A", 1.0, (0.8, 0.2), (1, 1), -2.0),)},
        {"actions": ("left", "left")},
        {"actions": ("left", "right", "middle")},
    ],
    "sensory_preconditioning": [
        {"preconditioning": -1},
        {"compounds": -1},
        {"conditioning": -1},
        {"probes": 0},
    ],
    "effort": [
        {"pellets": (1.0, 2.0, 3.0)},
        {"pellets": (-1.0, 2.0)},
        {"chow": (0.0, float("nan"))},
        {"training": -1},
    ],
    "set_size": [{"sizes": ()}, {"sizes": (2, 7)}, {"sizes": (0,)}, {"repeats": 0}],
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
        {"period": 0, "criterion": 1.1},
        {"period": 30, "criterion": 0.8},
        {"period": 0, "hazard": 0.1, "criterion": 0.8},
        {"window": 0},
        {"outcomes": (0.0, float("nan"))},
    ],
    "go_nogo": [
        {"p": 1.1},
        {"per_cue": 0},
        {"win": -1.0},
        {"loss": 1.0},
        {"loss": float("nan")},
    ],
    "gridworld": [{"size": 1}, {"reward": float("nan")}],
    "tmaze": [{"rewards": (1.0,)}, {"rewards": (1.0, float("inf"))}],
    "cliff": [{"reward": float("nan")}, {"fall": float("-inf")}, {"safe": float("nan")}],
    "restless_gaussian": [
        {"arms": 1},
        {"lam": 1.0},
        {"lam": -0.1},
        {"theta": float("nan")},
        {"sigma_d": -1.0},
        {"sigma_o": float("inf")},
        {"lower": float("nan")},
        {"lower": 50.0, "upper": 50.0},
    ],
    "restless_bandit": [
        {"arms": 1},
        {"sd": -0.1},
        {"sd": float("nan")},
        {"lower": -0.1},
        {"upper": 1.1},
        {"lower": 0.6, "upper": 0.4},
    ],
    "pst": [
        {"blocks": -1},
        {"repeats": 0},
        {"criterion": (0.65, 0.6)},
        {"criterion": (0.65, 0.6, 1.2)},
    ],
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
        {"iti": 0},
        {"unpredicted": -0.1},
        {"early": 11},
        {"early": -1},
        {"early_rate": 1.5},
        {"omission": 0.5, "unpredicted": 0.4, "early": 1, "early_rate": 0.2},
    ],
    "pavlovian_trial": [
        {"delay": -1},
        {"dt": float("inf")},
        {"omission": -0.1},
        {"reward": float("inf")},
        {"tail": -1},
        {"unpredicted": 1.1},
        {"early": 11},
        {"omission": 0.5, "unpredicted": 0.6},
    ],
    "variable_probability": [
        {"probabilities": ()},
        {"probabilities": (0.5, 1.5)},
        {"delay": -1},
        {"dt": 0.0},
        {"reward": float("nan")},
    ],
    "free_operant": [
        {"ratio": 0},
        {"consumption": -1.0},
        {"duration": -1.0},
        {"duration": float("inf")},
        {"reward": float("nan")},
        {"interval": 0.0},
        {"intervals": ()},
        {"intervals": (1.0, -1.0)},
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
    assert isinstance(one.env, Env) and one.events_for(1) >= 1
    assert not jax.tree.leaves(one) and isinstance(hash(one), int)
    assert isinstance(one.n_draws, int) and isinstance(one.source, str)


@pytest.mark.parametrize("task", names("tasks"))
def test_a_longer_plan_begins_with_the_shorter(task):
    one = load("tasks", task)()
    long = plans(one, 700, n_lanes=12)
    for n in (61, 452):
        short = plans(one, n, n_lanes=12)
        # To the last bit: the plan is what the data were made of.
        assert eqx.tree_equal(short, jax.tree.map(lambda x, n=n: x[:n], long))


@pytest.mark.parametrize("task", names("tasks"))
def test_sessions_are_planned_independently(task):
    plan = plans(load("tasks", task)(), 700, n_lanes=12)
    leaves = jax.tree.leaves(plan)
    varied = [x for x in leaves if not np.array_equal(x, np.broadcast_to(x[..., :1], x.shape))]
    assert varied or not leaves


@pytest.mark.parametrize("task", names("tasks"))
def test_truth_is_numbers_by_name(task):
    one = load("tasks", task)()

    def first(key):
        plan = jax.tree.map(lambda x: x[0], one.plan(key, 10))
        return one.truth(one.init(), plan)

    truth = jax.eval_shape(first, jax.random.key(0))
    assert truth and all(name.isidentifier() for name in truth)
    assert all(x.ndim <= 1 and x.dtype.kind in "bif" for x in truth.values())
