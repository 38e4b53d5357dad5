"""Trial-wise latents: those of the simulation again, aligned with its rows, with nothing lost."""

import jax.numpy as jnp
import numpy as np
import pyarrow as pa
import pytest

from jaxda import stages
from jaxda.config import load
from jaxda.data.files import metadata, with_metadata
from jaxda.fit.latents import latents, trialwise
from jaxda.models.q_learning import QLearning
from jaxda.params import free
from jaxda.rollout import Agent


ENV = {"n_cues": 1, "n_items": 2, "n_actions": 2, "acts": True, "timed": False}


def rows(*taken, subject="a", reward=(1.0, 0.0, 1.0)):
    """A recorded session of one cue: what was taken (None: missed), and what came of it."""
    out = []
    for t, (action, paid) in enumerate(zip(taken, reward, strict=True)):
        acted = action is not None
        out.append(
            {
                **{"dose": 0.0, "subject": subject, "session": "1", "trial": t + 1, "event": t},
                **{"cue": 0, "option_0": 0, "option_1": 1, "action": action, "choice": acted},
                **{"latency": None, "reward": paid if acted else None, "feedback": acted},
                **{"onset": True, "terminal": True, "successor": 0, "elapsed": 1.0, "valid": True},
            }
        )
    return out


def table(*records):
    columns = {n: [r[n] for r in records] for n in records[0]}
    kinds = {"latency": pa.float64(), "action": pa.int64(), "reward": pa.float64()}
    made = {n: pa.array(x, kinds.get(n)) for n, x in columns.items()}
    return with_metadata(pa.table(made), {"scenario": "lab", "source": "data", "env": ENV})


def fits(**by_subject):
    found = [(s, p, v) for s, values in by_subject.items() for p, v in values.items()]
    subject, parameter, estimate = zip(*found, strict=True)
    n = len(found)
    return pa.table(
        {
            "dose": [0.0] * n,
            "subject": subject,
            "session": [""] * n,
            "parameter": parameter,
            "estimate": pa.array(estimate, pa.float64()),
        }
    )


AGENT = Agent(QLearning(alpha_pos=0.5, alpha_neg=0.5, beta=2.0, q0=0.0))


@pytest.mark.parametrize(
    "model, task, trials, expected",
    [
        ("opal", {"name": "pst", "settings": {"blocks": 1}}, 70, {"go_1", "nogo_0", "p_1", "rpe"}),
        ("two_step", {"name": "two_step"}, 12, {"q_0", "rpe_1", "dopamine_0"}),
        ("niv_vigor", {"name": "free_operant"}, 8, {"reward_rate", "value", "rpe_1"}),
        ("td_lambda", {"name": "pavlovian_trace"}, 2, {"value", "rpe", "dopamine"}),
    ],
)
def test_latents_at_the_true_parameters_are_those_of_the_simulation(model, task, trials, expected):
    scenario = {"task": task, "sources": [model], "subjects": 2, "trials": trials}
    lesion = {"lesion": "snc_loss", "doses": [0.3]} if model != "niv_vigor" else {}
    config = load(
        overrides={
            "title": "latents",
            "seed": 0,
            "models": {model: {"model": model}},
            "scenarios": {"s": scenario | lesion},
        }
    )
    sessions, truth = stages.simulate(config, "s", model)
    agent = stages.build_agent(config, model, config.scenarios["s"])
    values = {}
    for path, value in zip(*(truth.column(n).to_pylist() for n in ("path", "value")), strict=True):
        values.setdefault(path, []).append(value)
    values = {p: np.asarray(v) for p, v in values.items()}
    if lesion:
        values["lesion.dose"] = np.full(2, 0.3)
    found = trialwise(agent, sessions, values)
    assert found.num_rows == sessions.num_rows
    assert expected <= set(found.column_names)
    told = sessions.column("feedback").to_numpy(zero_copy_only=False)
    for name in set(found.column_names) - {"p_chosen"}:
        ours, theirs = found.column(name), sessions.column(name)
        if name.startswith(("rpe", "dopamine")):
            assert ours.is_valid().to_numpy(zero_copy_only=False).tolist() == told.tolist()
            ours, theirs = (x.filter(pa.array(told)) for x in (ours, theirs))
        if pa.types.is_floating(ours.type):
            assert np.allclose(ours.to_numpy(), theirs.to_numpy(), atol=1e-9, rtol=0)
        else:
            assert ours.to_pylist() == theirs.to_pylist()


def test_a_session_by_hand():
    found = trialwise(AGENT, table(*rows(0, 0, 0)), {}).to_pydict()
    assert found["q_0"] == [0.0, 0.5, 0.25] and found["q_1"] == [0.0] * 3
    assert found["rpe"] == found["dopamine"] == [1.0, -0.5, 0.75]
    assert found["p_chosen"] == pytest.approx([0.5, 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-0.5))])
    assert found["p_chosen"] == found["p_0"] and found["trial"] == [1, 2, 3]


def test_rows_keep_their_order_and_none_is_dropped():
    # Two subjects in alternating rows; one misses a trial, one has an event that is not valid.
    a, b = rows(0, None, 0), rows(1, 1, 1, subject="b")
    b[2] |= {"valid": False}
    sessions = table(a[0], b[0], a[1], b[1], a[2], b[2])
    found = trialwise(AGENT, sessions, {}).to_pydict()
    assert found["subject"] == ["a", "b"] * 3
    assert found["q_0"] == [0.0, 0.0, 0.5, 0.0, 0.5, None]
    assert found["q_1"] == [0.0, 0.0, 0.0, 0.5, 0.0, None]
    assert found["rpe"] == [1.0, 1.0, None, -0.5, 0.5, None]
    assert [p is None for p in found["p_chosen"]] == [False, False, True, False, False, True]
    facts = metadata(trialwise(AGENT, sessions, {}))
    assert facts == {"scenario": "lab", "source": "data"}


def test_estimates_belong_to_names_and_a_unit_without_one_has_nulls():
    sessions = table(*rows(0, 0, 0), *rows(0, 0, 0, subject="b"), *rows(0, 0, 0, subject="c"))
    estimates = fits(
        c={"beta": 2.0, "alpha_pos=alpha_neg": 0.25},
        a={"alpha_pos=alpha_neg": 0.5, "beta": 2.0},
        b={"alpha_pos=alpha_neg": None, "beta": 2.0},
    )
    frees = free(AGENT, ["alpha_pos=alpha_neg", "beta"])
    found = latents(AGENT, frees, sessions, estimates).to_pydict()
    assert found["q_0"] == pytest.approx([0.0, 0.5, 0.25, None, None, None, 0.0, 0.25, 0.1875])


def test_draws_give_standard_deviations():
    frees = free(AGENT, ["alpha_pos=alpha_neg"])
    alpha = jnp.asarray([0.2, 0.4, 0.6])
    draws = np.asarray(frees[0].domain.inverse(alpha))[:, None, None]
    estimates = fits(a={"alpha_pos=alpha_neg": 0.5})
    found = latents(AGENT, frees, table(*rows(0, 0, 0)), estimates, draws=draws).to_pydict()
    assert found["q_0"] == [0.0, 0.5, 0.25]
    # One win: q = alpha, of which the standard deviation is .2.
    assert found["q_0_sd"][:2] == pytest.approx([0.0, 0.2])
    assert found["rpe_sd"][1] == pytest.approx(0.2) and found["p_chosen_sd"][0] == 0.0
