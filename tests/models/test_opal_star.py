"""OpAL*: golden records of both conventions, symmetry, the gate, and its controls."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.models.opal import OpAL
from jaxda.models.opal_star import OpALStar
from jaxda.rollout import Agent, log_likelihood

from ..records import CHOICES, REWARDS, TWO_ARMS, record, replay


OFTEN = (1, 1, 1, 1, 1, 0, 1, 1, 1, 1)
RISING = (6, 20 / 3, 50 / 7, 5, 50 / 9, 6, 70 / 11)


def seen(rewards=OFTEN, **settings):
    """Log-likelihood of ten trials; latents `[events, ...]`, with one more event to see the end."""
    agent, n = Agent(OpALStar(**({"beta": 1.0} | settings))), len(CHOICES)
    events = record((*CHOICES, 0), (*rewards, 0), valid=np.arange(n + 1) < n)
    logp = jax.jit(lambda e: log_likelihood(agent, TWO_ARMS, e))(events)
    out = replay(agent, TWO_ARMS, events)
    return float(logp[0]), {n: np.asarray(x)[..., 0] for n, x in out.latents.items()}, out


@pytest.mark.parametrize(
    "convention, logp, mirrored, go, rho",
    [
        ("paper", -9.0299141778, -8.8380114084, (1.3804642989, 1.1022622213), (0, 0, 5, *RISING)),
        ("code", -18.0034040663, -21.2483638380, (2.6942138324, 1.3511180089), (0, 0, 0, *RISING)),
    ],
)
def test_golden_records_and_their_reflection(convention, logp, mirrored, go, rho):
    got, rich, _ = seen(convention=convention)
    assert got == pytest.approx(logp, abs=1e-8)
    np.testing.assert_allclose(rich["go"][-1], go, rtol=0, atol=1e-8)
    np.testing.assert_allclose(rich["rho"][:-1], rho, rtol=0, atol=1e-12)
    got, lean, _ = seen(1 - np.array(OFTEN), convention=convention)
    assert got == pytest.approx(mirrored, abs=1e-8)
    np.testing.assert_allclose(rich["go"], lean["nogo"], rtol=1e-13)
    np.testing.assert_allclose(rich["nogo"], lean["go"], rtol=1e-13)
    np.testing.assert_allclose(rich["rho"], -lean["rho"], rtol=0, atol=1e-13)


def test_a_sharp_sigmoid_is_the_gate_and_has_a_slope():
    _, hard, _ = seen()
    _, sharp, _ = seen(gate="sigmoid", epsilon=1e-6)
    # Before the third trial richness lies on the threshold itself: there they differ.
    sides = [np.delete(x["rho"], 2) for x in (sharp, hard)]
    np.testing.assert_allclose(*sides, rtol=0, atol=1e-6)
    events = record(CHOICES, OFTEN)
    slope = lambda gate: jax.jit(
        jax.grad(
            lambda phi: log_likelihood(
                Agent(OpALStar(gate=gate)), TWO_ARMS, events, {"model.phi": phi}
            )[0]
        )
    )(jnp.asarray(1.0))
    assert slope("hard") == 0 and abs(slope("sigmoid")) > 1e-3


def test_without_annealing_and_modulation_it_is_opal():
    rates = {"alpha_c": 0.2, "alpha_g": 0.4, "alpha_n": 0.3, "rho": 0.2}
    _, star, out = seen(REWARDS, modulation="none", anneal=1e14, **rates)
    events = record((*CHOICES, 0), (*REWARDS, 0), valid=np.arange(11) < 10)
    plain = replay(Agent(OpAL(beta=1.0, critic="item", **rates)), TWO_ARMS, events)
    np.testing.assert_allclose(star["go"], plain.latents["go"][..., 0], rtol=1e-11)
    np.testing.assert_allclose(out.policy.logits, plain.policy.logits, rtol=1e-11)


def test_actors_see_errors_in_units_of_the_outcomes():
    # Outcomes of 0 and 10 with a critic to match are the same task.
    _, small, _ = seen(REWARDS)
    _, big, out = seen(10 * np.array(REWARDS), win=10.0, v0=5.0)
    np.testing.assert_allclose(big["go"], small["go"], rtol=1e-12)
    np.testing.assert_allclose(big["rho"], small["rho"], rtol=0, atol=1e-12)
    assert np.abs(out.rpe).max() > 2


def test_annealing_is_half_done_where_it_should_be():
    # First trial: X ~ Beta(1, 1), var 1 / 12, alpha(t) = alpha / (1 + 12 / T).
    for convention, horizon in (("paper", 10.0), ("code", 100.0)):
        _, out, _ = seen(REWARDS, convention=convention)
        assert out["go"][1, 0] == pytest.approx(1 + 0.5 / (1 + 12 / horizon) * 0.5, rel=1e-12)


@pytest.mark.parametrize("wrong", [{"epsilon": 0.0}, {"win": 0.0}, {"lose": float("nan")}], ids=str)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        OpALStar(**wrong)
