"""The whole line on recorded tables, through the configurations kept as examples."""

import functools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jaxda import config, stages
from jaxda.data import reader
from jaxda.fit.comparison import comparison

from .realdata import recorded


EXAMPLES = Path(__file__).parents[1] / "config" / "examples"


def experiment(example: str, dataset: str, path: Path, **fit) -> config.Config:
    return config.load(
        EXAMPLES / example, overrides={"datasets": {dataset: {"path": str(path)}}, "fit": fit}
    )


def total(fits: pa.Table) -> float:
    """Log-likelihood summed over units, each counted once."""
    by_unit = dict(
        zip(
            zip(fits["subject"].to_pylist(), fits["session"].to_pylist(), strict=True),
            fits["log_likelihood"].to_pylist(),
            strict=True,
        )
    )
    return sum(by_unit.values())


@functools.cache
def two_armed_bandit(candidate: str) -> pa.Table:
    """Fits of `candidate` to every subject."""
    checked = experiment("syn2arm.yaml", "syn2arm", recorded("syn2arm.csv"))
    sessions = reader.read(checked.datasets["syn2arm"], "syn2arm")
    assert sessions.num_rows == 8000
    return stages.fit(checked, "syn2arm", candidate, sessions)


@pytest.mark.parametrize("candidate, best", [("q", -2897.697), ("q_bounded", -2897.98)])
def test_pooled_maximum_likelihood_of_the_two_armed_bandit(candidate, best):
    fits = two_armed_bandit(candidate)
    assert total(fits) == pytest.approx(best, abs=0.01)
    assert all(fits["converged"].to_pylist())


def test_estimates_of_the_two_armed_bandit_are_as_close_to_the_truth_as_they_can_be():
    truth = np.genfromtxt(recorded("syn2arm_truth.csv"), delimiter=",", names=True)
    fits = two_armed_bandit("q_bounded").to_pylist()
    for parameter, column, most in (("alpha_pos=alpha_neg", "alpha", 0.08), ("beta", "beta", 0.78)):
        found = {r["subject"]: r["estimate"] for r in fits if r["parameter"] == parameter}
        true = zip(truth["subjID"], truth[column], strict=True)
        error = [found[str(int(subject))] - value for subject, value in true]
        assert np.sqrt(np.mean(np.square(error))) < most


def test_probabilistic_selection_keeps_every_trial_and_prefers_two_rates_to_one():
    checked = experiment(
        "pst_placebo.yaml", "placebo", recorded("pst_placebo_learn.csv"), restarts=2
    )
    sessions = reader.read(checked.datasets["placebo"], "placebo")
    assert sessions.num_rows == 31_320
    assert sessions["choice"].to_pylist().count(False) == 422
    fits = [stages.fit(checked, "placebo", c, sessions) for c in ("q", "q_dual")]
    rows = fits[1].filter(pa.compute.equal(fits[1]["parameter"], "alpha_pos")).to_pylist()
    assert len(rows) == 87 and sum(r["records"] for r in rows) == 31_320 - 422
    table = comparison(pa.concat_tables([f.replace_schema_metadata() for f in fits])).to_pylist()
    best = {r["model"]: r["aic"] for r in table}
    assert best["q_dual"] < best["q"]
