"""Restless arms: the walk forgets at the stated rate, and payoffs are whole points."""

import numpy as np
import pytest

from jaxda.tasks.restless_gaussian import RestlessGaussian
from jaxda.theory.choice import walk_sd

from .sessions import events, plans


def test_walks_start_as_they_go_on():
    mean = plans(RestlessGaussian(), 120, n_lanes=4000).mean
    assert mean.shape[1] == 4
    sd = walk_sd(0.9836, 2.8)
    for row in (mean[0], mean[-1]):
        assert row.mean() == pytest.approx(50, abs=0.5)
        assert row.std() == pytest.approx(sd, rel=0.02)
    steps = mean[1:] - 50 - 0.9836 * (mean[:-1] - 50)
    assert steps.std() == pytest.approx(2.8, rel=0.01)
    assert np.corrcoef(steps[0].ravel(), mean[0].ravel())[0, 1] == pytest.approx(0, abs=0.03)


def test_payoffs_are_whole_points_within_bounds():
    task = RestlessGaussian(lower=30.0, upper=70.0)
    e, mean = events(task, 200), plans(task, 200).mean
    assert (e.reward == np.round(e.reward)).all()
    assert e.reward.min() == 30 and e.reward.max() == 70
    here = np.take_along_axis(mean, e.action[:, None], axis=1)[:, 0]
    inside = (here > 45) & (here < 55)
    off = (e.reward - here)[inside]
    assert off.mean() == pytest.approx(0, abs=0.3)
    # Rounding adds a variance of 1 / 12.
    assert off.std() == pytest.approx(np.sqrt(16 + 1 / 12), rel=0.05)
