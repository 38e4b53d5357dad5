"""The snippet of conditioning, to the last bit, and what it does not show."""

import numpy as np
import pytest

from jaxda.models.note_conditioning import NoteConditioning
from jaxda.tasks.pavlovian_trace import PavlovianTrace

from .test_td_zero import played


def snippet(trials=200, cs_step=10, us_step=20, alpha=0.2, gamma=0.9):
    """The loop as it is commonly written."""
    V = np.zeros(30)
    history = []
    for trial in range(trials):
        r = np.zeros(30)
        r[us_step] = 1.0
        for t in range(29):
            rpe = r[t] + gamma * V[t + 1] - V[t]
            V[t] += alpha * rpe
            if t in (cs_step, us_step):
                history.append((trial, t, rpe))
    return V, history


def test_equals_the_snippet():
    V, history = snippet()
    task = PavlovianTrace(delay=19, tail=8, omission=0.0)
    keep = lambda e, r: (r.rpe[0], r.latents["value"], r.latents["logged"])
    n = task.events_for(201)
    found = played(NoteConditioning(), task, n, keep)
    rpe, value, logged = (x.reshape(201, -1) for x in found)
    assert rpe.shape[1] == 29
    said = [(n, t, rpe[n, t]) for n, t in np.argwhere(logged[:200])]
    assert [s[:2] for s in said] == [h[:2] for h in history]
    errors = np.array([s[2] for s in said])
    np.testing.assert_allclose(errors, [h[2] for h in history], rtol=0, atol=1e-14)
    np.testing.assert_allclose(value[200], V[:29], rtol=0, atol=1e-14)

    cs, us = rpe[:200, 10], rpe[:200, 20]
    reward = [1, 0.8, 0.32768, 0.107374, 0.011529]
    np.testing.assert_allclose(us[[0, 1, 5, 10, 20]], reward, rtol=0, atol=5e-7)
    rows = {20: 0.000708, 30: 0.012368, 40: 0.037467, 60: 0.038420, 80: 0.009674, 100: 0.001173}
    np.testing.assert_allclose(cs[list(rows)], list(rows.values()), rtol=0, atol=5e-7)
    assert cs.max() == pytest.approx(0.04875187, abs=5e-9)
    assert set(np.argsort(cs)[-2:]) == {49, 50}
    assert cs[199] == pytest.approx(3.7e-10, abs=5e-12)
    assert rpe[199, 0] == pytest.approx(8.3e-6, abs=5e-8)
    end = [0.121564, 0.205891, 0.348678, 0.590490, 1.0]
    np.testing.assert_allclose(value[200, ::5][:5], end, rtol=0, atol=5e-7)


def test_the_cue_changes_nothing():
    task = PavlovianTrace(delay=4, omission=0.0)
    keep = lambda event, readout: readout.rpe
    n = task.events_for(20)
    one, two = (played(NoteConditioning(cs_step=s), task, n, keep) for s in (1, 3))
    np.testing.assert_array_equal(one, two)


def test_negative_steps_are_refused():
    with pytest.raises(ValueError, match="cs_step is -1"):
        NoteConditioning(cs_step=-1)
