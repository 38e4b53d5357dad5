"""Figures of predictive checks, worked by hand from the table beside this file."""

import pytest

from jaxda.errors import InputError
from jaxda.figures._base import Tables
from jaxda.figures._predictive import p_value
from jaxda.figures._style import style
from jaxda.figures.posterior_predictive import PosteriorPredictive
from jaxda.figures.prior_predictive import PriorPredictive

from .tables import experiment, predictive


class _Tables(Tables):
    """Of each analysis the table beside this file, for `opal` with predictions a quarter higher."""

    def __init__(self, scenarios, how):
        super().__init__(experiment(), scenarios, lambda *_: None)
        self._how = how

    def analysis(self, kind, scenario, source=None, model=None):
        p = 0.4 if kind == "posterior_predictive.statistics" else None
        assert p or kind == "prior_predictive.statistics"
        made = predictive(self._how, p, 0.25 if model == "opal" else 0.0)
        return made if self._how else made.slice(0, 0)


def drawn(figure, *scenarios, how="simulated"):
    with style():
        return figure.draw(_Tables(scenarios, how))


def test_fitted_models_against_what_was_observed():
    it = drawn(PosteriorPredictive(), "learn")
    by_model = it.numbers["learn"]["opal"]
    assert set(by_model) == {"q", "opal"}
    last = by_model["q"]["P(better option)"]["trials 21 to 30"]
    assert (last["observed"], last["high"], last["p"]) == (0.9, pytest.approx(0.7), 0.0)
    # q misses the last block; opal, a quarter higher, the first two and both stays.
    (text,) = it.findings
    assert "q holds 4 of 5 observed values" in text
    assert "opal holds 1 of 5 observed values" in text
    assert "P(better option) trials 21 to 30, p < 0.020" in text
    assert "simulated from their first trial on" in it.caption and "n = 2 subjects" in it.caption
    course, stays = it.figure.axes
    assert course.get_xlabel() == "trial" and stays.get_ylabel() == "P(stay)"
    # No legend inside a panel, where it would lie on curves.
    assert course.get_legend() is None and len(it.figure.legends) == 1


def test_recorded_data_say_that_they_are_looked_at_one_step_ahead():
    it = drawn(PosteriorPredictive(), "lab", how="one step ahead")
    assert "each given the recorded past of its trial" in it.caption
    assert "Data 'lab'" in it.caption


def test_subjects_of_a_prior():
    it = drawn(PriorPredictive(), "learn")
    first = it.numbers["learn"]["opal"]["q"]["P(better option)"]["trials 1 to 10"]
    assert first == pytest.approx({"observed": 0.5, "mean": 0.6, "low": 0.5, "high": 0.7})
    assert "is 0.60, 90 % of subjects from 0.50 to 0.70; the sessions of opal" in it.findings[0]
    assert "have 0.90" in it.findings[0] and len(it.figure.axes) == 4
    assert "n = 50 simulated subjects, observed n = 2 subjects" in it.caption


def test_what_has_nothing_to_show_is_refused():
    with pytest.raises(InputError, match="without a task"):
        drawn(PriorPredictive(), "lab")
    for figure in (PosteriorPredictive(), PriorPredictive()):
        with pytest.raises(InputError, match="no statistic of behaviour"):
            drawn(figure, "learn", how="")


def test_p_values_say_no_more_than_their_draws():
    assert (p_value(0.0, 50), p_value(1.0, 200), p_value(0.25, 50)) == (
        "p < 0.020",
        "p > 0.995",
        "p = 0.25",
    )
