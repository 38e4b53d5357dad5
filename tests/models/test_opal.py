"""OpAL: a golden record, exact invariants, collapse, and the effect of dopamine at test."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.keys import named_keys
from jaxda.models.opal import OpAL
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.tasks.pst import PST

from ..pairs import at_test
from ..records import CHOICES, REWARDS, TWO_ARMS, record, replay, ten_trials


def test_golden_record():
    model = OpAL(alpha_c=0.1, alpha_g=0.4, alpha_n=0.2, beta=1.5, rho=0.3, v0=0.5, critic="item")
    logp, end = ten_trials(model)
    assert logp == pytest.approx(-6.6620100017, abs=1e-8)
    np.testing.assert_allclose(end["go"], [1.2054430606, 0.9171710496], rtol=0, atol=1e-8)
    np.testing.assert_allclose(end["nogo"], [0.8274817862, 0.9761437791], rtol=0, atol=1e-8)


@pytest.mark.parametrize("critic", ["cue", "item"])
def test_go_times_nogo_is_a_product_over_errors(critic):
    alpha = 0.6
    model = OpAL(alpha_c=0.2, alpha_g=alpha, alpha_n=alpha, critic=critic)
    seen = replay(Agent(model), TWO_ARMS, record(CHOICES, REWARDS))
    both = np.asarray(seen.latents["go"] * seen.latents["nogo"])[..., 0]
    delta, chosen = np.asarray(seen.rpe)[:, 0, 0], np.array(CHOICES)
    for arm in (0, 1):
        factors = np.where(chosen == arm, 1 - alpha**2 * delta**2, 1.0)
        expected = np.concatenate([[1.0], np.cumprod(factors)[:-1]])
        np.testing.assert_allclose(both[:, arm], expected, rtol=1e-13)
        assert (np.diff(both[:, arm]) <= 0).all()


@pytest.mark.parametrize("critic", ["cue", "item"])
def test_exchanging_wins_and_losses_exchanges_go_and_nogo(critic):
    rates = {"alpha_c": 0.2, "alpha_g": 0.5, "alpha_n": 0.5, "v0": 0.5, "critic": critic}
    see = lambda rho, rewards: replay(
        Agent(OpAL(rho=rho, **rates)), TWO_ARMS, record(CHOICES, rewards)
    )
    one, other = see(0.4, REWARDS), see(-0.4, 1 - np.array(REWARDS))
    np.testing.assert_allclose(one.latents["go"], other.latents["nogo"], rtol=1e-13)
    np.testing.assert_allclose(one.latents["nogo"], other.latents["go"], rtol=1e-13)
    np.testing.assert_allclose(one.policy.logits, -other.policy.logits, rtol=0, atol=1e-13)


@pytest.mark.parametrize("alpha, p", [(0.5, 0.5), (1.0, 0.2)])
def test_weights_collapse_once_the_critic_knows(alpha, p):
    model = OpAL(alpha_c=0.0, alpha_g=alpha, alpha_n=alpha, beta=1.0, v0=p)
    keys = named_keys(0, [("collapse", str(i)) for i in range(2000)])
    keep = lambda e, r: (r.latents["go"], r.latents["nogo"])
    n = 100
    run = jax.jit(lambda: simulate(Agent(model), Bandit(p=(p, p)), keys, n + 1, record=keep))
    go, nogo = (np.log(np.asarray(x)[-1]).sum(axis=0).mean() / n for x in run())
    rate = lambda s: p * np.log1p(s * alpha * (1 - p)) + (1 - p) * np.log1p(-s * alpha * p)
    assert go == pytest.approx(rate(1), rel=0.05)
    assert nogo == pytest.approx(rate(-1), rel=0.05)
    assert rate(1) < -0.03 and rate(-1) < -0.03


def test_neither_weight_is_ever_negative():
    # Outside [-1, 1] the factor is floored instead of changing sign.
    model = OpAL(alpha_g=0.9, alpha_n=0.9)
    seen = replay(Agent(model), TWO_ARMS, record([0] * 4, [3.0, -3.0, 3.0, 0.0]))
    for name in ("go", "nogo"):
        assert bool(jnp.all(seen.latents[name] > 0))


@pytest.fixture(scope="module")
def trained():
    """Records of training and test of agents with equal, Go-biased and NoGo-biased actors."""
    n, task = 2500, PST(feedback="bernoulli", repeats=1, criterion=())
    rates = jnp.repeat(jnp.asarray([[0.3, 0.3], [0.3, 0.1], [0.1, 0.3]]), n, axis=0)
    values = {"model.alpha_g": rates[:, 0], "model.alpha_n": rates[:, 1]}
    keys = named_keys(0, [("pst", str(i)) for i in range(3 * n)])

    @jax.jit
    def run():
        keep = lambda e, r: (e.options, r.latents["go"], r.latents["nogo"])
        agent = Agent(OpAL(alpha_c=0.1, beta=2.0, v0=0.5))
        seen = simulate(agent, task, keys, task.n_events, values, record=keep)
        return jax.tree.map(lambda x: x[task.n_training :], seen)

    return [np.asarray(x).reshape(*x.shape[:-1], 3, n) for x in run()]


def test_dopamine_at_test_shifts_choice_from_avoiding_b_to_choosing_a(trained):
    options, go, nogo = (x[..., 0, :] for x in trained)
    balance = (-0.8, -0.4, 0.0, 0.4, 0.8)
    found = [at_test(options, 2 * ((1 + rho) * go - (1 - rho) * nogo)) for rho in balance]
    choose = (0.783, 0.828, 0.855, 0.869, 0.872)
    avoid = (0.739, 0.729, 0.709, 0.670, 0.602)
    np.testing.assert_allclose(found, list(zip(choose, avoid, strict=True)), rtol=0, atol=0.02)
    contrast = np.diff([a - b for a, b in found])
    assert (contrast > 0.01).all()


def test_dopamine_at_test_does_nothing_to_what_was_learned():
    # What the last test assumed: the balance enters the policy and no update.
    see = lambda rho: replay(Agent(OpAL(rho=rho)), TWO_ARMS, record(CHOICES, REWARDS))
    low, high = see(-0.5), see(0.5)
    np.testing.assert_array_equal(low.latents["go"], high.latents["go"])
    np.testing.assert_allclose(
        high.policy.logits, 2 * (1.5 * high.latents["go"] - 0.5 * high.latents["nogo"]), rtol=1e-14
    )
    assert not np.allclose(low.policy.logits, high.policy.logits)


def test_opposite_rates_shift_the_contrast_the_same_way(trained):
    contrast = []
    for group in (1, 0, 2):
        options, go, nogo = (x[..., group, :] for x in trained)
        a, b = at_test(options, 2 * (go - nogo))
        contrast.append(a - b)
    assert contrast[0] == pytest.approx(0.18, abs=0.03)
    assert contrast[2] == pytest.approx(0.03, abs=0.03)
    assert contrast[0] > contrast[1] > contrast[2]


def test_without_the_hebbian_term_dopamine_at_choice_does_nothing():
    # G + N stays 2, so the balance adds the same to all options.
    rates = {"alpha_c": 0.2, "critic": "item", "actors": "additive"}
    see = lambda **more: replay(Agent(OpAL(**rates, **more)), TWO_ARMS, record(CHOICES, REWARDS))
    one, other = see(alpha_g=0.6, alpha_n=0.6, rho=-0.8), see(alpha_g=0.6, alpha_n=0.6, rho=0.8)
    np.testing.assert_allclose(one.latents["go"] + one.latents["nogo"], 2.0, rtol=1e-14)
    gap = lambda seen: np.asarray(seen.policy.logits[:, 0] - seen.policy.logits[:, 1])
    np.testing.assert_allclose(gap(one), gap(other), rtol=0, atol=1e-13)
    # With unequal rates a difference of Act is one number times that of the summed errors.
    seen = see(alpha_g=0.4, alpha_n=0.1, rho=0.3, beta=1.5)
    delta, chosen = np.asarray(seen.rpe)[:, 0, 0], np.array(CHOICES)
    total = np.cumsum(np.where(chosen == 0, delta, -delta))[:-1]
    slope = 1.5 * (1.3 * 0.4 + 0.7 * 0.1)
    np.testing.assert_allclose(gap(seen)[1:, 0], slope * total, rtol=0, atol=1e-13)


def test_additive_actors_may_be_negative():
    model = OpAL(actors="additive", alpha_n=0.9)
    seen = replay(Agent(model), TWO_ARMS, record([0] * 3, [3.0, 3.0, 0.0]))
    # delta = 2.5: NoGo is 1 - .9 * 2.5.
    assert float(seen.latents["nogo"][1, 0, 0]) == pytest.approx(-1.25, rel=1e-14)


def test_unknown_actors_are_refused():
    with pytest.raises(Exception, match="actors"):
        OpAL(actors="other")
