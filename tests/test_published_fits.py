"""Fits that others published, on the data they were made from: our likelihood, and our fits."""

import os
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow.csv import read_csv

from jaxda import config
from jaxda.agents import build
from jaxda.data import reader
from jaxda.data.files import with_metadata
from jaxda.data.sessions import Sessions, env_facts, from_table
from jaxda.fit.estimate import starting_points
from jaxda.fit.objective import Problem
from jaxda.fit.penalties import Flat
from jaxda.fit.solvers.fisher import Fisher
from jaxda.models.rlwm import RLWM
from jaxda.params import free, put
from jaxda.rollout import Agent, log_probs
from jaxda.types import Env

from .realdata import recorded


EXAMPLES = Path(__file__).parents[1] / "config" / "examples"


class Published(NamedTuple):
    """A model of Collins & Frank's data set: what it frees, and what it holds."""

    free: tuple[str, ...]
    held: dict[str, float]


# Their names of our parameters. They hold beta at 25, and K is one of a few integers.
THEIRS = {
    "alpha": "alpha",
    "omega": "stick",
    "rho_wm": "rho",
    "phi": "forget",
    "epsilon": "eps",
    "b_wm": "bWM",
    "b_rl": "bRL",
    "r0": "r0",
    "capacity": "K",
}
ALWAYS = ("alpha", "omega", "rho_wm", "phi", "epsilon")
RLWM_MODELS = {
    "WM=RL 0": Published(("b_wm=b_rl",), {}),
    "WM RL0 0": Published(("b_wm",), {"b_rl": 0.0}),
    "WM1 RL0 0": Published((), {"b_wm": 1.0, "b_rl": 0.0}),
    "WM1 RL1 0": Published((), {"b_wm": 1.0, "b_rl": 1.0}),
    "WM1 RL1 r0": Published(("r0",), {"b_wm": 1.0, "b_rl": 1.0}),
    # Every outcome is worth 1 to the learner, whatever their column of r0 says.
    "freq WM=RL 0": Published(("b_wm=b_rl",), {"r0": 1.0}),
}
CAPACITIES = (2.0, 3.0, 4.0, 5.0)


@pytest.fixture(scope="module")
def set_sizes() -> Sessions:
    """Trials of 79 subjects; too fast a key press is left out, as the authors do."""
    rows = read_csv(recorded("rlwm_cf2012.csv.gz"))
    rows = rows.filter(pc.greater(rows["rt"], 0.15))
    n, block, subject = rows.num_rows, rows["block"].to_numpy(), rows["subject"].to_numpy()
    fresh = np.append(True, (np.diff(block) != 0) | (np.diff(subject) != 0))
    always = pa.array(np.ones(n, bool))
    item = lambda a: pc.add(pc.multiply(rows["stimulus"], 3), a)
    columns = {
        "dose": pa.array(np.zeros(n)),
        "subject": rows["subject"].cast(pa.string()),
        "session": rows["session"].cast(pa.string()),
        "cue": rows["stimulus"],
        **{f"option_{a}": item(a) for a in range(3)},
        "action": rows["choice"],
        "latency": rows["rt"],
        "reward": rows["outcome"],
        "successor": pa.array(np.zeros(n, int)),
        "elapsed": pa.array(np.ones(n)),
        **dict.fromkeys(("onset", "choice", "terminal", "feedback", "valid"), always),
        "fresh": pa.array(fresh),
        "context": rows["set_size"],
    }
    env = Env(n_cues=6, n_items=18, n_actions=3)
    return from_table(with_metadata(pa.table(columns), {"env": env_facts(env)}))


def published(sessions: Sessions, model: str) -> dict[str, np.ndarray]:
    """The rows of one model, in the order of the sessions."""
    rows = read_csv(recorded("rlwm_cf2012_fits.csv"))
    rows = rows.filter(pc.equal(rows["model"], model))
    place = {str(s): i for i, s in enumerate(rows["subject"].to_pylist())}
    order = [place[label.subject] for label in sessions.labels]
    return {name: rows[name].to_numpy()[order] for name in rows.column_names}


def repeated(sessions: Sessions, times: int):
    return jax.tree.map(lambda x: jnp.tile(x, times), sessions.events)


def test_authors_parameters_have_the_log_likelihood_they_report(set_sizes):
    fits = {model: published(set_sizes, model) for model in RLWM_MODELS}
    values = {
        f"model.{ours}": np.concatenate(
            [np.broadcast_to(m.held.get(ours, fits[name][theirs]), 79) for name, m in models]
        )
        for ours, theirs in THEIRS.items()
        for models in [RLWM_MODELS.items()]
    }
    score = jax.jit(
        lambda events, values: jnp.sum(log_probs(Agent(RLWM()), set_sizes.env, events, values), 0)
    )
    values = jax.tree.map(jnp.asarray, values)
    found = np.asarray(score(repeated(set_sizes, len(RLWM_MODELS)), values)).reshape(-1, 79)
    for name, ours in zip(fits, found, strict=True):
        assert len(fits[name]["loglik"]) == 79
        np.testing.assert_allclose(ours, fits[name]["loglik"], rtol=0, atol=1e-9, err_msg=name)


def refitted(sessions: Sessions, model: str, restarts: int) -> np.ndarray:
    """Our greatest log-likelihood of each subject, over the capacities that the authors try."""
    names, fixed = RLWM_MODELS[model]
    n = len(sessions.labels)
    agent = put(Agent(RLWM()), {f"model.{k}": jnp.asarray(v) for k, v in fixed.items()})
    frees = free(agent, (*ALWAYS, *names), {"omega": (-1.0, 1.0)})
    capacity = jnp.repeat(jnp.asarray(CAPACITIES), n)
    units = n * len(CAPACITIES)
    problem = Problem(
        agent,
        repeated(sessions, len(CAPACITIES)),
        jnp.arange(units),
        {"model.capacity": capacity},
        sessions.env,
        frees,
        units,
        Flat(),
    )
    starts = starting_points(frees, 0, [(str(u),) for u in range(units)], restarts)
    found = Fisher().minimise(problem, starts, steps=200, tolerance=1e-5)
    return -np.nanmin(np.asarray(found.value), axis=0).reshape(-1, n).min(axis=0)


@pytest.mark.slow
@pytest.mark.skipif("JAXDA_LONG" not in os.environ, reason="half an hour; set JAXDA_LONG=1")
@pytest.mark.parametrize("model", RLWM_MODELS)
def test_our_fits_are_never_worse_than_the_authors(set_sizes, model):
    gain = refitted(set_sizes, model, 8) - published(set_sizes, model)["loglik"]
    assert gain.min() > -1e-3


def test_authors_parameters_of_the_reversal_have_the_bic_they_report():
    path = recorded("meth_reversal_baseline.csv.gz")
    checked = config.load(
        EXAMPLES / "reversal.yaml", overrides={"datasets": {"reversal": {"path": str(path)}}}
    )
    sessions = from_table(reader.read(checked.datasets["reversal"], "reversal"))
    fits = read_csv(recorded("meth_reversal_baseline_fits.csv")).to_pydict()
    assert [label.subject for label in sessions.labels] == [str(s) for s in fits["subject"]]
    theirs = {k: np.asarray(fits[k]) for k in ("invT", "playBias", "eta", "intcpt", "FeedConfrim")}

    # Their regressor is whether an outcome confirms the choice, z-scored over the session.
    events = sessions.events
    won, gambled, seen = (np.asarray(x) for x in (events.reward > 0, events.action, events.valid))
    trials = seen.sum(axis=0)
    mean = ((won == gambled) & seen).sum(axis=0) / trials
    confirmation = theirs["FeedConfrim"] / np.sqrt(mean * (1 - mean) * trials / (trials - 1))
    values = {
        "model.beta": theirs["invT"] / 2,
        "model.bias": 2 * theirs["playBias"],
        "model.eta": theirs["eta"],
        "model.confirmation": confirmation,
        "model.drive": theirs["intcpt"] + confirmation * (0.5 - mean),
    }
    agent = build(checked.models["surprise_confirmation"])
    score = jax.jit(lambda e, v: jnp.sum(log_probs(agent, sessions.env, e, v), axis=0))
    found = np.asarray(score(events, jax.tree.map(jnp.asarray, values)))
    bic = 5 * np.log(trials) - 2 * found
    np.testing.assert_allclose(bic, fits["BIC"], rtol=0, atol=1e-6)


def test_points_of_the_reversal_are_those_of_the_paper():
    rows = read_csv(recorded("meth_reversal_baseline.csv.gz"))
    rows = rows.filter(pc.equal(rows["in_paper_n94"], 1))
    points = rows.group_by("subject").aggregate([("points", "sum")])["points_sum"].to_numpy()
    assert len(points) == 94
    assert points.mean() == pytest.approx(595.85, abs=0.005)
    assert points.std(ddof=1) / np.sqrt(94) == pytest.approx(39.81, abs=0.005)
