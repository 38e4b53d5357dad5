"""Prolactin of a group and the response to levodopa, by numbers from elsewhere."""

import numpy as np
import pytest

from jaxda.assays.levodopa_response import LevodopaResponse
from jaxda.assays.prolactin_level import ProlactinLevel
from jaxda.keys import named_keys


KEYS = named_keys(0, [("people", str(i)) for i in range(2000)])


def one(assay):
    return {name: float(x[0]) for name, x in assay.run(KEYS[:1]).items()}


@pytest.mark.parametrize(
    "settings, fold",
    [
        ({}, 1.0),
        # (1 + x)^(1 / 2.44), h^(-1 / 2.44), and the root of p (p^1.44 + a) = 1.
        ({"drug": 15.0}, 3.115),
        ({"dopamine": 0.1}, 2.57),
        ({"agonist": 3.0}, 0.314),
    ],
)
def test_typical_people(settings, fold):
    seen = one(ProlactinLevel(variation=0.0, **settings))
    assert seen["fold"] == pytest.approx(fold, rel=2e-3)
    assert seen["level"] == pytest.approx(7.67 * fold, rel=2e-3)
    assert set(seen) == set(ProlactinLevel.outcomes)


def test_the_peak_comes_before_tolerance():
    seen = one(ProlactinLevel(variation=0.0, drug=15.0))
    assert seen["peak_fold"] == pytest.approx(6.20, rel=0.02)
    assert one(ProlactinLevel(variation=0.0, agonist=3.0))["peak_fold"] == 1.0


def test_people_differ_as_published():
    seen = ProlactinLevel(drug=15.0).run(KEYS)
    # Mean of (1 + 15 e^(-z))^(1 / 2.44) over z of variance 1.82, by quadrature.
    z, w = np.polynomial.hermite_e.hermegauss(80)
    mean = (w @ (1 + 15 * np.exp(-(1.82**0.5) * z)) ** (1 / 2.44)) / w.sum()
    error = seen["fold"].std() / len(KEYS) ** 0.5
    assert abs(seen["fold"].mean() - mean) < 3.5 * error
    log = np.log(ProlactinLevel().run(KEYS)["level"])
    assert log.mean() == pytest.approx(np.log(7.67), abs=0.06)
    assert log.var() == pytest.approx(0.425, rel=0.15)
    # A high baseline goes with a low sensitivity.
    base = seen["level"] / seen["fold"]
    assert np.corrcoef(np.log(base), np.log(seen["fold"]))[0, 1] < -0.7


def test_levodopa_of_the_groups():
    # Peak, share lost and minutes above half of the group medians, computed elsewhere.
    for group, known in (
        ("stable_medians", (0.37, 0.13, 211)),
        ("fluctuating_medians", (0.76, 0.91, 128)),
    ):
        seen = one(LevodopaResponse(group=group, variation=0.0))
        got = [seen[name] for name in ("peak", "lost_at_4h", "minutes_above_half")]
        np.testing.assert_allclose(got, known, rtol=0.025)
    own = LevodopaResponse(half_life=26.0, ec50=0.64, hill=2.2, variation=0.0)
    assert one(own) == one(LevodopaResponse(group="fluctuating_medians", variation=0.0))


def test_a_small_dose_by_hand():
    # Far below EC50 with exponent 1 the effect is the concentration over EC50: linear in dose.
    low, high = (
        one(LevodopaResponse(dose=d, ec50=1e4, hill=1.0, variation=0.0)) for d in (50.0, 100.0)
    )
    assert high["peak"] / low["peak"] == pytest.approx(2.0, rel=1e-3)
    assert high["lost_at_4h"] == pytest.approx(low["lost_at_4h"], rel=1e-3)


@pytest.mark.parametrize("kind", [ProlactinLevel, LevodopaResponse])
def test_individuals_keep_their_numbers(kind):
    few, all_, again = (kind().run(k) for k in (KEYS[:1], KEYS, KEYS))
    for name, x in all_.items():
        np.testing.assert_array_equal(x, again[name])
        np.testing.assert_allclose(x[:1], few[name], rtol=1e-9)


@pytest.mark.parametrize(
    "kind, settings, message",
    [
        (ProlactinLevel, {"drug": -1.0}, r"drug must lie in \[0, inf\), got -1"),
        (ProlactinLevel, {"dopamine": 0.0}, r"dopamine must lie in \(0, 1\], got 0"),
        (ProlactinLevel, {"people": "remoxipride_rat"}, "people must be one of healthy_men"),
        (LevodopaResponse, {"group": "mild"}, "group must be one of stable"),
        (LevodopaResponse, {"half_life": 0.0}, r"half_life must lie in \(0, inf\), got 0"),
        (LevodopaResponse, {"dose": 0.0}, "dose must lie in"),
    ],
)
def test_settings_without_meaning_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)
