"""Point estimates: against known optima, finite differences, and themselves."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from jaxda.catalog import load, names
from jaxda.fit.estimate import estimate, starting_points
from jaxda.fit.evidence import coordinate_moments
from jaxda.fit.identifiability import Unidentified, null_direction
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import CataloguePrior, Flat
from jaxda.habits.perseveration import Perseveration
from jaxda.lesions.tonic_gain import TonicGain
from jaxda.models.opal import OpAL
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent, simulate
from jaxda.tasks.bandit import Bandit
from jaxda.types import Env, Event


SUBJECTS, TRIALS = 12, 80
PRIOR = CataloguePrior()


@pytest.fixture(scope="module")
def cohort():
    agent = Agent(QLearning())
    alpha = jr.uniform(jr.key(1), (SUBJECTS,), minval=0.1, maxval=0.6)
    beta = jr.uniform(jr.key(2), (SUBJECTS,), minval=1.0, maxval=5.0)
    values = {"model.alpha_pos": alpha, "model.alpha_neg": alpha, "model.beta": beta}
    events, _ = simulate(agent, Bandit(), jr.split(jr.key(0), SUBJECTS), TRIALS, values)
    return events


def problem(events, agent=None, free_names=("alpha_pos=alpha_neg", "beta"), penalty=PRIOR):
    agent = agent or Agent(QLearning())
    n = events.valid.shape[-1]
    frees = free(agent, free_names)
    return Problem(agent, events, jnp.arange(n), {}, Bandit().env, frees, n, penalty)


def fitted(p, solver="fisher", **kwargs):
    settings = {"seed": 0, "restarts": 4, "steps": 300, "tolerance": 1e-7, "what": "test"} | kwargs
    units = [(f"s{i}",) for i in range(p.n_units)]
    return estimate(p, units, load("solvers", solver)(), **settings)


def test_perseveration_is_the_log_odds_of_staying():
    # With nothing learned, stays and switches are coin tosses: seven stays and two switches
    # give kappa = log(7 / 2), and the information is 9 p (1 - p).
    agent = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0), habits={"p": Perseveration()})
    actions = jnp.asarray([0, 0, 0, 1, 1, 1, 0, 0, 0, 0])[:, None]
    flag, one, zero = jnp.ones((10, 1), bool), jnp.ones((10, 1)), jnp.zeros((10, 1), int)
    events = Event(zero, None, flag, actions, flag, one, one, zero, flag, flag, one, flag)
    frees = free(agent, ["kappa"])
    p = Problem(agent, events, jnp.zeros(1, int), {}, Env(1, 2, 2), frees, 1, Flat())
    out = fitted(p)
    assert out.value[0, 0] == pytest.approx(np.log(7 / 2), abs=1e-6)
    assert out.se[0, 0] == pytest.approx(1 / np.sqrt(9 * 7 / 9 * 2 / 9), rel=1e-5)
    expected = np.log(0.5) + 7 * np.log(7 / 9) + 2 * np.log(2 / 9)
    assert out.log_likelihood[0] == pytest.approx(expected, abs=1e-9)
    assert out.records[0] == 10
    assert out.converged[0] and out.positive_definite[0] and not out.corner[0, 0]


def test_solvers_find_the_same_optimum(cohort):
    found = {s: fitted(problem(cohort), s, steps=600, tolerance=1e-6) for s in names("solvers")}
    for a, b in itertools.combinations(found.values(), 2):
        assert np.allclose(a.loss, b.loss, atol=1e-4)
        assert np.allclose(a.value, b.value, atol=2e-2)


def test_no_point_nearby_is_better(cohort):
    p = problem(cohort)
    out = fitted(p)
    x = jnp.stack(
        [f.domain.inverse(jnp.asarray(out.value[:, i])) for i, f in enumerate(p.frees)], axis=1
    )
    best = p.loss(x)
    assert np.allclose(best, out.loss, atol=1e-8)
    for step in jr.normal(jr.key(3), (20, *x.shape)):
        assert jnp.all(p.loss(x + 0.05 * step) >= best - 1e-9)


def test_hessian_and_score_are_finite_differences(cohort):
    p = problem(cohort, free_names=("alpha_pos", "alpha_neg", "beta"))
    x = starting_points(p.frees, 0, [(f"s{i}",) for i in range(p.n_units)], 1)[0]
    e = 1e-5
    hessian, score = p.hessian(x), p.score(x)
    for i in range(3):
        step = jnp.zeros_like(x).at[:, i].set(e)
        slope = (p.value_and_grad(x + step)[1] - p.value_and_grad(x - step)[1]) / (2 * e)
        assert jnp.allclose(hessian[:, :, i], slope, rtol=1e-4, atol=1e-5)
        rise = (p.log_probs(x + step) - p.log_probs(x - step)) / (2 * e)
        assert jnp.allclose(score[..., i], rise, rtol=1e-5, atol=1e-7)


def test_a_fit_does_not_depend_on_its_neighbours(cohort):
    whole = fitted(problem(cohort))
    some = jax.tree.map(lambda x: x[..., 3:7], cohort)
    p = problem(some)
    part = estimate(
        p,
        [(f"s{i}",) for i in range(3, 7)],
        load("solvers", "lbfgs")(),
        seed=0,
        restarts=4,
        steps=300,
        tolerance=1e-7,
        what="test",
    )
    assert np.allclose(part.value, whole.value[3:7], rtol=1e-6)


def test_sessions_of_a_unit_share_their_parameters(cohort):
    agent = Agent(QLearning())
    frees = free(agent, ["alpha_pos=alpha_neg", "beta"])
    owner = jnp.arange(SUBJECTS) // 2
    shared = Problem(agent, cohort, owner, {}, Bandit().env, frees, SUBJECTS // 2, Flat())
    x = starting_points(frees, 0, [(str(i),) for i in range(SUBJECTS // 2)], 1)[0]
    single = problem(cohort, penalty=Flat())
    each = single.log_likelihood(x[owner])
    assert jnp.allclose(shared.log_likelihood(x), each[0::2] + each[1::2])
    assert jnp.array_equal(shared.records(), jnp.full(SUBJECTS // 2, 2 * TRIALS))


def test_an_estimate_at_the_end_of_its_domain_is_flagged():
    # Always the same arm: no finite inverse temperature is the best.
    flag, one, zero = jnp.ones((40, 1), bool), jnp.ones((40, 1)), jnp.zeros((40, 1), int)
    events = Event(zero, None, flag, zero, flag, one, one, zero, flag, flag, one, flag)
    agent = Agent(QLearning(q0=0.0))
    frees = free(agent, ["beta"], {"beta": (0.0, 10.0)})
    p = Problem(agent, events, jnp.zeros(1, int), {}, Env(1, 2, 2), frees, 1, Flat())
    out = fitted(p)
    assert out.corner[0, 0]
    assert out.value[0, 0] > 9.9


@pytest.mark.parametrize(
    "agent, names_, told",
    [
        (Agent(QLearning(), TonicGain(dose=0.1)), ("beta", "dose"), ("beta", "dose")),
        (
            Agent(OpAL(gain_go=1.1)),
            ("alpha_c", "beta", "gain_go", "gain_nogo"),
            ("beta", "gain_go", "gain_nogo"),
        ),
        (Agent(OpAL(rho=0.1)), ("rho", "gain_go", "gain_nogo"), ("rho", "gain_go", "gain_nogo")),
    ],
)
def test_a_rank_deficient_free_set_is_refused_by_name(cohort, agent, names_, told):
    with pytest.raises(Unidentified) as refusal:
        fitted(problem(cohort, agent, names_))
    for name in told:
        assert name in str(refusal.value)
    assert "alpha" not in str(refusal.value)


def test_a_parameter_without_effect_is_refused(cohort):
    # Where nothing is learned all values are equal, and beta multiplies no difference.
    agent = Agent(QLearning(alpha_pos=0.0, alpha_neg=0.0))
    with pytest.raises(Unidentified, match="'beta' changes the probability of no record"):
        fitted(problem(cohort, agent, ("beta",)))


def test_null_direction_of_a_worked_example():
    # Columns 1 and 2 are -2 : 1 multiples, column 0 stands alone.
    score = np.asarray([[1.0, 2.0, -1.0], [0.5, -4.0, 2.0], [-1.0, 1.0, -0.5], [2.0, 0.0, 0.0]])
    direction = null_direction(score)
    assert np.allclose(direction / direction[2], [0.0, 0.5, 1.0], atol=1e-8)
    assert null_direction(score[:, :2]) is None


def test_starting_points_belong_to_names_and_not_to_positions():
    frees = free(Agent(QLearning()), ["alpha_pos", "beta"])
    two = starting_points(frees, 0, [("a",), ("b",)], 3)
    other = starting_points(frees, 0, [("b",), ("c",)], 4)
    assert jnp.array_equal(two[:, 1], other[:3, 0])
    assert not jnp.array_equal(two[0], starting_points(frees, 1, [("a",), ("b",)], 3)[0])


def test_starts_stand_at_all_corners_and_then_further_in():
    frees = free(Agent(QLearning()), ["alpha_pos", "alpha_neg", "beta"])
    names = [(str(u),) for u in range(200)]
    x = np.asarray(starting_points(frees, 0, names, 16))
    mean, sd = coordinate_moments(frees)
    # Three columns of eight rows have every combination of sides, in an order of each unit's own.
    sides = (x > mean) @ [1, 2, 4]
    assert all(len(set(unit)) == 8 for half in (sides[:8], sides[8:]) for unit in half.T)
    assert len(set(sides[0])) == 8 and not np.array_equal(sides[:8], sides[8:])
    reach = np.where(np.arange(16) < 8, 3.0, 1.5)[:, None, None]
    np.testing.assert_allclose(np.abs(x - mean), np.broadcast_to(reach * sd, x.shape), rtol=1e-12)
    alone = np.asarray(starting_points(frees, 0, names, 1))
    np.testing.assert_allclose(np.mean(alone, axis=(0, 1)), mean, atol=0.4)


def test_a_hopeless_unit_is_flagged_and_spoils_no_other(cohort):
    # One who always took the first arm, one whose outcomes never differed, one who never chose.
    four = jax.tree.map(lambda x: x[..., :4], cohort)
    lane = jnp.arange(4)
    odd = dataclasses.replace(
        four,
        action=jnp.where(lane == 1, 0, four.action),
        reward=jnp.where(lane == 2, 1.0, four.reward),
        choice=four.choice & (lane != 3),
    )
    out, alone = fitted(problem(odd)), fitted(problem(four))
    assert len(out.value) == 4 and np.isfinite(out.value).all()
    np.testing.assert_allclose(out.value[0], alone.value[0], rtol=1e-6)
    assert out.records.tolist() == [TRIALS, TRIALS, TRIALS, 0]
    # Nothing is known of who never chose: all is the prior's, and no direction is determined.
    assert out.rank[3] == 0 and np.isinf(out.condition[3]) and out.open[3]
    assert out.log_likelihood[3] == pytest.approx(0, abs=1e-12)
    assert np.all(out.prior_share[0] < out.prior_share[3])
