"""Stimuli that share an error, worked by hand."""

import numpy as np
import pytest

from jaxda.models.rescorla_wagner import RescorlaWagner
from jaxda.rollout import Agent
from jaxda.theory.associative import limit, scatter
from jaxda.types import Env

from ..records import record, replay


# Cues: A alone, B alone, both.
ENV = Env(
    n_cues=3, n_items=1, n_actions=1, acts=False, features=((1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
)


def seen(model, cues, rewards):
    events = record([0] * len(cues), rewards, cue=cues, choice=False)
    out = replay(Agent(model), ENV, events)
    return {n: np.asarray(x[..., 0]) for n, x in {"rpe": out.rpe, **out.latents}.items()}


def test_worked_by_hand():
    # A+ ; AB+ ; AB- ; then a look.
    found = seen(RescorlaWagner(alpha=0.5), [0, 2, 2, 1], [1, 1, 0, 0])
    np.testing.assert_allclose(found["rpe"][:, 0], [1, 0.5, -1, 0.25])
    np.testing.assert_allclose(found["weight"], [[0, 0], [0.5, 0], [0.75, 0.25], [0.25, -0.25]])
    np.testing.assert_allclose(found["value"], [0, 0.5, 1, -0.25])


def test_salience_scales_the_rate_of_each_stimulus():
    found = seen(RescorlaWagner(alpha=0.1, salience=(3.0, 1.0)), [2, 2], [1, 1])
    np.testing.assert_allclose(found["weight"][1], [0.3, 0.1])
    ends = seen(RescorlaWagner(alpha=0.1, salience=(3.0, 1.0)), [2] * 80, [1] * 80)["weight"][-1]
    np.testing.assert_allclose(ends, limit([[1, 1]], [1], [0, 0], [3, 1]), atol=1e-9)
    np.testing.assert_allclose(ends, [0.75, 0.25], atol=1e-9)


def test_salience_fits_the_task():
    with pytest.raises(ValueError, match="salience has 1 numbers; the task has 2 stimuli"):
        RescorlaWagner(salience=(1.0,)).init(ENV)
    with pytest.raises(ValueError, match="salience is"):
        RescorlaWagner(salience=(-1.0, 1.0))


def test_closed_forms():
    np.testing.assert_allclose(limit([[1, 0], [1, 1]], [1, 0], [0, 0]), [1, -1], atol=1e-12)
    np.testing.assert_allclose(limit([[1, 1]], [1], [1, 1]), [0.5, 0.5])
    # What is inconsistent is met half way.
    np.testing.assert_allclose(limit([[1], [1]], [1, 0], [0.3]), [0.5])
    assert scatter(0.1, 0.7) == pytest.approx(0.0110526316)
    # The variance as the sum that it is.
    assert scatter(0.3, 0.2) == pytest.approx(0.16 * sum((0.3 * 0.7**k) ** 2 for k in range(99)))
