"""Payoffs and costs: a golden record, floors, decay, and a drug at choice."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.lesions.d2_blockade import D2Blockade
from jaxda.models.payoff_cost import PayoffCost
from jaxda.rollout import Agent

from ..records import CHOICES, REWARDS, TWO_ARMS, record, replay, ten_trials


def test_golden_record():
    # Outcomes of the record are 0 and 1; the golden vector has -1 and 1.
    rule = {"alpha_g": 0.3, "alpha_n": 0.3, "epsilon": 0.6, "lam": 0.05, "rho": 0.2, "beta": 4.0}
    n = len(CHOICES)
    rewards = 2 * np.array((*REWARDS, 0.5)) - 1
    events = record((*CHOICES, 0), rewards, valid=np.arange(n + 1) < n)
    end = replay(Agent(PayoffCost(w0=0.1, **rule)), TWO_ARMS, events).latents
    go, nogo = (np.asarray(end[name])[-1, :, 0] for name in ("go", "nogo"))
    np.testing.assert_allclose(go, [0.7031936206, 0.39170325], rtol=0, atol=1e-8)
    np.testing.assert_allclose(nogo, [0.2076870701, 0.3457653], rtol=0, atol=1e-8)


def test_decay_of_the_item_taken_or_of_all():
    rule = {"alpha_g": 0.5, "alpha_n": 0.5, "lam": 0.2, "w0": 1.0}
    after = {}
    for decay in ("chosen", "all"):
        seen = replay(Agent(PayoffCost(decay=decay, **rule)), TWO_ARMS, record([0, 0], [1.0, 0.0]))
        after[decay] = np.asarray(seen.latents["go"])[1, :, 0]
    # delta = 1 - (1 - 1) / 2 = 1: G = 1 * .8 + .5.
    np.testing.assert_allclose(after["chosen"], [1.3, 1.0], rtol=1e-14)
    np.testing.assert_allclose(after["all"], [1.3, 0.8], rtol=1e-14)


def test_no_weight_falls_below_zero():
    model = PayoffCost(alpha_g=0.9, alpha_n=0.9, epsilon=0.9, w0=0.01)
    seen = replay(Agent(model), TWO_ARMS, record([0] * 6, [-3.0, -3.0, 3.0, 3.0, -3.0, 0.0]))
    go, nogo = (np.asarray(seen.latents[n])[:, 0, 0] for n in ("go", "nogo"))
    assert (go >= 0).all() and (nogo >= 0).all() and (go == 0).any() and (nogo == 0).any()


def test_the_lesion_is_the_drug_of_the_paper():
    # At D = 1/2 the gain that D2 blockade gives to N is what lowering k_n does.
    occupied = 0.4
    k = 0.6 * 6 / (1 + 5 * 0.6)
    hurt = D2Blockade(occupied).tissue(PayoffCost())
    assert float(hurt.gain_nogo) == pytest.approx(2 - k, rel=1e-12)
    policy = lambda m: replay(Agent(m), TWO_ARMS, record(CHOICES, REWARDS)).policy.logits
    one, other = policy(PayoffCost(gain_nogo=2 - k)), policy(PayoffCost(k_n=k))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    assert not jnp.allclose(one, policy(PayoffCost()))


def test_ten_trials_are_a_likelihood():
    logp, _ = ten_trials(PayoffCost(beta=0.0))
    assert logp == pytest.approx(10 * np.log(0.5), abs=1e-12)
