"""Prolactin: steady states, peaks, withdrawal, rhythm, agonists, and the pool of the rat."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxda.dopamine import prolactin
from jaxda.dopamine.prolactin import (
    PRESETS,
    AgonistProlactin,
    HumanProlactin,
    RatProlactin,
    preset,
)
from jaxda.keys import named_key


KI = 1.96
HOURS = jnp.linspace(0, 6, 25)


def human(**values):
    return HumanProlactin(**values)


def fold(course, model):
    return np.asarray(course.prolactin / model.baseline)


def test_steady_state_is_a_power_of_the_unblocked_drive():
    x = jnp.array([1.0, 5.0, 15.0, 40.0])
    known = [1.329, 2.084, 3.115, 4.581]
    model = human()
    np.testing.assert_allclose(model.limit(KI * x) / model.baseline, known, atol=1e-3)
    np.testing.assert_allclose(model.steady(KI * x) / model.baseline, known, atol=1e-3)
    endless = human(d0=jnp.inf)
    np.testing.assert_allclose(endless.steady(KI * x), endless.limit(KI * x), rtol=1e-12)
    # It is where the simulation comes to rest.
    course = model.simulate(jnp.array([0.0, 300.0]), 15 * KI, rhythm=False)
    assert fold(course, model)[-1] == pytest.approx(float(model.steady(15 * KI)) / 16.1, rel=1e-5)


@pytest.mark.parametrize(
    "x, peak, hours", [(5.0, 3.37, 1.7), (15.0, 6.20, 1.3), (40.0, 10.75, 0.9)]
)
def test_peak_before_tolerance(x, peak, hours):
    model = human()
    time = jnp.linspace(0, 6, 1201)
    seen = fold(model.simulate(time, x * KI, rhythm=False), model)
    assert seen.max() == pytest.approx(peak, rel=0.02)
    assert float(time[seen.argmax()]) == pytest.approx(hours, abs=0.05)
    if x == 15:
        assert float(model.steady(x * KI)) / 16.1 / seen.max() == pytest.approx(0.50, rel=0.02)


def test_withdrawal_after_two_weeks_undershoots_and_recovers():
    model = human()
    held = model.simulate(jnp.array([0.0, 336.0]), 15 * KI, rhythm=False)
    time = jnp.linspace(0, 48, 4801)
    start = (held.prolactin[-1], held.driver[-1])
    seen = fold(model.simulate(time, 0.0, rhythm=False, start=start), model)
    assert seen.min() == pytest.approx(0.381, rel=0.02)
    assert float(time[seen.argmin()]) == pytest.approx(5.7, abs=0.05)
    outside = np.flatnonzero(np.abs(seen - 1) > 0.05)
    assert 16 < float(time[outside[-1]]) < 17


def test_one_run_with_a_step_is_two_runs():
    model = human()
    time = jnp.linspace(0, 48, 481)
    whole = model.simulate(time, lambda t: jnp.where(t < 24, 30.0, 0.0), jumps=jnp.array([24.0]))
    first = model.simulate(time[:241], 30.0)
    start = (first.prolactin[-1], first.driver[-1])
    second = model.simulate(time[240:], 0.0, start=start)
    both = jnp.concatenate([first.prolactin, second.prolactin[1:]])
    np.testing.assert_allclose(whole.prolactin, both, rtol=1e-5)
    # A line through its points is that line.
    line = jnp.linspace(0.0, 10.0, 481)
    np.testing.assert_allclose(
        model.simulate(time, line).prolactin,
        model.simulate(time, lambda t: 10 * t / 48).prolactin,
        rtol=1e-6,
    )


def test_daily_rhythm_of_patients_and_of_volunteers():
    hours = jnp.linspace(0, 240, 24001)
    found = {}
    for name in ("male_patients", "healthy_men"):
        model = preset(HumanProlactin, name)
        seen = fold(model.simulate(hours), model)[-2400:]
        clock = np.asarray(hours)[-2400:] % 24
        found[name] = clock[seen.argmax()]
        assert (seen.min(), seen.max()) == pytest.approx((0.56, 1.63), rel=0.02)
        assert seen.mean() == pytest.approx(1.005, rel=1e-3)
        if name == "male_patients":
            assert (clock[seen.argmin()], clock[seen.argmax()]) == pytest.approx(
                (2.3, 18.6), abs=0.1
            )
    assert found["healthy_men"] - found["male_patients"] == pytest.approx(1.61, abs=0.02)


def test_loss_of_dopamine_and_an_agonist():
    model = human()
    lost = [float(model.steady(tone=h)) / 16.1 for h in (1.0, 0.5, 0.1)]
    assert lost == pytest.approx([1.0, 1.329, 2.57], rel=1e-3)
    agonist = [float(model.steady(agonist=a)) / 16.1 for a in (1.0, 3.0, 10.0)]
    assert agonist == pytest.approx([0.650, 0.314, 0.100], rel=5e-3)
    # p (p^U + a) = 1, and the simulation comes to rest there.
    course = model.simulate(jnp.array([0.0, 300.0]), agonist=3.0, tone=0.5, rhythm=False)
    p = fold(course, model)[-1]
    assert p == pytest.approx(float(model.steady(agonist=3.0, tone=0.5)) / 16.1, rel=1e-6)
    assert p * (0.5 * p**1.44 + 3) == pytest.approx(1, rel=1e-3)
    # Without any dopamine an agonist alone restrains: p a = 1.
    assert float(model.steady(agonist=2.0, tone=0.0)) / 16.1 == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("d0, steady", [(1.0, 1.75), (5.0, 2.65), (10.0, 2.86)])
def test_dopamine_at_baseline_caps_the_rise(d0, steady):
    model = human(d0=d0)
    assert float(model.steady(15 * KI)) / 16.1 == pytest.approx(steady, rel=5e-3)
    assert float(model.steady(1e9)) / 16.1 == pytest.approx(1 + d0, rel=1e-3)
    at_rest = model.simulate(jnp.array([0.0, 400.0]), 15 * KI, rhythm=False)
    assert fold(at_rest, model)[-1] == pytest.approx(steady, rel=5e-3)


def test_d2_agonist_in_hyperprolactinaemia():
    model = preset(AgonistProlactin, "ropinirole")
    seen = [float(model.steady(c)) / 109 for c in (0.0, 0.5, 1.12, 2.0, 5.0)]
    # .0414 at 5 ng/mL, to two digits.
    assert seen == pytest.approx([1, 0.845, 0.5, 0.228, 0.0414], rel=2e-3)
    assert float(model.kout) == pytest.approx(1.41, rel=5e-3)
    # Concentration: everything that is absorbed is cleared.
    time = jnp.linspace(0, 200, 20001)
    level = model.concentration(time, jnp.array([0.0]), jnp.array([2.0]))
    area = float(jnp.trapezoid(level, time))
    assert area == pytest.approx(1e3 * 2.0 / 50.7, rel=1e-4)
    assert not np.any(level[time < 0.595])
    twice = model.concentration(time, jnp.array([0.0, 24.0]), jnp.array([2.0, 1.0]))
    later = model.concentration(time - 24, jnp.array([0.0]), jnp.array([1.0]))
    np.testing.assert_allclose(twice, level + later, atol=1e-12)
    # Absorption as fast as elimination has a limit.
    near, at = (
        AgonistProlactin(ka=50.7 / 444 * (1 + e)).concentration(
            time[:3000], jnp.array([0.0]), jnp.array([2.0])
        )
        for e in (1e-7, 0.0)
    )
    np.testing.assert_allclose(near, at, rtol=1e-6, atol=1e-12)
    course = model.simulate(time[:2401], level[:2401])
    assert float(course.prolactin.min()) < 0.5 * 109 and course.species == "human"


class Boluses(eqx.Module):
    """Two doses `gap` h apart, each gone with `rate`."""

    level: jax.Array
    rate: jax.Array
    gap: jax.Array

    def __call__(self, t):
        since = jnp.maximum(t - self.gap, 0.0)
        second = jnp.where(t >= self.gap, jnp.exp(-self.rate * since), 0.0)
        return self.level * (jnp.exp(-self.rate * t) + second)


def two_doses(gap, level=0.35, half_life=0.434):
    """Height, time in min of the first peak, and the second peak over the first."""
    model = preset(RatProlactin, "remoxipride_rat")
    drug = Boluses(*map(jnp.asarray, (level, np.log(2) / half_life, gap)))
    time = jnp.linspace(0, gap + 1.5, 4001)
    seen = fold(model.simulate(time, drug, jumps=jnp.array([gap])), model)
    before = np.asarray(time) < gap
    first = seen[before]
    return first.max(), 60 * float(time[first.argmax()]), seen[~before].max() / first.max()


def test_second_dose_finds_an_empty_pool_in_rats():
    # Brain remoxipride after a bolus: .35 mg/L, terminal half-life 26 min.
    peak, minutes, at_two = two_doses(2.0)
    _, _, at_eight = two_doses(8.0)
    assert peak == pytest.approx(5, rel=0.05) and minutes < 15
    assert at_two == pytest.approx(0.50, rel=0.02)
    assert at_eight == pytest.approx(0.98, rel=0.02)
    # A double dose empties more; what comes back does not depend much on it.
    assert two_doses(2.0, level=0.7)[2] < at_two


def test_rat_prolactin_returns_to_baseline_under_any_constant_drug():
    model = preset(RatProlactin, "remoxipride_rat")
    course = model.simulate(jnp.array([0.0, 60.0]), 0.2)
    level, pool = model.steady(0.2)
    assert float(level) == 6.64
    assert float(course.prolactin[-1]) == pytest.approx(6.64, rel=1e-5)
    assert float(course.driver[-1]) == pytest.approx(float(pool), rel=1e-5)
    assert float(pool) == pytest.approx((0.051 + 0.2) / (0.051 + 18.5 * 0.2))
    # People keep an elevated level instead: the two explain tolerance differently.
    assert float(human().steady(0.2)) > 16.1 * 1.03
    with pytest.raises(ValueError, match=r"feedback = 0\.2"):
        RatProlactin(feedback=0.2).steady(1.0)


def human_course(v):
    model = human(kda=v["kda"], ki=v["ki"], amplitude_24=v["amplitude"], d0=v["d0"])
    drug = v["drug"] * HOURS
    course = model.simulate(HOURS, drug, tone=v["tone"], agonist=v["agonist"])
    return course.prolactin[-1] + course.driver[7]


def rat_course(v):
    model = RatProlactin(k_r=v["k_r"], feedback=v["feedback"], ec50=v["ec50"])
    return model.simulate(HOURS, v["drug"]).prolactin[3]


def agonist_course(v):
    model = AgonistProlactin(ic50=v["ic50"], ka=v["ka"])
    drug = model.concentration(HOURS, v["taken"][None], v["dose"][None])
    return model.simulate(HOURS, drug).prolactin[-1]


def human_steady(v):
    model = human(d0=v["d0"], feedback=v["feedback"])
    return model.steady(v["drug"], tone=v["tone"], agonist=v["agonist"])


@pytest.mark.parametrize(
    "value, at",
    [
        (
            human_course,
            {"kda": 0.156, "ki": 1.96, "amplitude": 0.3, "d0": 10.0, "drug": 4.0}
            | {"tone": 0.6, "agonist": 0.2},
        ),
        (rat_course, {"k_r": 0.74, "feedback": 0.125, "ec50": 0.051, "drug": 0.1}),
        (agonist_course, {"ic50": 1.12, "ka": 0.609, "taken": 0.1, "dose": 2.0}),
        (human_steady, {"d0": 10.0, "feedback": 1.44, "drug": 20.0, "tone": 0.5, "agonist": 1.0}),
    ],
    ids=["human", "rat", "agonist", "steady"],
)
def test_gradients_equal_finite_differences(value, at):
    at = {name: jnp.asarray(v) for name, v in at.items()}
    both = jax.jit(jax.value_and_grad(value))
    _, got = both(at)
    for name, v in at.items():
        # Well above the error of the integration.
        h = 1e-3 * v
        up, down = (both(at | {name: v + s * h})[0] for s in (1, -1))
        assert abs(float(got[name])) > 1e-8, name
        assert float(got[name]) == pytest.approx(float((up - down) / (2 * h)), rel=1e-4), name


def test_second_derivatives_of_the_steady_state():
    slope = jax.grad(lambda u: human(d0=10.0, feedback=u).steady(20.0))
    by_hand = (slope(1.4401) - slope(1.4399)) / 2e-4
    assert float(jax.grad(slope)(1.44)) == pytest.approx(float(by_hand), rel=1e-5)


def test_without_drug_slopes_are_finite():
    assert float(jax.grad(lambda c: AgonistProlactin().steady(c))(0.0)) == 0
    assert np.isfinite(float(jax.grad(lambda c: human().steady(c))(0.0)))


def test_a_synthetic_group_varies_as_people_do():
    group = human().group(named_key(0, "group"), 4000)
    logs = np.log(np.stack([group.baseline / 16.1, group.ki / KI]))
    cov = np.cov(logs)
    assert np.corrcoef(logs)[0, 1] == pytest.approx(0.86, abs=0.02)
    np.testing.assert_allclose([cov[0, 0], cov[1, 1]], [0.425, 1.82], rtol=0.06)
    assert np.ptp(group.kda) == 0
    # One by one they are what they are together.
    level = jax.vmap(lambda m: m.steady(10.0))(group)
    one = jax.tree.map(lambda v: v[3], group)
    assert float(level[3]) == pytest.approx(float(one.steady(10.0)))


def test_species_are_kept_apart():
    models = {m.__name__: m for m in (HumanProlactin, RatProlactin, AgonistProlactin)}
    for name, (species, family, _) in PRESETS.items():
        model = preset(models[family], name)
        assert model.species == species
        assert model.simulate(HOURS).species == species
        for other in models.values():
            if other.__name__ != family:
                with pytest.raises(ValueError, match=rf"{family} \({species}\)"):
                    preset(other, name)
    with pytest.raises(ValueError, match="there is no preset 'mouse'"):
        preset(HumanProlactin, "mouse")
    assert float(RatProlactin().k_e) > 7 * float(human().kout)


def test_what_cannot_be_is_refused_with_its_numbers():
    model = human()
    with pytest.raises(ValueError, match=r"not negative, in ng/mL; got antagonist = -1"):
        model.steady(-1.0)
    with pytest.raises(ValueError, match="drug concentration"):
        model.simulate(HOURS, -1.0)
    with pytest.raises(ValueError, match="drug concentration"):
        model.simulate(HOURS, lambda t: 1.0 - t)
    with pytest.raises(ValueError, match="dose must be finite and not negative, in mg"):
        AgonistProlactin().concentration(HOURS, jnp.array([0.0]), jnp.array([-2.0]))
    # Where annotations are not checked, the message is the package's own.
    with pytest.raises((ValueError, TypeError), match=r"25 times but concentrations|'drug'"):
        model.simulate(HOURS, jnp.ones(3))
    with pytest.raises(ValueError, match="time must rise"):
        model.simulate(HOURS[::-1])
    with pytest.raises(ValueError, match=r"kout = -1"):
        human(kout=-1.0).simulate(HOURS)
    with pytest.raises(ValueError, match="cannot both be 0"):
        model.steady(tone=0.0)
    # An additive rhythm may exceed what an agonist leaves of production.
    with pytest.raises(ValueError, match=r"below 0.*agonist = 30"):
        model.simulate(jnp.linspace(0, 24, 49), agonist=30.0)


def test_a_failed_integration_is_told_with_its_parameters(monkeypatch):
    monkeypatch.setattr(prolactin, "_MOST_STEPS", 64)
    # Another number of times than elsewhere: the limit is a constant of the compiled program.
    time = jnp.linspace(0, 48, 37)
    stiff = human(kout=1e5)
    with pytest.raises(ValueError, match=r"integrated from 0 to 48 h; got .*kout = 100000"):
        stiff.simulate(time, 20.0)
    with pytest.raises(ValueError, match=r"kout = 100000"):
        jax.grad(lambda c: stiff.simulate(time, c).prolactin[-1])(20.0)
    with pytest.raises((ValueError, jax.errors.JaxRuntimeError), match=r"kout = 100000"):
        compiled = jax.jit(lambda k: human(kout=k).simulate(time, 20.0).prolactin)
        compiled(1e5).block_until_ready()
