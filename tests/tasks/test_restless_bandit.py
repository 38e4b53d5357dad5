"""Restless bandit: walks between walls."""

import numpy as np
import pytest

from jaxda.tasks.restless_bandit import RestlessBandit

from .sessions import events, plans


@pytest.fixture(scope="module")
def walks():
    return plans(RestlessBandit(), 3000, n_lanes=100).p


def test_walks_are_uniform_between_the_walls(walks):
    assert walks.shape == (3000, 2, 100)
    assert walks.min() >= 0.25 and walks.max() <= 0.75
    assert walks.mean() == pytest.approx(0.5, abs=0.01)
    assert walks.std() == pytest.approx(0.5 / np.sqrt(12), abs=0.005)
    # From the first trial on, so there is nothing to burn in.
    start = plans(RestlessBandit(), 1, n_lanes=4000).p
    assert start.mean() == pytest.approx(0.5, abs=0.01)
    assert start.std() == pytest.approx(0.14434, abs=0.005)


def test_steps_are_gaussian_away_from_the_walls(walks):
    steps = np.diff(walks, axis=0)[(walks[:-1] > 0.4) & (walks[:-1] < 0.6)]
    assert steps.mean() == pytest.approx(0, abs=3e-4)
    assert steps.std() == pytest.approx(0.025, rel=0.02)
    assert np.mean(steps**4) == pytest.approx(3 * 0.025**4, rel=0.05)


def test_a_wide_step_is_reflected_as_often_as_needed():
    wide = plans(RestlessBandit(sd=5.0, lower=0.1, upper=0.2), 500).p
    assert wide.min() >= 0.1 and wide.max() <= 0.2
    assert wide.std() == pytest.approx(0.1 / np.sqrt(12), rel=0.02)
    still = plans(RestlessBandit(sd=0.0), 20).p
    np.testing.assert_allclose(still, np.broadcast_to(still[:1], still.shape), rtol=0, atol=1e-15)


def test_arms_walk_independently_and_pay_at_their_rates(walks):
    moves = np.diff(walks, axis=0)
    assert np.corrcoef(moves[:, 0].ravel(), moves[:, 1].ravel())[0, 1] == pytest.approx(0, abs=0.01)
    task = RestlessBandit(arms=3)
    e, p = events(task, 400), plans(task, 400).p
    due = np.take_along_axis(p, e.action[:, None], axis=1)[:, 0]
    assert set(np.unique(e.reward)) == {0.0, 1.0}
    assert (e.reward - due).mean() == pytest.approx(0, abs=0.01)
    assert np.cov(e.reward.ravel(), due.ravel())[0, 1] == pytest.approx(due.var(), rel=0.15)
