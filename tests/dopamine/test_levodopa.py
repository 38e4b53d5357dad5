"""Levodopa: exact kinetics, wearing-off by stage, dose and duration, and what it couples to."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine.levodopa import (
    RESPONSES,
    Levodopa,
    Response,
    day,
    latency,
    minutes_above,
    precursor,
    response,
)
from jaxda.theory.vigor import best_latency


TIME = jnp.linspace(0, 240, 961)
TAKEN, DOSE = jnp.array([0.0]), jnp.array([100.0])


def test_plasma_after_one_dose():
    kinetics = Levodopa()
    plasma = kinetics.plasma(TIME, TAKEN, DOSE)
    # Between the groups: half-lives of 50 and 57 min, peaks of 2.01 and 2.20 µg/mL.
    assert 50 < float(kinetics.half_life()) < 57
    assert float(plasma.max()) == pytest.approx(2.2, rel=0.02)
    assert float(TIME[plasma.argmax()]) == pytest.approx(42, abs=0.3)
    # All of it is cleared.
    long = jnp.linspace(0, 2000, 40001)
    area = jnp.trapezoid(kinetics.plasma(long, TAKEN, DOSE), long)
    assert float(area * kinetics.clearance) == pytest.approx(100, rel=1e-4)


def test_exact_solution_is_that_of_the_equations():
    kinetics, taken = Levodopa(), jnp.array([0.0, 180.0, 200.0])
    doses, ke0 = jnp.array([100.0, 50.0, 150.0]), jnp.asarray(0.02)
    edges = jnp.sort(jnp.concatenate([taken + 12, taken + 42]))

    def slope(t, y, args):
        c1, c2, ce = y
        begun = t - taken - kinetics.lag
        flow = jnp.sum(jnp.where((begun > 0) & (begun < 30), doses / 30, 0.0))
        swap = kinetics.k12 * c2 - kinetics.k21 * c1
        return (
            (swap - kinetics.clearance * c1 + flow) / kinetics.v1,
            -swap / kinetics.v2,
            ke0 * (c1 - ce),
        )

    time = jnp.linspace(0, 600, 301)
    steps = diffrax.PIDController(rtol=1e-9, atol=1e-12)
    solved = diffrax.diffeqsolve(
        diffrax.ODETerm(slope),
        diffrax.Tsit5(),
        0.0,
        600.0,
        None,
        (jnp.asarray(0.0),) * 3,
        saveat=diffrax.SaveAt(ts=time),
        stepsize_controller=diffrax.ClipStepSizeController(steps, jump_ts=edges),
        max_steps=10_000,
    )
    plasma, _, site = solved.ys
    np.testing.assert_allclose(kinetics.plasma(time, taken, doses), plasma, atol=2e-7)
    np.testing.assert_allclose(kinetics.site(time, taken, doses, ke0), site, atol=2e-7)


def test_an_effect_site_as_fast_as_plasma_is_no_special_case():
    kinetics = Levodopa()
    for rate in kinetics.rates():
        ke0 = rate * (1 + jnp.array([-1e-3, -2e-4, -5e-5, 0.0, 5e-5, 2e-4, 1e-3]))
        at = lambda k: kinetics.site(TIME, TAKEN, DOSE, k)[400]
        site, slope = jax.jit(jax.vmap(jax.value_and_grad(at)))(ke0)
        # Smooth in ke0 through the meeting of the rates.
        line = site[3] + slope[3] * (ke0 - rate)
        np.testing.assert_allclose(site, line, rtol=2e-6)
        np.testing.assert_allclose(slope, slope[3], rtol=1e-2)


@pytest.mark.parametrize(
    "name, peak, lost, minutes",
    [
        ("stable", 0.50, 0.17, 206),
        ("moderate", 0.58, 0.60, 180),
        ("fluctuating", 0.84, 0.99, 102),
        ("stable_medians", 0.37, 0.13, 211),
        ("fluctuating_medians", 0.76, 0.91, 128),
    ],
)
def test_response_wears_off_sooner_with_disease(name, peak, lost, minutes):
    one = day(TIME, TAKEN, DOSE, response(name))
    assert float(one.effect.max()) == pytest.approx(peak, rel=0.02)
    assert float(one.lost(240.0)) == pytest.approx(lost, rel=0.02)
    above = minutes_above(TIME, one.effect, one.effect.max() / 2)
    assert float(above) == pytest.approx(minutes, rel=0.02)


@pytest.mark.parametrize("name, lost", [("stable_medians", 0.19), ("fluctuating_medians", 0.86)])
def test_group_medians_lose_what_patients_lose_in_four_hours(name, lost):
    assert float(day(TIME, TAKEN, DOSE, response(name)).lost(240.0)) == pytest.approx(
        lost, abs=0.15
    )


def test_each_doubling_of_a_steep_fast_response_adds_a_half_life():
    time = jnp.linspace(0, 600, 2401)
    steep = Response(half_life=10.0, ec50=0.7, hill=50.0)
    found = [
        float(minutes_above(time, day(time, TAKEN, jnp.array([q]), steep).effect, 0.5))
        for q in (50.0, 100.0, 200.0, 400.0)
    ]
    assert found == pytest.approx([20, 85, 143, 198], rel=0.02)
    half_life = float(Levodopa().half_life())
    assert found[3] - found[2] == pytest.approx(half_life, rel=0.1)
    assert found[2] - found[1] == pytest.approx(half_life, rel=0.15)


def test_vigour_follows_the_square_root_of_tone():
    tone = jnp.array([0.846, 0.563, 0.25, 1.0, 4.0])
    np.testing.assert_allclose(latency(tone), [1.087, 1.333, 2, 1, 0.5], rtol=1e-3)
    # It is the ratio of the best latencies, whatever the cost.
    rate = 0.7 * np.concatenate([tone, [1.0]])
    ratio = best_latency(0.3, rate)[:-1] / best_latency(0.3, rate)[-1]
    np.testing.assert_allclose(latency(tone), ratio, rtol=1e-12)


def test_precursor_follows_the_effect_site():
    assert float(precursor(jnp.asarray(0.0))) == 1
    assert float(precursor(jnp.asarray(0.5), ec50=0.5)) == 2
    assert float(precursor(jnp.asarray(1e9))) == pytest.approx(3)
    site = day(TIME, TAKEN, DOSE, response("moderate")).site
    factor = precursor(site)
    assert factor.argmax() == site.argmax() and float(factor.min()) == 1


def test_lost_terminals_make_equilibration_faster():
    intact = Response(half_life=112.0)
    assert float(intact.with_survivors(0.25).ke0 / intact.ke0) == pytest.approx(4)
    assert float(intact.with_survivors(1.0).half_life) == 112
    lost = lambda f: day(TIME, TAKEN, DOSE, intact.with_survivors(f)).lost(240.0)
    assert float(lost(0.2)) > float(lost(0.5)) > float(lost(1.0))
    with pytest.raises(ValueError, match="survivors = 0"):
        intact.with_survivors(0.0)


def test_a_day_of_doses_is_their_sum():
    time = jnp.linspace(0, 960, 961)
    taken, doses = jnp.arange(4.0) * 240, jnp.array([100.0, 100.0, 150.0, 50.0])
    kinetics = Levodopa()
    whole = kinetics.plasma(time, taken, doses)
    parts = sum(kinetics.plasma(time, taken[i : i + 1], doses[i : i + 1]) for i in range(4))
    np.testing.assert_allclose(whole, parts, atol=1e-12)
    np.testing.assert_allclose(kinetics.plasma(time, taken, 2 * doses), 2 * whole, atol=1e-12)
    moved = kinetics.plasma(time + 37, taken + 37, doses)
    np.testing.assert_allclose(moved, whole, atol=1e-12)


def test_minutes_above_is_exact_for_straight_lines():
    tent = jnp.array([0.0, 1.0, 0.0])
    at = jnp.array([0.0, 10.0, 30.0])
    for level in (0.0, 0.25, 0.5, 0.9):
        assert float(minutes_above(at, tent, level)) == pytest.approx(30 * (1 - level))
    assert float(minutes_above(at, tent, 1.0)) == 0
    assert float(minutes_above(at, tent, -1.0)) == 30


def outcome(values):
    doses, taken, clearance, half_life, ec50, hill = values
    shape = Response(half_life=half_life, ec50=ec50, hill=hill)
    course = day(jnp.linspace(0, 480, 961), taken, doses, shape, Levodopa(clearance=clearance))
    return course.effect[700] + minutes_above(course.time, course.effect, 0.3) / 10


OUTCOME, SLOPE = jax.jit(outcome), jax.jit(jax.grad(outcome))


@pytest.mark.parametrize("name", RESPONSES)
def test_gradients_equal_finite_differences(name):
    doses, taken = jnp.array([100.0, 60.0]), jnp.array([1.3, 171.7])
    values = (doses, taken, *map(jnp.asarray, (0.65, *RESPONSES[name])))
    flat, back = jax.flatten_util.ravel_pytree(values)
    got, _ = jax.flatten_util.ravel_pytree(SLOPE(values))
    assert np.count_nonzero(got) == len(flat)
    for i in range(len(flat)):
        h = 1e-5 * float(flat[i])
        up, down = (OUTCOME(back(flat.at[i].add(s * h))) for s in (1, -1))
        assert float(got[i]) == pytest.approx(float(up - down) / (2 * h), rel=1e-4, abs=1e-7)


def test_slopes_are_finite_before_the_first_dose():
    late = lambda q: day(TIME, jnp.array([100.0]), q, response("stable_medians")).effect.sum()
    for doses in (DOSE, jnp.array([0.0])):
        assert np.isfinite(jax.grad(late)(doses)).all()
    assert float(day(TIME, TAKEN, jnp.array([0.0]), response("stable")).effect.max()) == 0


def test_what_cannot_be_is_refused_with_its_numbers():
    with pytest.raises(ValueError, match=r"dose must be .* not negative, in mg; got dose = \[-5"):
        Levodopa().plasma(TIME, TAKEN, jnp.array([-5.0]))
    with pytest.raises((ValueError, jax.errors.JaxRuntimeError), match=r"dose = \[-5"):
        jax.jit(lambda q: Levodopa().plasma(TIME, TAKEN, q))(jnp.array([-5.0])).block_until_ready()
    # Where annotations are not checked, the message is the package's own.
    with pytest.raises((ValueError, TypeError), match=r"give one each|'doses'"):
        Levodopa().plasma(TIME, TAKEN, jnp.ones(2))
    with pytest.raises(ValueError, match="dose time must be finite"):
        Levodopa().plasma(TIME, jnp.array([jnp.nan]), DOSE)
    with pytest.raises(ValueError, match=r"must be above 0; got clearance = 0"):
        Levodopa(clearance=0.0).plasma(TIME, TAKEN, DOSE)
    with pytest.raises(ValueError, match="hill = -1"):
        day(TIME, TAKEN, DOSE, Response(hill=-1.0))
    with pytest.raises(ValueError, match="there is no response 'better'"):
        response("better")
    with pytest.raises(ValueError, match="within the day"):
        day(TIME, TAKEN, DOSE, response("stable")).lost(241.0)
    with pytest.raises(ValueError, match="tone"):
        latency(-1.0)


def test_every_part_says_its_species():
    assert Levodopa.species == Response.species == "human"
    assert day(TIME, TAKEN, DOSE, response("stable")).species == "human"
