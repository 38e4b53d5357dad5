"""Chains whose rewards or paths change."""

import numpy as np
import pytest

from jaxda.models.feature_rpe import FeatureRPE
from jaxda.tasks.revaluation import Revaluation
from jaxda.theory.successor import occupancy

from .sessions import events


SIZES = {"training": 5, "relearning": 3, "tests": 2}


def chains(change):
    task = Revaluation(change=change, rewards=(10.0, 1.0), revalued=(3.0, 4.0), **SIZES)
    assert task.n_events == 80
    e = events(task, 80, n_lanes=6, model=FeatureRPE())
    inside = ~e.terminal[:-1]
    assert (e.successor[:-1][inside] == e.cue[1:][inside]).all()
    assert (e.feedback[:64]).all() and not e.feedback[64:].any()
    state, reward = e.cue.reshape(-1, 4, 6), e.reward.reshape(-1, 4, 6)
    assert not reward[:, :3].any()
    phases = (slice(0, 10), slice(10, 16), slice(16, 20))
    pair = lambda p: [(tuple(s), r) for s, r in zip(state[p, :, 0], reward[p, 3, 0], strict=True)]
    # Both chains in every pair of trials, in either order.
    starts = np.sort(state[:, 1:3].sum(axis=1).reshape(10, 2, 6), axis=1)
    assert (starts[:, 0] < starts[:, 1]).all()
    return [set(pair(p)) for p in phases]


@pytest.mark.parametrize("change", ["none", "reward", "transition"])
def test_chains_and_their_ends(change):
    training, relearning, test = chains(change)
    before = {((0, 1, 3, 5), 10.0), ((0, 2, 4, 6), 1.0)}
    after = {
        "none": before,
        "reward": {((0, 1, 3, 5), 3.0), ((0, 2, 4, 6), 4.0)},
        "transition": {((0, 1, 3, 6), 1.0), ((0, 2, 4, 5), 10.0)},
    }[change]
    assert training == before and test == after
    assert relearning == {((0, 0, *s[2:]), r) for s, r in after}


def test_occupancy_of_a_chain_and_of_a_cycle():
    np.testing.assert_allclose(
        occupancy(np.diag([1.0, 1.0], 1), 0.9), [[1, 0.9, 0.81], [0, 1, 0.9], [0, 0, 1]]
    )
    np.testing.assert_allclose(occupancy(np.ones((1, 1)), 0.75), [[4.0]])
