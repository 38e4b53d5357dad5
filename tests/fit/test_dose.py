"""A dose is a parameter: swept, differentiated, and recovered from simulated patients."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from jaxda.catalog import load
from jaxda.fit.estimate import estimate
from jaxda.fit.objective import Problem
from jaxda.models.niv_vigor import NivVigor
from jaxda.models.opal import OpAL
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent, log_likelihood, simulate


PATIENTS = 48


def cohort(model, lesion, task, doses, n_events, seed=0):
    agent = Agent(model, load("lesions", lesion)())
    keys = jr.split(jr.key(seed), len(doses))
    play = jax.jit(lambda d: simulate(agent, task, keys, n_events, {"lesion.dose": d})[0])
    return agent, play(doses)


@pytest.mark.parametrize(
    "model, lesion, task, settings, n_events, ends",
    [
        (OpAL(), "snc_loss", "pst", {"blocks": 18, "criterion": ()}, 18 * 60 + 90, (0.0, 0.95)),
        (QLearning(), "snc_loss", "reversal_bandit", {}, 900, (0.0, 0.95)),
        (OpAL(), "tonic", "pst", {"blocks": 18, "criterion": ()}, 18 * 60 + 90, (-1.2, 1.2)),
        (NivVigor(), "tonic", "free_operant", {"schedule": "random", "ratio": 5}, 200, (-1.0, 1.0)),
    ],
)
def test_the_dose_of_simulated_patients_is_recovered(model, lesion, task, settings, n_events, ends):
    task = load("tasks", task)(**settings)
    doses = jnp.linspace(*ends, PATIENTS)
    agent, events = cohort(model, lesion, task, doses, n_events)
    frees = free(agent, ["dose"])
    owner = jnp.arange(PATIENTS)
    problem = Problem(agent, events, owner, {}, task.env, frees, PATIENTS)
    out = estimate(
        problem,
        [(f"p{i}",) for i in range(PATIENTS)],
        load("solvers", "fisher")(),
        seed=0,
        restarts=2,
        steps=100,
        tolerance=1e-6,
        what="dose",
    )
    assert np.corrcoef(out.value[:, 0], doses)[0, 1] >= 0.9
    assert abs(np.mean(out.value[:, 0] - np.asarray(doses))) < 0.1 * (ends[1] - ends[0])
    assert out.converged.all()


def test_a_sweep_by_vmap_is_a_loop_over_doses():
    task = load("tasks", "bandit")()
    agent, events = cohort(OpAL(), "tonic", task, jnp.zeros(4), 40)
    score = lambda d: log_likelihood(agent, task.env, events, {"lesion.dose": d})
    doses = jnp.asarray([-1.0, -0.2, 0.0, 0.7])
    swept = jax.vmap(score)(doses)
    assert jnp.allclose(swept, jnp.stack([score(d) for d in doses]), rtol=1e-12)
    slope = jax.vmap(jax.grad(lambda d: jnp.sum(score(d))))(doses)
    step = 1e-6
    there, here = jax.vmap(score)(doses + step), jax.vmap(score)(doses - step)
    assert jnp.allclose(slope, jnp.sum(there - here, axis=1) / (2 * step), rtol=1e-5, atol=1e-6)
