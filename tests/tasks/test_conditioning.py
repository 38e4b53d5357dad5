"""Compounds in phases."""

import numpy as np
import pytest

from jaxda.models.rescorla_wagner import RescorlaWagner
from jaxda.tasks.conditioning import Conditioning

from .sessions import events, plans


OWN = (
    ("one", "A + C", 6, 1.0, 0.5),
    ("one", "B", 3, -2.0),
    ("two", "C+A", 4, 2.0),
    ("two", "B", 5, None),
)


def test_blocking_in_its_phases():
    task = Conditioning(design="blocking", repeats=7, tests=2)
    assert task.stimuli == ("A", "B") and task.n_events == 18
    assert task.phase_trials == {"single": 7, "compound": 7, "test": 4}
    assert task.env.features == ((1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    e = events(task, 18, n_lanes=8, model=RescorlaWagner())
    assert (e.cue[:7] == 0).all() and (e.cue[7:14] == 1).all()
    assert (np.sort(e.cue[14:], axis=0) == np.array([0, 0, 2, 2])[:, None]).all()
    assert (e.reward[:14] == 1).all() and not e.reward[14:].any()
    assert e.feedback[:14].all() and not e.feedback[14:].any()


@pytest.mark.parametrize(
    "design, compounds",
    [
        ("acquisition", [{"A"}]),
        ("extinction", [{"A"}]),
        ("overshadowing", [{"A", "B"}, {"A"}, {"B"}]),
        ("overexpectation", [{"A"}, {"B"}, {"A", "B"}]),
        ("conditioned_inhibition", [{"A"}, {"A", "B"}, {"B"}]),
    ],
)
def test_designs(design, compounds):
    task = Conditioning(design=design, repeats=3)
    assert list(map(set, task.compounds)) == compounds


def test_a_design_of_ones_own():
    task = Conditioning(phases=OWN)
    assert task.stimuli == ("A", "C", "B") and len(task.compounds) == 2
    plan = plans(task, 18, n_lanes=400)
    # The same compound in another order of its letters is one cue.
    assert ((plan.compound[:9] == 0).sum(axis=0) == 6).all()
    assert ((plan.compound[9:] == 0).sum(axis=0) == 4).all()
    assert plan.phase[:, 0].tolist() == [0] * 9 + [1] * 9
    first = plan.reward[:9][plan.compound[:9] == 0]
    assert set(first) == {0.0, 1.0} and first.mean() == pytest.approx(0.5, abs=0.04)
    assert (plan.reward[:9][plan.compound[:9] == 1] == -2).all()
    assert (plan.reward[9:] == np.where(plan.compound[9:] == 0, 2.0, 0.0)).all()
    assert (plan.shown[9:] == (plan.compound[9:] == 0)).all() and plan.shown[:9].all()
    # Every place of a phase is met by every type.
    assert np.abs((plan.compound[:9] == 0).mean(axis=1) - 6 / 9).max() < 0.1


def test_the_last_phase_goes_on():
    plan = plans(Conditioning(phases=OWN), 9 + 3 * 9, n_lanes=8)
    assert (plan.phase[9:] == 1).all()
    for k in range(3):
        assert ((plan.compound[9 + 9 * k : 18 + 9 * k] == 0).sum(axis=0) == 4).all()
