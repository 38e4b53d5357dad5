"""Opponent, gain and memory models: which parameters no data of a kind can tell apart."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.catalog import describe
from jaxda.fit.identifiability import Unidentified, check_identified
from jaxda.models.opal import OpAL
from jaxda.models.opal_star import OpALStar
from jaxda.models.payoff_cost import PayoffCost
from jaxda.models.rlwm import RLWM
from jaxda.models.tonic_gain import TonicGain
from jaxda.params import specs
from jaxda.tasks.bandit import Bandit
from jaxda.tasks.set_size import SetSize
from jaxda.theory.opponent import payoff_cost, payoff_cost_slow

from .test_unidentified import eigenvalues, problem


NO_HEBB = OpAL(actors="additive", alpha_g=0.3, alpha_n=0.2, rho=0.1)
SETS = SetSize(sizes=(2, 3, 4), repeats=6)

# Model, task, what is free, and who is told.
SINGULAR = {
    "tonic and beta": (TonicGain(tonic=1.3), Bandit(), ("alpha", "tonic", "beta"), "tonic beta"),
    "No-Hebb: rates, beta and rho": (
        NO_HEBB,
        Bandit(),
        ("alpha_c", "beta", "rho", "alpha_g", "alpha_n"),
        "beta rho alpha_g alpha_n",
    ),
    "No-Hebb: rho alone where rates are equal": (
        OpAL(actors="additive", rho=0.1),
        Bandit(),
        ("alpha_c", "alpha_g=alpha_n", "rho"),
        "rho",
    ),
    "No-Hebb: beta and the rate": (
        OpAL(actors="additive"),
        Bandit(),
        ("alpha_c", "alpha_g=alpha_n", "beta"),
        "alpha_g=alpha_n beta",
    ),
    "OpAL*: beta and both gains": (
        OpALStar(gain_go=1.1),
        Bandit(),
        ("alpha_c", "beta", "gain_go", "gain_nogo"),
        "beta gain_go gain_nogo",
    ),
    "OpAL+ has no gain of modulation": (
        OpALStar(modulation="none"),
        Bandit(),
        ("alpha_c", "beta", "k"),
        "k",
    ),
    "a hard gate says nothing of its width": (OpALStar(), Bandit(), ("beta", "phi"), "phi"),
    "payoff and cost: D2 receptors and the gain of N": (
        PayoffCost(k_n=0.8),
        Bandit(),
        ("alpha_g=alpha_n", "k_n", "gain_nogo"),
        "k_n gain_nogo",
    ),
    "payoff and cost: three that set two weights": (
        PayoffCost(k_n=0.8, rho=0.1),
        Bandit(),
        ("alpha_g=alpha_n", "beta", "rho", "k_n"),
        "beta rho k_n",
    ),
    "memory that holds more than there is": (
        RLWM(capacity=5.0),
        SETS,
        ("phi", "capacity"),
        "capacity",
    ),
    "memory that holds less than any set": (
        RLWM(capacity=1.5),
        SETS,
        ("phi", "rho_wm", "capacity"),
        "rho_wm capacity",
    ),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_singular_set_is_refused_by_name(name):
    model, task, free_names, told = SINGULAR[name]
    p, x = problem(model, task, free_names)
    with pytest.raises(Unidentified) as refusal:
        check_identified(p.frees, np.asarray(p.score(x)), np.asarray(p.owner), what="test")
    text = str(refusal.value)
    for each in free_names:
        assert (f"·{each}" in text or f"'{each}'" in text) == (each in told.split()), text


@pytest.mark.parametrize(
    "model, task, free_names",
    [
        (OpAL(), Bandit(), ("alpha_c", "alpha_g=alpha_n", "beta")),
        (OpAL(rho=0.1), Bandit(), ("alpha_c", "alpha_g", "alpha_n", "beta", "rho")),
        (OpALStar(gate="sigmoid"), Bandit(), ("alpha_c", "beta", "k", "phi")),
        (PayoffCost(), Bandit(), ("alpha_g=alpha_n", "epsilon", "lam", "beta")),
        (RLWM(capacity=2.5), SETS, RLWM.free),
        (TonicGain(), Bandit(), TonicGain.free),
    ],
    ids=lambda x: type(x).__name__ if hasattr(x, "free") else None,
)
def test_a_regular_set_is_not_refused(model, task, free_names):
    p, x = problem(model, task, free_names)
    score = np.asarray(p.score(x))
    check_identified(p.frees, score, np.asarray(p.owner), what="test")
    assert eigenvalues(score)[0] > 1e-9


def test_weights_of_opal_start_at_a_scale_that_cannot_be_fitted():
    # G0 = N0 = 1: a common scale would be another name for beta.
    for model in (OpAL, OpALStar):
        assert not {"g0", "n0", "w0"} & set(specs(model))
        state = model().init(Bandit().env)
        assert jnp.array_equal(jnp.exp(state.go), jnp.ones(2))


def test_rate_and_decay_of_payoff_and_cost_are_one_number_after_learning():
    # In the limit of small steps alpha and lam enter as a ratio; for finite ones, nearly.
    slow = lambda s: payoff_cost_slow(3.0, 2.0, 0.1 * s, 0.6, 0.02 * s)
    np.testing.assert_allclose(slow(0.1), slow(1.0), rtol=1e-12)
    exact = lambda s: np.array(payoff_cost(3.0, 2.0, 0.1 * s, 0.6, 0.02 * s))
    off = [np.abs(exact(s) / slow(1.0) - 1).max() for s in (0.1, 0.01)]
    assert off[1] < 0.15 * off[0] < 0.01


@pytest.mark.parametrize("model", ["tonic_gain", "opal", "opal_star", "payoff_cost"])
def test_what_is_always_singular_is_declared(model):
    # Told before any data are read.
    declared = {frozenset(names) for names, _ in describe("models", model).facts["confounded"]}
    expected = {
        "tonic_gain": {("tonic", "beta")},
        "opal": {("beta", "gain_go", "gain_nogo"), ("rho", "gain_go", "gain_nogo")},
        "opal_star": {("beta", "gain_go", "gain_nogo")},
        "payoff_cost": {("k_n", "gain_nogo"), ("beta", "rho", "k_n")},
    }
    assert {frozenset(names) for names in expected[model]} <= declared
