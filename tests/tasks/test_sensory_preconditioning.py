"""The design of Sharpe et al. (2017), event by event."""

import numpy as np
import pytest

from jaxda.models.feature_rpe import FeatureRPE
from jaxda.tasks.sensory_preconditioning import SensoryPreconditioning

from .sessions import events


TASK = SensoryPreconditioning()


@pytest.fixture(scope="module")
def played():
    return events(TASK, TASK.n_events, n_lanes=8, model=FeatureRPE())


def named(played):
    """States of all trials `[trials, 4, lanes]` by name."""
    return np.array(TASK.states)[played.cue].reshape(-1, 4, 8)


def test_trials_of_each_phase(played):
    cue = named(played)[:, 1]
    assert len(cue) == 24 + 24 + 96 + 18
    assert (cue[:24] == "A").all() and (cue[48:144] == "X").all()
    blocks = np.sort(cue[24:48].reshape(8, 3, 8), axis=1)
    assert (blocks == np.array(["AC", "AD", "EF"])[None, :, None]).all()
    probes = np.sort(cue[144:].reshape(6, 3, 8), axis=1)
    assert (probes == np.array(["C", "D", "F"])[None, :, None]).all()
    assert len(np.unique(cue[24:48], axis=1).T) > 1


def test_cues_stay_on_while_x_is(played):
    trials = named(played)
    assert (trials[:, 0] == "").all() and (trials[:, 3] == "").all()
    after = {"A": "AX", "EF": "EFX", "AD": "ADX", "AC": "ACX", "X": "X+"}
    expected = np.vectorize(lambda cue: after.get(cue, ""))(trials[:, 1])
    assert (trials[:, 2] == expected).all()
    table = np.array(TASK.env.features)
    seen = lambda state: {
        s for s, x in zip(TASK.stimuli, table[TASK.states.index(state)], strict=True) if x
    }
    assert seen("ACX") == {"A", "C", "X"} and seen("X+") == {"X", "food"} and seen("") == set()


def test_light_and_food(played):
    trials = named(played)
    light = played.context.reshape(-1, 4, 8) == 1
    assert (light[:, 2] == (trials[:, 2] == "ACX")).all()
    # The control of timing: in the gap after X.
    assert (light[:, 3] == (trials[:, 1] == "AD")).all()
    assert not light[:, :2].any() and light.sum(axis=(0, 1)).tolist() == [16] * 8
    reward = played.reward.reshape(-1, 4, 8)
    assert (reward[:, 2] == (trials[:, 2] == "X+")).all() and reward.sum(axis=(0, 1))[0] == 96


def test_states_follow_one_another(played):
    assert (played.terminal == (np.arange(TASK.n_events) % 4 == 3)[:, None]).all()
    inside = ~played.terminal[:-1]
    assert (played.successor[:-1][inside] == played.cue[1:][inside]).all()


def test_a_phase_may_be_left_out():
    task = SensoryPreconditioning(preconditioning=0, compounds=0, conditioning=2, probes=1)
    assert task.n_events == 20
    cue = np.array(task.states)[events(task, 20, n_lanes=2, model=FeatureRPE()).cue]
    assert (cue[[1, 5]] == "X").all() and (
        np.sort(cue[9::4], axis=0)[:, 0] == ["C", "D", "F"]
    ).all()
