"""A background: lesions that every session of a scenario has, under the one that is dosed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda import agents, config, plan, stages
from jaxda.catalog import load
from jaxda.data.files import metadata
from jaxda.data.sessions import from_table
from jaxda.figures._base import Tables
from jaxda.figures._words import caption, dose_name, over
from jaxda.lesions._combined import dose_path
from jaxda.params import get, put
from jaxda.rollout import log_likelihood


EXPERIMENT = {
    "title": "Off and on",
    "seed": 3,
    "fit": {"restarts": 2, "steps": 60},
    "models": {"opal": {"model": "opal", "population": {"beta": [3.0, 0.2]}}},
    "scenarios": {
        "parkinson": {
            "task": {"name": "pst", "settings": {"criterion": []}},
            "lesion": "levodopa",
            "doses": [0, 1],
            "background": {"snc_loss": 0.5},
            "sources": ["opal"],
            "subjects": 4,
            "sessions": 2,
            "trials": 450,
            "recover_dose": True,
        },
    },
}


@pytest.fixture(scope="module")
def experiment() -> config.Config:
    return config.load(overrides=EXPERIMENT)


@pytest.fixture(scope="module")
def played(experiment):
    return stages.simulate(experiment, "parkinson", "opal")


def test_the_dose_of_the_lesion_is_found_alone_and_over_a_background(experiment):
    variant = experiment.models["opal"]
    alone = agents.build(variant, "levodopa")
    assert agents.path_of_dose(alone, "levodopa") == "lesion.dose"
    both = agents.build(variant, "levodopa", {"snc_loss": 0.5})
    path = agents.path_of_dose(both, "levodopa")
    assert path == "lesion.parts.Levodopa.dose" and get(both, path) == 0
    assert get(both, "lesion.parts.SNcLoss.dose") == 0.5
    with pytest.raises(ValueError, match="SNcLoss has no part Levodopa"):
        dose_path(load("lesions", "snc_loss")(), load("lesions", "levodopa"))
    # A learning rate of .3 is x .5 x 2.4 / 1.9 with half of the cells, and levodopa at half of
    # its full effect makes bursts 1 + (240 / 99 - 1) / 2 times larger.
    hurt = put(both, {path: jnp.asarray(0.5)})
    rate = hurt.lesion.tissue(hurt.model).alpha_g
    assert np.isclose(rate, 0.3 * 0.631578947 * 1.712121212, rtol=1e-6)


def test_all_sessions_have_the_background(experiment, played):
    sessions, truth = played
    assert metadata(sessions)["background"] == {"snc_loss": 0.5}
    assert not any("lesion" in path for path in truth.column("path").to_pylist())
    data = from_table(sessions)
    known = stages._truths(truth, [label.subject for label in data.labels])
    doses = jnp.asarray([label.dose for label in data.labels])
    assert {*doses.tolist()} == {0.0, 1.0}
    values = {path: jnp.asarray(v) for path, v in known.items()}
    values["lesion.parts.Levodopa.dose"] = doses
    agent = stages.build_agent(experiment, "opal", experiment.scenario("parkinson"))

    @jax.jit
    def likelihood(lost):
        here = values | {"lesion.parts.SNcLoss.dose": lost}
        return log_likelihood(agent, data.env, data.events, here).sum()

    # Choices are those of one who has both lesions.
    assert likelihood(0.5) > likelihood(0.0) + 2


def test_the_dose_over_a_background_is_recovered(experiment, played):
    table = stages.fit_dose(experiment, "parkinson", "opal", *played).to_pydict()
    assert {*table["parameter"]} == {"dose"}
    # Subjects meet the two doses; their two sessions of a dose share one estimate.
    assert table["truth"] == table["dose"] == [0.0] * 4 + [1.0] * 4
    estimate, dose = np.asarray(table["estimate"]), np.asarray(table["dose"])
    assert all(table["converged"])
    assert estimate[dose == 1].mean() > 0.7 and estimate[dose == 0].mean() < 0.35


def test_jobs_depend_on_the_background(experiment, monkeypatch):
    worse = EXPERIMENT["scenarios"]["parkinson"] | {"background": {"snc_loss": 0.6}}
    other = config.load(overrides=EXPERIMENT | {"scenarios": {"parkinson": worse}})
    spec = lambda it: plan.spec_dose(it, "parkinson", "opal")
    assert spec(experiment) != spec(other)
    digested = []
    digest = lambda *patterns: digested.append({*patterns}) or ""
    monkeypatch.setattr(plan, "fingerprint", digest)
    plan.code_dose(experiment, "parkinson", "opal")
    plan.code_simulate(experiment, "parkinson", "opal")
    assert all({"lesions/snc_loss.py", "lesions/levodopa.py"} <= each for each in digested)


def test_figures_tell_the_background(experiment):
    tables = Tables(experiment, ["parkinson"], lambda *_: pytest.fail("no table is needed"))
    about = tables.about("parkinson")
    assert over(about) == " over snc_loss 0.5"
    # Off the drug is not intact.
    assert dose_name(about, 0.0) == "dose 0"
    assert dose_name(about._replace(background=()), 0.0) == "intact"
    text = caption(tables, "What is shown", {})
    assert "lesion levodopa at dose 0 and 1 over snc_loss 0.5" in text
    assert "Dose of snc_loss: fraction of nigral" in text and "Dose of levodopa:" in text
