"""Variable magnitude: seven sizes at their rates, announced or not."""

import numpy as np
import pytest

from jaxda.tasks.variable_magnitude import VariableMagnitude

from .sessions import events


@pytest.fixture(scope="module")
def session():
    return events(VariableMagnitude(), 1000, n_lanes=100)


def test_sizes_come_at_their_rates(session):
    task = VariableMagnitude()
    p = np.array(task.probabilities) / sum(task.probabilities)
    for size, rate in zip(task.magnitudes, p, strict=True):
        assert (session.reward == size).mean() == pytest.approx(rate, abs=0.005)
    assert set(np.unique(session.reward)) == set(task.magnitudes)
    assert p @ task.magnitudes == pytest.approx(5.207829, abs=1e-6)
    sd = np.sqrt(p @ (np.array(task.magnitudes) - 5.207829) ** 2)
    assert sd == pytest.approx(5.270243, abs=1e-6)
    assert session.reward.mean() == pytest.approx(5.207829, abs=0.06)


def test_half_of_the_trials_are_announced(session):
    assert session.cue.mean() == pytest.approx(0.5, abs=0.01)
    # The cue says nothing about the size.
    assert np.corrcoef(session.cue.ravel(), session.reward.ravel())[0, 1] == pytest.approx(
        0, abs=0.01
    )
    assert events(VariableMagnitude(cued=1.0), 5, n_lanes=2).cue.all()
    assert not events(VariableMagnitude(cued=0.0), 5, n_lanes=2).cue.any()


def test_probabilities_are_rescaled():
    task = VariableMagnitude(magnitudes=(1.0, 2.0), probabilities=(0.5, 0.4999))
    e = events(task, 500, n_lanes=50)
    assert (e.reward == 1.0).mean() == pytest.approx(0.5, abs=0.01)
