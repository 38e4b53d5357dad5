"""Striatum under lesions and drugs: bursts, pauses, rhythm, and what cells make of them."""

import numpy as np
import pytest

from jaxda.assays.d2_tone import D2Tone
from jaxda.assays.striatal_rhythm import StriatalRhythm
from jaxda.assays.striatum import Striatum
from jaxda.keys import named_keys


KEYS = named_keys(0, [("striatum", str(i)) for i in range(40)])


def typical(kind, **settings):
    """Outcomes of an individual with the published constants."""
    found = kind(variation=0.0, **settings).run(KEYS[:1])
    assert set(found) == set(kind.outcomes)
    return {name: float(x[0]) for name, x in found.items()}


def test_a_burst_by_hand():
    # With nothing to inhibit and next to no uptake a burst adds what it releases above tonic
    # firing, less uptake; here the steady state solves 4 g = vmax c / (km + c) with
    # g = 400 / (1 + 3 c / (c + 100)): at c = 42.65 nM, 4 x 400 / 1.897 = 843 = 4000 c / (160 + c).
    seen = typical(Striatum)
    c = seen["tonic"]
    made, taken = 1600 / (1 + 3 * c / (c + 100)), 4000 * c / (160 + c) + 0.04 * c
    np.testing.assert_allclose(made, taken, rtol=1e-9)
    np.testing.assert_allclose(c, 42.65, atol=0.01)
    np.testing.assert_allclose(seen["contrast"], seen["burst"] / c, rtol=1e-12)
    np.testing.assert_allclose(seen["burst"], 494, atol=2)
    np.testing.assert_allclose(seen["burst_half_life"], 0.122, atol=0.001)
    np.testing.assert_allclose(seen["pause_left"], 0.0007, atol=5e-5)


def test_settings_act_on_the_terms_they_name():
    # Survivors cancel from a tonic level without leak, so next to nothing is lost; releasing
    # and taking up twice as much is the same level; a blocker of one half doubles Km.
    base = typical(Striatum)
    twice = typical(Striatum, uptake=2.0, release=2.0)
    np.testing.assert_allclose(twice["tonic"], base["tonic"], rtol=2e-3)
    assert twice["burst_half_life"] < base["burst_half_life"]
    filled = typical(Striatum, precursor=1.5)
    np.testing.assert_allclose(filled["tonic"], typical(Striatum, release=1.5)["tonic"], rtol=1e-12)
    flux = typical(Striatum, efflux=0.3)
    c = flux["tonic"]
    gained = 1600 / (1 + 3 * c / (c + 100)) + 0.3 * 4000
    np.testing.assert_allclose(gained, 4000 * c / (160 + c) + 0.04 * c, rtol=1e-9)
    # Efflux does not wait for spikes.
    assert flux["pause_left"] > 0.5 > base["pause_left"]
    few = typical(Striatum, survivors=0.2)
    np.testing.assert_allclose(few["burst"] / base["burst"], 0.305, rtol=0.02)
    np.testing.assert_allclose(few["burst_half_life"] / base["burst_half_life"], 2.75, rtol=0.02)


# Survivors, precursor; nM tonic, peak; drive of D1 and D2 cells: an independent integration.
ROWS = [
    ((1.0, 1.0), (37.8, 378, 0.178, 0.551)),
    ((0.1, 1.0), (28.7, 99, 0.032, 0.855)),
    ((1.0, 3.0), (118.9, 1234, 1.395, 0.162)),
]


@pytest.mark.parametrize("given, expected", ROWS)
def test_a_cycle_stands_for_two_minutes(given, expected):
    seen = typical(StriatalRhythm, survivors=given[0], precursor=given[1])
    got = [seen[name] for name in ("tonic", "peak", "d1_drive", "d2_drive")]
    np.testing.assert_allclose(got, expected, rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(seen["contrast"], seen["peak"] / seen["tonic"], rtol=1e-12)


def test_antagonists_of_the_drive():
    base = typical(StriatalRhythm)
    one = typical(StriatalRhythm, d1_blocked=0.6)
    assert one["d1_drive"] < base["d1_drive"]
    assert one["tonic"] == base["tonic"] and one["d2_drive"] == base["d2_drive"]
    two = typical(StriatalRhythm, d2_blocked=0.72)
    assert two["d2_drive"] > base["d2_drive"]
    # Autoreceptors are blocked with them.
    assert two["tonic"] > 1.3 * base["tonic"]


def test_d2_tone_by_hand():
    # 50 / (50 + 10 / .35) = .63636; 50 / 60 without drug.
    assert typical(D2Tone)["d2_tone"] == pytest.approx(5 / 6, rel=1e-12)
    seen = typical(D2Tone, antagonist=0.65)
    assert seen["d2_tone"] == pytest.approx(0.6363636363, rel=1e-9)
    # Release at C is what an autoreceptor of 100 / .35 nM lets out of 1600 nM/s.
    c = seen["tonic"]
    made = 1600 / (1 + 3 * c / (c + 100 / 0.35))
    assert made == pytest.approx(4000 * c / (160 + c) + 0.04 * c, rel=1e-9)


@pytest.mark.parametrize("kind", [Striatum, StriatalRhythm, D2Tone])
def test_individuals_keep_their_numbers(kind):
    few, all_ = kind().run(KEYS[:1]), kind().run(KEYS)
    again = kind().run(KEYS)
    for name, x in all_.items():
        assert x.shape == (40,) and np.isfinite(x).all()
        np.testing.assert_array_equal(x, again[name])
        # Nobody depends on who else is there.
        np.testing.assert_allclose(x[:1], few[name], rtol=1e-6)
    assert np.std(all_["tonic"]) > 0


def test_variation_is_that_of_the_logarithm():
    keys = named_keys(0, [("many", str(i)) for i in range(4000)])
    # Of the logarithm of a level of D2 receptors far below their dissociation constant, which
    # is that of dopamine over kd.
    tone = D2Tone(dopamine=1e-6, variation=0.1).run(keys)["d2_tone"]
    assert np.log(tone).std() == pytest.approx(0.1 * 2**0.5, rel=0.04)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"region": "cerebellum"}, "region must be one of ds, nac"),
        ({"leak": "none"}, "leak must be one of measured, calibrated"),
        ({"survivors": 0.0}, r"survivors must lie in \(0, 1\], got 0"),
        ({"occupancy": 1.0}, r"occupancy must lie in \[0, 1\), got 1"),
        ({"uptake": 0.0}, r"uptake must lie in \(0, inf\)"),
        ({"precursor": float("inf")}, "precursor must lie in"),
        ({"efflux": float("nan")}, "efflux must lie in"),
        ({"release": True}, "release must be a number, got True"),
        ({"variation": 3.0}, "variation must lie in"),
    ],
)
@pytest.mark.parametrize("kind", [Striatum, StriatalRhythm])
def test_settings_without_meaning_are_refused(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        kind(**settings)


def test_other_settings_without_meaning_are_refused():
    with pytest.raises(ValueError, match=r"d2_blocked must lie in \[0, 1\), got 1"):
        StriatalRhythm(d2_blocked=1.0)
    with pytest.raises(ValueError, match=r"antagonist must lie in \[0, 1\), got -0.1"):
        D2Tone(antagonist=-0.1)
    with pytest.raises(ValueError, match=r"kd must lie in \(0, inf\)"):
        D2Tone(kd=0.0)
