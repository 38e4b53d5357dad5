"""Designs: the gradient against every path there is, the search, and what it finds."""

import itertools

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from jaxda.fit.design import (
    Design,
    Goal,
    Phase,
    Subjects,
    Variable,
    confirm,
    expected,
    search,
    surrogate,
)
from jaxda.fit.design import _worth as worth
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent
from jaxda.types import Event


PAIRS, PARTS = ((0, 1),), 40
AGENT = Agent(QLearning(q0=0.5, beta=5.0))
FREES = free(AGENT, ["alpha_pos", "alpha_neg"])
POSITIVE = Goal(({"alpha_pos": 1.0},))


def changing() -> Design:
    """Three trials: two arms change places at a time that is free, and a win of one is free."""
    variables = (
        Variable("good", 0.9, 0.05, 0.95),
        Variable("bad", 0.4, 0.05, 0.95),
        Variable("win", 0.8, 0.2, 2.0),
        Variable("change", 1.5, 0.5, 2.5),
    )
    phases = (
        Phase("change", PAIRS, ("good", "bad"), ("win", 1.0)),
        Phase(1, PAIRS, ("bad", "good"), ("win", 1.0)),
    )
    return Design(variables, phases, 3)


def everything(design: Design, subject: jax.Array, goal: Goal, v: dict) -> jax.Array:
    """The expected criterion of one subject, over all paths of choices and outcomes."""
    n = design.n_trials
    paths = np.array(list(itertools.product((0, 1), repeat=2 * n))).T
    action, won = jnp.asarray(paths[:n]), jnp.asarray(paths[n:])
    p, pays = design.course(v)
    at = jnp.arange(n)[:, None]
    flag, one, zero = jnp.ones_like(action, bool), jnp.ones(action.shape), 0 * action
    options = jnp.broadcast_to(jnp.arange(2)[:, None], (n, 2, action.shape[1]))
    reward = jnp.where(won == 1, pays[at, action], 0.0)
    events = Event(zero, options, flag, action, flag, one, reward, zero, flag, flag, one, flag)
    lanes = same(subject, action.shape[1])
    value, log_likelihood = worth(design, lanes, goal, events)
    pick = p[at, action]
    outcome = jnp.sum(jnp.log(jnp.where(won == 1, pick, 1 - pick)), axis=0)
    penalty = lanes.problem(design, events).penalty.value(FREES, lanes.x)
    return jnp.sum(jnp.exp(outcome + log_likelihood + penalty) * value)


def same(subject: jax.Array, n: int) -> Subjects:
    """Subjects who are all alike; the prior is that of a population."""
    x = jnp.broadcast_to(subject, (n, 2))
    return Subjects(AGENT, FREES, x, jnp.zeros(2), jnp.asarray([[0.3, 0.05], [0.05, 0.3]]))


def test_gradient_is_that_of_the_sum_over_every_path():
    design, goal, lanes = changing(), POSITIVE, 40_000
    subject = jnp.asarray([-0.5, -1.0])
    v = {n: jnp.asarray(x) for n, x in design.start.items()}
    exactly = jax.jit(lambda v: everything(design, subject, goal, v))
    exact_value, exact, h = exactly(v), {}, 1e-4
    for name, x in v.items():
        exact[name] = (exactly(v | {name: x + h}) - exactly(v | {name: x - h})) / (2 * h)
    one = same(subject, lanes // PARTS)

    def part(keys):
        def mean(v):
            out, value = surrogate(design, one, goal, v, keys)
            return out.mean(), value.mean()

        (_, value), slope = jax.value_and_grad(mean, has_aux=True)(v)
        return value, slope

    keys = jr.split(jr.key(1), lanes).reshape(PARTS, -1)
    value, slope = jax.jit(lambda keys: jax.lax.map(part, keys))(keys)
    for name, got, want in [("worth", value, exact_value), *((n, slope[n], exact[n]) for n in v)]:
        se = got.std(ddof=1) / np.sqrt(PARTS)
        assert abs(got.mean() - want) < 4 * se, name
        assert se < 0.1 * abs(want), f"{name}: an error this large would prove nothing"


def test_a_search_finds_that_wins_tell_of_the_rate_for_wins():
    variables = (Variable("both", 0.3, 0.05, 0.95),)
    design = Design(variables, (Phase(3, PAIRS, ("both", "both")),), 3)
    subjects = expected(AGENT, FREES, jr.normal(jr.key(2), (300, 2)) - 0.5)
    found = search(design, subjects, POSITIVE, seed=0, steps=12, rate=0.5)
    assert found.values["both"] > 0.6
    assert found.path.num_rows == 12 and found.path["value"][0].as_py() == pytest.approx(0.3)
    designs = {"published": design.start, "found": found.values}
    rows = confirm(design, subjects, POSITIVE, designs, None, seed=1).to_pylist()
    better = {r["quantity"]: r for r in rows if r["design"] == "found"}
    worse = {r["quantity"]: r for r in rows if r["design"] == "published"}
    assert better["criterion"]["gain_low"] > 0 and worse["criterion"]["gain"] == 0
    # The criterion is the variance of this one parameter, and the prior its sd at most.
    variance = better["criterion"]["predicted"]
    assert better["alpha_pos"]["predicted"] == pytest.approx(np.sqrt(variance))
    assert better["alpha_pos"]["predicted"] < worse["alpha_pos"]["predicted"]


def test_phases_blend_where_the_time_of_a_change_is_free():
    design = changing()
    p, pays = design.course(design.start)
    past = 1 / (1 + np.exp(-(np.arange(3) + 0.5 - 1.5) / 2))
    assert np.allclose(p[:, 0], 0.9 * (1 - past) + 0.4 * past)
    assert np.allclose(pays, [[0.8, 1.0]] * 3)
    fixed = Design((), (Phase(2, PAIRS, (0.8, 0.2)), Phase(1, PAIRS, (0.2, 0.8))), 3)
    assert fixed.course({})[0].tolist() == [[0.8, 0.2], [0.8, 0.2], [0.2, 0.8]]


@pytest.mark.parametrize(
    "variables, phases, told",
    [
        ((), (Phase(3, PAIRS, ("a", 0.2)),), "variables are"),
        ((Variable("a", 2.0, 0.0, 1.0),), (Phase(3, PAIRS, ("a", 0.2)),), "starts at 2.0"),
        (
            (Variable("a", 1.5, 1.0, 2.0),),
            (Phase("a", PAIRS, (0.8, 0.2)), Phase(1, PAIRS, (0.8, 0.2), (), False)),
            "pairs stay the same",
        ),
        ((), (Phase(3, PAIRS, (0.8, 0.2)), Phase(3, PAIRS, (0.8,))), "all the items"),
    ],
)
def test_designs_that_mean_nothing_are_refused(variables, phases, told):
    with pytest.raises(ValueError, match=told):
        Design(variables, phases, 3)
