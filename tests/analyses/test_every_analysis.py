"""Every analysis of the catalogue on the smallest experiment that has something for each."""

import functools

import pyarrow as pa
import pytest

from jaxda import catalog, config, plan, stages
from jaxda.errors import InputError


# What keeps each small. An analysis that is not here runs with its defaults.
SMALL = {
    "power": {"trials": [20, 40], "subjects": [4], "simulated_subjects": 6},
    "design": {"simulated_subjects": 6, "steps": 3},
    "prior_predictive": {"draws": 5},
    "posterior_predictive": {"draws": 5},
    "latents": {"draws": 3},
    "posterior": {"chains": 2, "warmup": 30, "draws": 30, "most": 30},
    "calibration": {"units": 50, "draws": 9},
    "hierarchical": {"full": False},
}
EXPERIMENT = {
    "title": "small",
    "seed": 3,
    "fit": {"restarts": 2, "steps": 60},
    "models": {
        "q": {"model": "q_learning", "population": {"beta": [4.0, 0.3]}},
        "one": {"model": "q_learning", "free": ["alpha_pos=alpha_neg", "beta"]},
    },
    "scenarios": {
        "learn": {
            "task": "bandit",
            "sources": ["q"],
            "candidates": ["q", "one"],
            "subjects": 6,
            "sessions": 2,
            "trials": 40,
        }
    },
    "analyses": {
        name: {"of": ["learn"], "settings": SMALL.get(name, {})}
        for name in catalog.names("analyses")
    },
}


@functools.cache
def experiment() -> config.Config:
    return config.load(overrides=EXPERIMENT)


@functools.cache
def made() -> tuple[pa.Table, pa.Table, dict[str, pa.Table]]:
    sessions, truth = stages.simulate(experiment(), "learn", "q")
    fits = {m: stages.fit(experiment(), "learn", m, sessions, truth) for m in ("q", "one")}
    return sessions, truth, fits


@pytest.mark.parametrize("name", catalog.names("analyses"))
def test_an_analysis_makes_its_tables_and_says_what_they_mean(name: str):
    sessions, truth, fits = made()
    facts = catalog.describe("analyses", name).facts
    run = plan.analysed(experiment(), name)[0]
    reads = facts.get("reads", ("fits",))
    given = (lambda model: fits[model]) if "fits" in reads else (lambda model: None)
    found = stages.analyse(experiment(), run, sessions, truth, given)
    assert tuple(found.tables) == facts["tables"]
    assert set(facts.get("shown", ())) <= set(facts["tables"])
    for table in found.tables.values():
        assert table.column_names[:2] == ["scenario", "source"]
        assert set(table["scenario"].to_pylist()) <= {"learn"}
    assert found.tables[facts["tables"][0]].num_rows
    assert found.findings and all(text.endswith(".") for text in found.findings)


def test_a_setting_that_means_nothing_here_is_refused():
    sessions, truth, fits = made()
    settings = {"of": ["learn"], "settings": {"group": "diagnosis"}}
    asked = config.load(overrides=EXPERIMENT | {"analyses": {"selection": settings}})
    with pytest.raises(InputError, match=r"analyses.selection.*'diagnosis'.*covariate"):
        stages.analyse(asked, plan.analysed(asked)[0], sessions, truth, lambda model: fits[model])
