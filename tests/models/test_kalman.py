"""Kalman filter: a golden record, Bayes' rule, and what scales away."""

import numpy as np
import pytest

from jaxda.models.kalman import Kalman
from jaxda.rollout import Agent

from ..records import CHOICES, TWO_ARMS, log_likelihood, record, replay


POINTS = (60, 45, 55, 70, 52, 48, 66, 58, 57, 61)
# One trial more, to look at what is left.
EVENTS = record((*CHOICES, 0), (*POINTS, 0), valid=np.arange(11) < 10)


def test_golden_record():
    agent = Agent(Kalman(beta=0.1, lam=0.9836, theta=50.0, sigma_d=2.8, mu0=50.0, v0=16.0))
    assert float(log_likelihood(agent, TWO_ARMS, EVENTS)[0]) == pytest.approx(
        -7.4686491112, abs=1e-8
    )
    end = replay(agent, TWO_ARMS, EVENTS).latents
    mean, variance = (60.6308623631, 54.4697202705), (17.0286439479, 25.2248608494)
    np.testing.assert_allclose(end["mean"][-1, :, 0], mean, rtol=0, atol=1e-8)
    np.testing.assert_allclose(end["variance"][-1, :, 0], variance, rtol=0, atol=1e-8)


def test_a_standing_world_is_averaged():
    # Without a walk the belief is that of a normal mean: precisions add.
    agent = Agent(Kalman(lam=1.0, sigma_d=0.0, sigma_o=4.0, mu0=50.0, v0=16.0))
    end = replay(agent, TWO_ARMS, record([0, 0, 0, 0], [60, 45, 55, 0])).latents
    assert float(end["mean"][-1, 0, 0]) == pytest.approx((50 + 60 + 45 + 55) / 4, abs=1e-12)
    assert float(end["variance"][-1, 0, 0]) == pytest.approx(16 / 4, abs=1e-12)
    # Nothing is known of the other arm that was not known before.
    assert float(end["variance"][-1, 1, 0]) == 16


def test_only_ratios_of_the_three_spreads_matter():
    see = lambda c: (
        replay(
            Agent(Kalman(sigma_o=4 * c, sigma_d=2.8 * c, v0=16 * c**2)), TWO_ARMS, EVENTS
        ).policy.logits
    )
    np.testing.assert_allclose(see(1.0), see(3.0), rtol=1e-12)
