"""What no amount of data can tell apart: the score covariance is singular, and a fit refuses.

A direction in the free coordinates that changes no record's probability is an eigenvector of the
covariance of the score with eigenvalue zero; the Hessian is singular along it.
"""

import re
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.catalog import describe
from jaxda.fit.identifiability import Unidentified, check_identified, null_direction
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import Flat
from jaxda.keys import named_keys
from jaxda.models.actor_critic import ActorCritic
from jaxda.models.kalman import Kalman
from jaxda.models.pavlovian_bias import PavlovianBias
from jaxda.models.q_learning import QLearning
from jaxda.params import free, pack
from jaxda.rollout import Agent, log_probs, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.tasks.go_nogo import GoNogo
from jaxda.tasks.restless_gaussian import RestlessGaussian


SESSIONS, TRIALS = 3, 120


def problem(model, task, names):
    """Sessions of an agent, to be explained by itself with `names` free, and its coordinates."""
    agent, frees = Agent(model), free(Agent(model), names)
    keys = named_keys(0, [("unidentified", str(i)) for i in range(SESSIONS)])
    events = jax.jit(lambda k: simulate(agent, task, k, TRIALS, record=lambda e, r: e))(keys)
    owner = jnp.arange(SESSIONS)
    x = jnp.tile(jnp.stack([*pack(agent, frees).values()]), (SESSIONS, 1))
    return Problem(agent, events, owner, {}, task.env, frees, SESSIONS, Flat()), x


def eigenvalues(score):
    """Of the score covariance scaled to unit diagonal, ascending, of all records together."""
    rows = np.asarray(score).reshape(-1, score.shape[-1])
    rows = rows / np.linalg.norm(rows, axis=0)
    return np.linalg.eigvalsh(rows.T @ rows)


# Model, task, what is free, the direction in real coordinates (logarithms of positive parameters,
# logits of rates) that changes nothing, and the second derivative of the path that goes there.
SINGULAR = {
    "sensitivity and beta, with values from 0": (
        QLearning(q0=0.0, sensitivity=1.3),
        Bandit(),
        ("alpha_pos=alpha_neg", "beta", "sensitivity"),
        (0, 1, -1),
        (0, 0, 0),
    ),
    # Where a rate a grows like exp(t) its logit has the derivatives 1 / (1 - a), a / (1 - a)^2.
    "actor rate and beta, plain": (
        ActorCritic(alpha_a=0.3, actor="plain"),
        Bandit(),
        ("alpha_a", "alpha_c", "beta"),
        (1 / 0.7, 0, -1),
        (0.3 / 0.49, 0, 0),
    ),
    "actor rate and beta, score": (
        ActorCritic(alpha_a=0.3, actor="score"),
        Bandit(),
        ("alpha_a", "alpha_c", "beta"),
        (2 / 0.7, 0, -1),
        (4 * 0.3 / 0.49, 0, 0),
    ),
    "spreads of a Kalman filter": (
        Kalman(),
        RestlessGaussian(arms=2),
        ("sigma_o", "sigma_d", "v0", "beta"),
        (1, 1, 2, 0),
        (0, 0, 0, 0),
    ),
}


class Singular(NamedTuple):
    problem: Problem
    score: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    direction: np.ndarray
    bend: np.ndarray


@pytest.fixture(scope="module", params=SINGULAR, ids=lambda name: name.replace(" ", "_"))
def singular(request):
    model, task, names, direction, bend = SINGULAR[request.param]
    p, x = problem(model, task, names)
    derivatives = jax.jit(lambda p, x: (p.score(x), p.value_and_grad(x)[1], p.hessian(x)))(p, x)
    known = (np.array(v, float) for v in (direction, bend))
    return Singular(p, *map(np.asarray, derivatives), *known)


def test_the_score_covariance_has_one_eigenvalue_of_zero(singular):
    low, second, *_ = eigenvalues(singular.score)
    assert abs(low) < 1e-12 and second > 1e-6


def test_the_direction_is_known_and_the_likelihood_flat_along_it(singular):
    score, direction = singular.score, singular.direction
    found = null_direction(score.reshape(-1, score.shape[-1]))
    i = int(np.argmax(np.abs(direction)))
    np.testing.assert_allclose(found / found[i], direction / direction[i], rtol=0, atol=1e-6)
    # Flat to second order; where the gradient vanishes, at an optimum, the Hessian is singular.
    for gradient, hessian in zip(singular.gradient, singular.hessian, strict=True):
        assert abs(gradient @ direction) < 1e-9
        assert abs(direction @ hessian @ direction + gradient @ singular.bend) < 1e-8


def test_the_fit_refuses_and_names_them(singular):
    frees = singular.problem.frees
    told = [f.name for f, d in zip(frees, singular.direction, strict=True) if d]
    with pytest.raises(Unidentified) as refusal:
        check_identified(frees, singular.score, np.arange(SESSIONS), what="test")
    assert all(re.search(rf"\b{name}\b", str(refusal.value)) for name in told)
    assert "cannot be told apart" in str(refusal.value)


@pytest.mark.parametrize(
    "model, task, names",
    [
        # From a value other than 0 there is a unit to measure rewards by.
        (QLearning(q0=0.5), Bandit(), ("alpha_pos=alpha_neg", "beta", "sensitivity")),
        (ActorCritic(), Bandit(), ("alpha_a", "alpha_c")),
        (Kalman(), RestlessGaussian(arms=2), ("sigma_d", "beta")),
        (PavlovianBias(), GoNogo(), PavlovianBias.free),
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_can_be_told_apart_is_not_refused(model, task, names):
    p, x = problem(model, task, names)
    score = np.asarray(jax.jit(lambda p, x: p.score(x))(p, x))
    check_identified(p.frees, score, np.arange(SESSIONS), what="test")
    assert eigenvalues(score)[0] > 1e-8


@pytest.mark.parametrize(
    "make",
    [lambda c: QLearning(q0=0.2 + c), lambda c: Kalman(mu0=0.5 + c, theta=0.4 + c, beta=2.0)],
    ids=["q_learning", "kalman"],
)
def test_a_constant_added_to_rewards_and_beliefs_changes_no_record(make):
    # So nothing in choices tells what 0 is: it is the experimenter who says so.
    task = Bandit()
    keys = named_keys(0, [("constant", str(i)) for i in range(SESSIONS)])

    @jax.jit
    def both():
        events = simulate(Agent(make(0.0)), task, keys, 40, record=lambda e, r: e)
        moved = eqx.tree_at(lambda e: e.reward, events, events.reward + 3.0)
        one = log_probs(Agent(make(0.0)), task.env, events)
        return one, log_probs(Agent(make(3.0)), task.env, moved)

    np.testing.assert_allclose(*both(), rtol=0, atol=1e-9)


def test_what_always_holds_is_declared():
    together = lambda name: {frozenset(s) for s, _ in describe("models", name).facts["confounded"]}
    assert frozenset({"alpha_a", "beta"}) in together("actor_critic")
    assert frozenset({"sigma_o", "sigma_d", "v0"}) in together("kalman")
