"""The numbers behind each figure, worked by hand from the tables beside this file."""

import math

import numpy as np
import pytest

from jaxda.errors import InputError
from jaxda.figures.choose_avoid import ChooseAvoid
from jaxda.figures.comparison import Comparison
from jaxda.figures.confusion import Confusion
from jaxda.figures.cs_shift import CSShift
from jaxda.figures.data_overview import DataOverview
from jaxda.figures.dose_response import DoseResponse
from jaxda.figures.expectile_code import ExpectileCode, expectiles
from jaxda.figures.go_nogo_weights import GoNogoWeights
from jaxda.figures.learning_curves import LearningCurves
from jaxda.figures.recovery import Recovery
from jaxda.figures.vigor import Vigor

from .tables import cues, drawn, lab, learn, table


def test_the_response_moves_to_the_cue():
    by_dose = drawn(CSShift(), "cues").numbers["cues"]["td"]
    intact, lesioned = by_dose["0"], by_dose["0.5"]
    # Signals are .25 .5 .75 1 at the cue and .75 .5 .25 0 at the reward: equal on trial 2.
    assert intact["crossing_trial"] == lesioned["crossing_trial"] == 3
    assert (intact["cue_late"]["mean"], lesioned["cue_late"]["mean"]) == (1.0, 0.5)
    assert intact["reward_first"]["mean"] == 0.75
    # Trial 4 is the last tenth: only subject a is rewarded there, only b is not.
    assert (intact["reward_late"]["mean"], intact["reward_late"]["n"]) == (0.0, 1)
    assert (intact["omission_late"]["mean"], lesioned["omission_late"]["mean"]) == (-0.8, -0.4)


def test_curves_of_learning():
    by_dose = drawn(LearningCurves(), "learn").numbers["learn"]["opal"]
    assert by_dose["0"]["trial"] == [5.5, 15.5]
    assert by_dose["0"]["course"]["mean"] == [0.5, 0.9]
    assert by_dose["0"]["course"]["high"][1] == 1.0
    assert by_dose["0"]["whole"]["mean"] == pytest.approx((15 / 20 + 13 / 20) / 2)
    assert by_dose["0.5"]["last"]["mean"] == 0.5


def test_weights_by_item():
    by_dose = drawn(GoNogoWeights(), "learn").numbers["learn"]["opal"]
    # 1 + t / 10 over t = 1 ... 10 and 11 ... 20.
    assert by_dose["0"]["go"]["A"]["course"]["mean"] == pytest.approx([1.55, 2.55])
    assert by_dose["0.5"]["go"]["A"]["whole"]["mean"] == pytest.approx(1.525)
    assert by_dose["0"]["nogo"]["B"]["last"]["mean"] == 2.0
    assert set(by_dose["0"]["go"]) == {"A", "B"}, "rows without feedback do not count"


def test_choosing_and_avoiding():
    it = drawn(ChooseAvoid(), "learn").numbers["learn"]["opal"]["0"]
    assert it["choose A"]["mean"] == 0.75 and it["avoid B"]["mean"] == 0.75
    # Within subjects: .5 - 1 and 1 - .5.
    assert it["contrast"]["mean"] == 0.0
    assert it["contrast"]["high"] == pytest.approx(1.959964 * 0.5)


def test_vigour_and_its_law():
    by_dose = drawn(Vigor(), "lever").numbers["lever"]["vigour"]
    intact, slow = by_dose["0"], by_dose["-1"]
    # Medians are 2 and 4 s; three presses take 6 + 3 and 12 + 3 s.
    assert intact["latency"]["mean"] == 3.0
    assert intact["rate"]["mean"] == pytest.approx((180 / 9 + 180 / 15) / 2)
    assert slow["latency_ratio"]["mean"] == pytest.approx(3.0)
    assert slow["law_latency"] == pytest.approx(3 * math.exp(0.5))
    # Learned average reward falls to a quarter: twice as slow again.
    assert slow["law_latency_learned"] == pytest.approx(6 * math.exp(0.5))


def test_values_and_reversal_points_of_channels():
    it = drawn(ExpectileCode(), "drops").numbers["drops"]["channels"]
    assert it["tau"] == [0.25, 0.75]
    # Expectiles of a fair coin: tau p / (tau p + (1 - tau)(1 - p)).
    assert it["theory"] == pytest.approx([0.25, 0.75])
    assert it["doses"]["0"]["value"]["mean"] == pytest.approx([0.25, 0.75])
    assert it["doses"]["0"]["reversal"] == pytest.approx([0.25, 0.75])
    assert it["doses"]["0"]["positive"] == [0.0, 1.0]
    assert it["doses"]["0"]["rmse"] == pytest.approx(0)


def test_expectiles_of_known_distributions():
    coin = expectiles(np.array([0.0, 1.0]), np.array([0.7, 0.3]), np.array([0.8]))
    assert coin == pytest.approx([0.631579], abs=1e-6)
    # Seven drops of water (Eshel et al. 2016; Dabney et al. 2020).
    sizes = np.array([0.1, 0.3, 1.2, 2.5, 5.0, 10.0, 20.0])
    odds = np.array(
        [0.06612594, 0.09090909, 0.14847358, 0.15489467, 0.31159175, 0.1509519, 0.07705306]
    )
    tau = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    right = [2.00468, 3.72203, 5.20783, 7.11290, 10.84883]
    assert expectiles(sizes, odds / odds.sum(), tau) == pytest.approx(right, abs=1e-5)


def test_recovered_doses():
    it = drawn(DoseResponse(), "learn").numbers["learn"]["opal"]
    # Errors 0, .2, -.1, .1; estimates 0 .2 .4 .6 against 0 0 .5 .5.
    assert it["bias"] == pytest.approx(0.05)
    assert it["rmse"] == pytest.approx(math.sqrt(0.06 / 4))
    assert it["r"]["value"] == pytest.approx(2 / math.sqrt(5))
    assert it["recovered"]["0.5"]["mean"] == pytest.approx(0.5)
    assert it["corners"] == 1
    assert it["behaviour"]["P(better option)"]["0"]["mean"] == pytest.approx(0.7)
    assert it["behaviour"]["choose A"]["0"]["mean"] == 0.75


def test_recovery_tells_what_its_table_says():
    said = drawn(Recovery(), "learn")
    it = said.numbers["learn"]["opal"]
    assert set(it) == {"alpha_c", "beta"} and it["beta"]["r"] == 0.3
    assert "1 of 2 parameters" in said.findings[0]
    assert "worst beta of opal" in said.findings[1]
    assert "50 %" in said.findings[2]


def test_confusion_in_the_order_of_the_experiment():
    said = drawn(Confusion(), "learn")
    it = said.numbers["learn"]
    assert list(it["confusion"]["opal"].items()) == [("q", 0.25), ("opal", 0.75)]
    assert math.isnan(it["inversion"]["opal"]["q"])
    assert "opal 75 %" in said.findings[0] and "chance among 2 candidates: 50 %" in said.findings[0]


def test_comparison_of_simulations_and_data():
    said = drawn(Comparison(), "learn", "lab")
    of = said.numbers["learn"]["opal"]["0"]
    assert list(of) == ["q", "opal"]
    assert (of["q"]["delta_bic"], of["q"]["se_bic"], of["opal"]["delta_aic"]) == (3.0, 1.0, 1.0)
    assert said.numbers["lab"]["data"]["0"]["opal"]["wins_bic"] == 0.75
    assert "next is worse by 3.0 per unit" in said.findings[1]


def test_a_data_set_at_a_glance():
    said = drawn(DataOverview(), "lab")
    it = said.numbers["lab"]["data"]
    assert (it["subjects"], it["sessions"], it["choices"], it["missing"]) == (2, 2, 39, 1)
    # Item 1 paid: subject a always takes it, b from trial 11 on.
    assert (it["first"]["mean"], it["last"]["mean"]) == (0.5, 1.0)
    assert it["parameters"]["q"]["alpha_pos"]["median"] == pytest.approx(0.3)
    assert "q has the lowest total BIC" in said.findings[1]


def test_no_subject_is_named():
    rows = lab().to_pylist()
    for row in rows:
        row["subject"] = f"patient {row['subject']}"
    said = drawn(DataOverview(), "lab", sessions=table(rows))
    assert "patient" not in str([said.caption, said.findings, said.numbers])


@pytest.mark.parametrize(
    ("figure", "scenario", "found"),
    [
        (CSShift(), "learn", "no column dopamine or rpe"),
        (LearningCurves(), "cues", "nobody chooses"),
        (GoNogoWeights(), "lab", "no columns go_0"),
        (ChooseAvoid(), "lab", "no test without feedback"),
        (Vigor(), "learn", "no latencies"),
        (ExpectileCode(), "learn", "no columns value_0"),
        (Recovery(), "lab", "no candidate generated"),
        (Confusion(), "lab", "known origin"),
        (DataOverview(), "lever", "no choice"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,
)
def test_a_scenario_that_cannot_be_drawn_is_told(figure, scenario, found):
    cases = {"cues": with_choices(cues()), "lever": with_choices(cues())}
    changed = {"sessions": cases[scenario]} if scenario in cases else {}
    if scenario == "lab" and isinstance(figure, Confusion):
        changed = {"confusion": table([{"dose": 0.0}])}
    with pytest.raises(InputError, match=found) as error:
        drawn(figure, scenario, **changed)
    assert f"figures.{type(figure).__module__.rsplit('.', 1)[-1]}: {scenario}" in str(error.value)


def with_choices(made):
    """The table with the columns of choices, in which nobody acts."""
    more = {"action": None, "option_0": 0, "cue": 0, "feedback": True, "session": "1"}
    rows = [{**row, **more} for row in made.to_pylist()]
    out = table(rows)
    at = out.column_names.index("action")
    return out.set_column(at, "action", out.column("action").cast("int64"))


def test_bins_of_unequal_trials_are_refused():
    # The second trial loses its middle bin, and what follows comes one earlier.
    rows = [
        r | {"event": r["event"] - (r["event"] > 4)} for r in cues().to_pylist() if r["event"] != 4
    ]
    with pytest.raises(InputError, match="unequal length"):
        drawn(CSShift(), "cues", sessions=table(rows))


def test_one_subject_has_no_interval():
    rows = [r for r in learn().to_pylist() if r["subject"] == "a"]
    it = drawn(LearningCurves(), "learn", sessions=table(rows)).numbers["learn"]["opal"]["0"]
    assert it["last"]["n"] == 1 and math.isnan(it["last"]["low"])
