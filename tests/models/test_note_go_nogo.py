"""Additive Go and NoGo: a golden record, and each of the defects that its description names."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.note_go_nogo import NoteGoNogo
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.types import Env

from ..records import record, replay, ten_trials


def test_golden_record():
    model = NoteGoNogo(alpha_go=0.3, alpha_nogo=0.15, alpha_c=0.2, beta=2.0)
    logp, end = ten_trials(model)
    assert logp == pytest.approx(-7.1964297276, abs=1e-8)
    np.testing.assert_allclose(end["go"], [0.8689634304, 0.447180288], rtol=0, atol=1e-8)
    np.testing.assert_allclose(end["nogo"], [0.09551232, 0.124848], rtol=0, atol=1e-8)


def one_option(go, nogo, p, n_events, n_lanes=32):
    """Go, NoGo and error `[events, lanes]` of a single option that pays with probability p."""
    model = NoteGoNogo(alpha_go=go, alpha_nogo=nogo, alpha_c=0.1)
    keys = named_keys(0, [("one", str(i)) for i in range(n_lanes)])
    keep = lambda e, r: (r.latents["go"][0], r.latents["nogo"][0], r.rpe[0])
    run = jax.jit(lambda: simulate(Agent(model), Bandit(p=(p,)), keys, n_events, record=keep))
    return map(np.asarray, run())


def test_both_weights_grow_without_bound():
    go, nogo, _ = one_option(0.1, 0.1, 0.5, 2000)
    growth = 0.1 * 0.5 * 0.5 * 1000
    assert (go[-1] - go[-1001]).mean() == pytest.approx(growth, rel=0.05)
    assert (nogo[-1] - nogo[-1001]).mean() == pytest.approx(growth, rel=0.05)


def test_the_pair_knows_no_more_than_the_critic():
    go, nogo, delta = one_option(0.3, 0.3, 0.7, 50)
    value = np.zeros_like(go)
    value[1:] = 0.1 * np.cumsum(delta, axis=0)[:-1]
    np.testing.assert_allclose(go - nogo, 0.3 / 0.1 * value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("p", [0.3, 0.7])
def test_unequal_rates_drift_whatever_the_option_is_worth(p):
    go, nogo, _ = one_option(0.1, 0.05, p, 2000)
    drift = (go - nogo)[-1] - (go - nogo)[-1001]
    assert drift.mean() == pytest.approx(0.05 * p * (1 - p) * 1000, rel=0.1)


def test_no_error_moves_nothing():
    model = NoteGoNogo(alpha_go=0.5, alpha_nogo=0.5)
    grow = jax.grad(lambda d: jnp.maximum(d, 0.0))
    assert jnp.isfinite(grow(0.0))
    _, end = ten_trials(model)
    assert (end["go"] >= 0).all() and (end["nogo"] >= 0).all()


def d1d2_update(weights, rpe, lr_d1=0.1, lr_d2=0.1):
    """The rule as a common textbook snippet has it."""
    if rpe > 0:
        weights["go"] += lr_d1 * rpe
    else:
        weights["nogo"] += lr_d2 * (-rpe)
    return weights


def test_ten_thousand_trials_are_those_of_the_snippet():
    n = 10_000
    wins = np.random.default_rng(0).random(n) < 0.5
    weights, value, steps = {"go": 0.0, "nogo": 0.0}, 0.0, []
    for r in wins:
        steps.append(dict(weights))
        rpe = r - value
        value += 0.1 * rpe
        d1d2_update(weights, rpe)
    model = NoteGoNogo(alpha_go=0.1, alpha_nogo=0.1, alpha_c=0.1)
    seen = replay(Agent(model), Env(1, 1, 1), record([0] * n, wins.astype(float)))
    for name in ("go", "nogo"):
        expected = np.array([step[name] for step in steps])
        np.testing.assert_allclose(seen.latents[name][:, 0, 0], expected, rtol=0, atol=1e-9)
    assert weights["go"] == pytest.approx(249.7, abs=5) and weights["nogo"] > 240


def test_decay_holds_the_weights():
    model = NoteGoNogo(alpha_go=0.5, alpha_nogo=0.5, alpha_c=0.0, decay=0.2)
    seen = replay(Agent(model), Env(1, 2, 2), record([0, 0, 1, 0], [1.0, 1.0, 1.0, 0.0]))
    # The error stays 1: .5, then .8 * .5 + .5; the other item decays when it is taken only.
    np.testing.assert_allclose(seen.latents["go"][:, 0, 0], [0.0, 0.5, 0.9, 0.9], rtol=1e-14)
    np.testing.assert_allclose(seen.latents["go"][:, 1, 0], [0.0, 0.0, 0.0, 0.5], rtol=1e-14)
