"""Dopamine kinetics against published and independently computed numbers, and against itself."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import lambertw

from jaxda.dopamine import denervation, presets
from jaxda.dopamine.kinetics import (
    Kinetics,
    burst,
    decay,
    efflux_for,
    firing,
    pause,
    region,
    regions,
    release_rate,
    share_of_knockout,
    simulate,
    slowing,
    soma,
    soma_steady_state,
    steady_state,
    steady_state_without_leak,
)
from jaxda.dopamine.receptors import occupancy


# Hz, what the terminals fire when a soma with autoreceptor receives 5 Hz.
TONIC = 4.0
SURVIVORS = np.array([1.0, 0.5, 0.3, 0.2, 0.15, 0.1, 0.05])
close = functools.partial(np.testing.assert_allclose, rtol=0.02)


def lost(leak="measured", survivors=SURVIVORS, **constants):
    return region("ds", leak, survivors=survivors, **constants)


# Presets


def test_every_preset_says_where_it_is_from():
    for table in (presets.REGIONS, presets.SOMATA, presets.RECEPTORS):
        for name, preset in table.items():
            assert preset.name == name and preset.species == "rodent" and preset.source
    assert set(presets.REGIONS) == {"ds", "nac", "pfc", "ds_ej", "vs_ej"}


@pytest.mark.parametrize("name", presets.REGIONS)
def test_a_preset_is_what_its_region_has(name):
    kinetics = region(name)
    for constant, value in presets.REGIONS[name].values.items():
        assert float(getattr(kinetics, constant)) == value
    assert kinetics.family == presets.REGIONS[name].family


def test_families_are_not_mixed():
    assert list(regions("ds", "nac", "pfc")) == ["ds", "nac", "pfc"]
    with pytest.raises(ValueError, match="dreyer and ejdrup cannot be combined"):
        regions("ds", "vs_ej")
    with pytest.raises(ValueError, match="dreyer and ejdrup"):
        simulate(region("ds_ej"), firing((1.0, 5.0)), jnp.linspace(0, 1, 3), soma=soma())
    assert presets.one_family("", "ejdrup", "") == "ejdrup" and presets.one_family("") == ""


# In closed form


def test_release_from_counts_of_molecules():
    close(release_rate(1 / 25), 227.7, rtol=1e-3)
    close(release_rate(0.9 / 25), 205.0, rtol=1e-3)
    # The presets are per spike, at 4 Hz.
    for name, total in (("ds_ej", 227.7), ("vs_ej", 205.0)):
        close(region(name).release * TONIC, total, rtol=1e-3)


def test_ventral_tonic_level_is_higher_than_dorsal():
    dorsal = float(steady_state(region("ds_ej"), 227.7 / 56.9))
    ventral = float(steady_state(region("vs_ej"), 205.0 / 51.2))
    close([dorsal, ventral, ventral / dorsal], [8.29, 23.98, 2.9])
    # R K / (V - R).
    close(dorsal, 227.7 * 210 / (6000 - 227.7), rtol=1e-12)


@pytest.mark.parametrize("name, on, off", [("nac", 55.50, 182.9), ("ds", 42.72, 106.7)])
def test_steady_state_with_and_without_autoreceptor(name, on, off):
    kinetics = region(name)
    found = [
        steady_state_without_leak(k, TONIC) for k in (kinetics, kinetics.without_autoreceptor())
    ]
    close(found, [on, off], rtol=1e-3)


def test_two_ways_to_the_steady_state():
    rng = np.random.default_rng(0)
    draw = lambda low, high: np.exp(rng.uniform(np.log(low), np.log(high), 500))
    kinetics = Kinetics(
        vmax=draw(500, 8000),
        release=draw(10, 800),
        km=draw(50, 500),
        gain=draw(0.01, 10),
        ec50=draw(5, 1000),
        efflux=draw(1, 400),
        survivors=rng.uniform(0.01, 1, 500),
        occupancy=rng.uniform(0, 0.95, 500),
    )
    root, law = steady_state(kinetics, 4.0), steady_state_without_leak(kinetics, 4.0)
    some = np.isfinite(law)
    assert 200 < some.sum() < 500 and (np.isfinite(root) == some).all()
    close(root[some], law[some], rtol=1e-9)


def test_steady_state_is_where_nothing_changes():
    kinetics = lost("calibrated", efflux=100.0, occupancy=0.4)
    c = steady_state(kinetics, TONIC)
    # The efflux that would hold this level is the one that there is.
    close(efflux_for(kinetics, TONIC, c), 100.0, rtol=1e-9)
    later = simulate(kinetics, firing((30.0, TONIC)), jnp.asarray([30.0]), start=10.0)
    close(later.dopamine[:, 0], c, rtol=2e-3)


def test_saturated_uptake():
    slow = region("ds", vmax=100.0, k_out=0.0)
    assert float(steady_state(slow, TONIC)) == np.inf
    assert float(steady_state_without_leak(slow, TONIC)) == np.inf
    # With a leak, what uptake leaves over leaks away.
    leaky = slow.replace(k_out=0.04, gain=0.0)
    close(steady_state(leaky, TONIC), (1600 - 100) / 0.04, rtol=2e-3)


def test_uptake_of_a_pulse():
    kinetics = region("ds", k_out=0.0)
    close(decay(kinetics, 500.0, 0.2), 54.53, rtol=1e-4)
    c0, t = np.array([1.0, 500.0, 3000.0]), 0.15
    expected = 160 * lambertw(c0 / 160 * np.exp((c0 - 4000 * t) / 160)).real
    close(decay(kinetics, c0, t), expected, rtol=1e-12)
    for k in (lost(k_out=0.0), lost(k_out=0.0, occupancy=0.5)):
        seen = simulate(k, firing((0.4, 0.0)), jnp.asarray([0.1]), start=500.0).dopamine
        close(seen[:, 0], decay(k, 500.0, 0.1), rtol=1e-6)


def test_a_pulse_at_the_ends_of_its_domain():
    kinetics = region("ds")
    slope = jax.grad(lambda c0: decay(kinetics, c0, 0.01))
    assert float(decay(kinetics, 0.0, 0.01)) == 0
    close(slope(0.0), np.exp(-0.25), rtol=1e-12)
    close(slope(1e-9), np.exp(-0.25), rtol=1e-9)
    # Saturated: a constant amount is taken up. An exponential of this would overflow.
    close(decay(kinetics, 1e6, 0.2), 1e6 - 800, rtol=1e-6)


def test_cortex_is_slow():
    close([region(n).decay_time for n in ("ds", "nac", "pfc")], [0.040, 0.1067, 0.8], rtol=1e-3)


def test_firing_is_held_back_at_the_soma():
    found = soma_steady_state(soma(), 5.0)
    close(found, (107.8, 4.03), rtol=1e-3)
    end = jnp.asarray([60.0])
    seen = simulate(region("ds"), firing((60.0, 5.0)), end, soma=soma(), start=0.0)
    close([seen.soma_dopamine[0], seen.rate[0]], found, rtol=1e-5)
    close(seen.dopamine[0], steady_state(region("ds"), found.rate), rtol=1e-5)


# Drugs


@pytest.mark.parametrize("name, factor", [("ds", 2.49), ("nac", 3.25)])
def test_block_of_the_autoreceptor(name, factor):
    kinetics = region(name)
    blocked = steady_state(kinetics.without_autoreceptor(), TONIC)
    close(blocked / steady_state(kinetics, TONIC), factor, rtol=2e-3)


def test_block_of_the_transporter():
    occupied = 1 - 1 / np.array([2.0, 3.0, 5.0])
    kinetics = region("ds")
    level = steady_state(kinetics.blocked(occupied), TONIC) / steady_state(kinetics, TONIC)
    close(level, [1.63, 2.18, 3.19], rtol=3e-3)
    alone = region("ds", k_out=0.0, gain=0.0)
    level = steady_state(alone.blocked(occupied), TONIC) / steady_state(alone, TONIC)
    close(level, slowing(occupied), rtol=1e-12)


def test_blockers_are_independent():
    twice = region("ds").blocked(0.5).blocked(0.6)
    close(twice.occupancy, 0.8, rtol=1e-12)
    close(twice.apparent_km, 800.0, rtol=1e-12)


def test_occupancy_by_oral_methylphenidate():
    dose, seen = np.array([5, 10, 20, 40, 60.0]), np.array([12, 40, 54, 72, 74.0])
    law = 100 * occupancy(dose, 17.5)
    close(law, [22, 36, 53, 70, 77], rtol=0, atol=0.6)
    rms = float(np.sqrt(np.mean((law - seen) ** 2)))
    assert rms < 6
    close(rms, 5.2)


def test_two_per_cent_of_a_knockout_is_most_transporters():
    close(share_of_knockout(2 / 3, 100.0), 0.020)
    close(share_of_knockout(0.67, 100.0), (1 / 0.33 - 1) / 99, rtol=1e-12)
    close(share_of_knockout(1 - 1 / 100.0, 100.0), 1.0, rtol=1e-12)


def test_more_transporters():
    drop = {}
    for name in ("ds_ej", "vs_ej", "ds", "nac"):
        kinetics = region(name)
        more = kinetics.replace(vmax=1.5 * kinetics.vmax)
        drop[name] = 1 - float(steady_state(more, TONIC) / steady_state(kinetics, TONIC))
        assert 0.25 < drop[name] < 0.45
    close([drop["ds_ej"], drop["vs_ej"], drop["ds"]], [0.342, 0.358, 0.299], rtol=5e-3)


def test_efflux_through_the_transporter():
    kinetics = region("ds")
    before = steady_state(kinetics, TONIC)
    share = [float(efflux_for(kinetics, TONIC, m * before) / kinetics.vmax) for m in (3, 5, 10)]
    close(share, [0.30, 0.44, 0.61])
    fluxed = kinetics.replace(efflux=share[0] * kinetics.vmax)
    close(steady_state(fluxed, TONIC), 3 * before, rtol=1e-9)
    # It does not wait for spikes: a pause empties the one and not the other.
    silent = [float(steady_state(k, 0.0)) for k in (kinetics, fluxed)]
    assert silent[0] == 0 and silent[1] > before


# Loss of terminals


@pytest.mark.parametrize(
    "leak, ratio",
    [
        ("measured", [1, 0.998, 0.996, 0.993, 0.990, 0.984, 0.967]),
        ("calibrated", [1, 0.955, 0.902, 0.846, 0.798, 0.719, 0.563]),
    ],
)
def test_tonic_dopamine_is_preserved(leak, ratio):
    level = steady_state(lost(leak), TONIC)
    close(level / level[0], ratio, rtol=1e-3)


@pytest.mark.parametrize("leak", ["measured", "calibrated"])
def test_tonic_dopamine_lies_in_the_band_of_experiments(leak):
    level = lambda f: steady_state(lost(leak, f), TONIC) / steady_state(lost(leak, 1.0), TONIC)
    assert float(level(0.5)) >= 0.9 and 0.7 <= float(level(0.2)) <= 1.0
    grid = np.asarray(level(np.linspace(0.01, 0.2, 100)))
    if leak == "calibrated":
        assert grid[-1] > 0.8 > grid[0]
    else:
        # Below 1 % of the terminals only.
        assert grid[0] == pytest.approx(0.85, abs=0.01)
        assert float(level(0.001)) < 0.8


def test_without_leak_the_survivors_cancel():
    level = steady_state(lost(k_out=0.0), TONIC)
    close(level, 42.7229, rtol=1e-6)


@pytest.fixture(scope="module")
def bursts():
    few = np.array([1.0, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05])
    return {leak: burst(lost(leak, few)) for leak in ("measured", "calibrated")}


def test_bursts_shrink_and_last_longer(bursts):
    seen = bursts["measured"]
    close([seen.rise[0], seen.half_life[0]], [494, 0.122], rtol=3e-3)
    rows = np.array([0, 2, 3, 4, 5, 6])
    close((seen.rise / seen.rise[0])[rows], [1, 0.614, 0.419, 0.305, 0.172, 0.093], rtol=4e-3)
    slower = (seen.half_life / seen.half_life[0])[rows]
    close(slower, [1, 1.50, 2.08, 2.75, 4.57, 7.91], rtol=4e-3)
    close((seen.area / seen.area[0])[rows], [1, 0.76, 0.64, 0.57, 0.49, 0.44], rtol=1e-2)


def test_bursts_with_the_calibrated_leak(bursts):
    rise = bursts["calibrated"].rise
    shown = [1, 0.86, 0.62, 0.43, 0.32, 0.19, 0.11]
    close(rise / rise[0], shown, rtol=0, atol=0.005)


def test_the_surrogates_of_lesions_follow(bursts):
    few = jnp.asarray([1.0, 0.8, 0.5, 0.3, 0.2])
    rise = bursts["measured"].rise[:5]
    close(denervation.burst_gain(few), rise / rise[0], rtol=0.05)
    level = steady_state(lost("calibrated", SURVIVORS[:-1]), TONIC)
    close(denervation.tonic_level(jnp.asarray(SURVIVORS[:-1])), level / level[0], rtol=0.03)


def test_pauses_fill_up():
    left = pause(lost(), 0.3)
    rows = np.array([0, 1, 3, 5])
    close(left[rows], [0.0007, 0.030, 0.267, 0.527], rtol=0.02, atol=5e-5)


def test_a_single_spike_in_the_linear_regime():
    # Scarce dopamine: height as the survivors, decay as their inverse, area as before.
    linear = lost(k_out=0.0, gain=0.0, release=0.4)
    seen = burst(linear, spikes=1.0, rate=1000.0, tonic=0.0, horizon=20.0)
    close(seen.rise / seen.rise[0], SURVIVORS, rtol=0.02)
    close(seen.half_life / seen.half_life[0], 1 / SURVIVORS, rtol=0.02)
    close(seen.area / seen.area[0], 1.0, rtol=0.01)


# Derivatives


def test_derivative_of_the_tonic_level_by_severity():
    level = lambda s: steady_state(region("ds", "calibrated").denervated(s), TONIC)
    severity = jnp.asarray([0.0, 0.3, 0.6, 0.8, 0.9, 0.95])
    slope = jax.vmap(jax.grad(level))(severity)
    close(slope[jnp.asarray([0, 5])], [-1.95, -190.6], rtol=3e-3)
    h = 1e-6
    # One-sided at the end of the domain.
    low = jnp.maximum(severity - h, 0.0)
    found = (jax.vmap(level)(severity + h) - jax.vmap(level)(low)) / (severity + h - low)
    close(slope, found, rtol=0, atol=5e-3)
    # Up to a loss of everything.
    assert np.isfinite(jax.grad(level)(1.0))
    close(jax.grad(level)(1.0), -1600 / 1.15, rtol=1e-9)


FIELDS = ("vmax", "release", "km", "gain", "ec50", "survivors", "precursor", "efflux", "k_out")


@pytest.fixture(scope="module")
def tonic_level():
    """The tonic level by `FIELDS`, its slope, and its second derivatives: programs."""
    base = region("nac", efflux=20.0, occupancy=0.3)
    level = lambda x: steady_state(base.replace(**dict(zip(FIELDS, x, strict=True))), TONIC)
    return jax.jit(level), jax.jit(jax.grad(level)), jax.jit(jax.jacfwd(jax.grad(level)))


@pytest.mark.parametrize("leak", [0.0, 0.04, 1.15])
@pytest.mark.parametrize("survivors", [1.0, 0.3, 1e-3])
def test_derivatives_by_every_constant(tonic_level, leak, survivors):
    base = region("nac", k_out=leak, survivors=survivors, efflux=20.0, occupancy=0.3)
    x = jnp.stack([getattr(base, f) for f in FIELDS])
    level, first, again = tonic_level
    slope, second = first(x), again(x)
    assert np.isfinite(slope).all() and np.isfinite(second).all()
    for i, f in enumerate(FIELDS):
        h = 1e-5 * max(float(x[i]), 1e-5)
        # Towards the inside of the domain, and of second order.
        h = -h if f == "survivors" else h
        s = [float(level(x.at[i].add(d))) for d in (0.0, h, 2 * h)]
        found = (-3 * s[0] + 4 * s[1] - s[2]) / (2 * h)
        close(slope[i], found, rtol=1e-3, atol=1e-7)


def test_nothing_left_and_nothing_lost():
    none = region("ds", survivors=0.0)
    assert float(steady_state(none, TONIC)) == 0
    assert float(steady_state(none.replace(k_out=0.0), TONIC)) == pytest.approx(42.7229, rel=1e-6)
    for leak in (0.0, 0.04):
        k = region("ds", k_out=leak, survivors=0.0)
        assert np.isfinite(
            jax.grad(lambda f, k=k: steady_state(k.replace(survivors=f), TONIC))(0.0)
        )


@pytest.mark.slow
def test_derivative_of_a_burst_by_severity():
    def total(severity):
        rise = burst(region("ds", "calibrated").denervated(severity)).rise
        return rise.sum(), rise

    h = 1e-4
    severity = jnp.asarray([0.8 - h, 0.8, 0.8 + h])
    slope, rise = jax.jit(jax.grad(total, has_aux=True))(severity)
    close(slope[1], -513.8, rtol=1e-3)
    close(slope[1], (rise[2] - rise[0]) / (2 * h), rtol=1e-4)


@pytest.mark.slow
def test_derivative_by_when_and_how_fast_cells_fire():
    times = jnp.asarray([0.1, 0.35, 0.6])

    @jax.jit
    @jax.value_and_grad
    def end(x):
        pattern = firing((0.2, 4.0), (0.3, 20.0), (0.5, 4.0))
        pattern = type(pattern)(pattern.edges.at[1].set(x[0]), pattern.rates.at[1].set(x[1]))
        return simulate(region("ds"), pattern, times).dopamine.sum()

    x = jnp.asarray([0.2, 20.0])
    _, slope = end(x)
    for i, h in enumerate((1e-4, 1e-2)):
        step = jnp.zeros(2).at[i].set(h)
        close(slope[i], (end(x + step)[0] - end(x - step)[0]) / (2 * h), rtol=1e-4)


TIMES, PATTERN = jnp.linspace(0, 1.0, 11), firing((0.35, 20.0), (0.65, 4.0))


def test_alone_in_a_batch_and_under_vmap():
    of = lambda f: simulate(lost(survivors=f), PATTERN, TIMES).dopamine
    f = jnp.asarray([[1.0, 0.5], [0.2, 0.05]])
    together = of(f)
    assert together.shape == (2, 2, 11)
    close(jax.vmap(jax.vmap(of))(f), together, rtol=1e-7)
    close(of(f[1, 0]), together[1, 0], rtol=1e-6)
    assert jax.eval_shape(of, jnp.asarray([0.1])).shape == (1, 11)


def test_a_course_follows_its_firing():
    seen = simulate(region("ds"), PATTERN, TIMES)
    np.testing.assert_array_equal(seen.rate, [20.0] * 4 + [4.0] * 7)
    # In equilibrium at first; then dopamine falls below where it will settle, because the
    # autoreceptor lets go slowly.
    ds = region("ds")
    close(seen.dopamine[0], steady_state(ds, 20.0), rtol=1e-9)
    close(seen.autoreceptor[0], ds.autoreceptor(seen.dopamine[0]), rtol=1e-9)
    assert (np.diff(seen.autoreceptor[4:]) < 0).all()
    assert float(seen.autoreceptor[-1]) > float(ds.autoreceptor(seen.dopamine[-1]))
    assert float(seen.dopamine[-1]) < float(steady_state(ds, 4.0)) < float(seen.dopamine[0])


# What is refused


@pytest.mark.parametrize("severity", [-0.01, 1.01, np.nan])
def test_severity_is_a_share(severity):
    with pytest.raises(ValueError, match=r"severity must lie in \[0, 1\]"):
        region("ds").denervated(severity)


@pytest.mark.parametrize("occupied", [1.0, 1.5, -0.1])
def test_some_transporters_are_free(occupied):
    with pytest.raises(ValueError, match=r"occupancy must lie in \[0, 1\)"):
        region("ds").blocked(occupied)
    with pytest.raises(ValueError, match="occupancy"):
        region("ds", occupancy=occupied)


@pytest.mark.parametrize(
    "constants",
    [{"km": 0.0}, {"vmax": -1.0}, {"release": np.inf}, {"k_out": np.nan}, {"survivors": 1.2}],
)
def test_constants_are_in_their_domain(constants):
    with pytest.raises(ValueError, match=f"{next(iter(constants))} must lie in"):
        region("ds", **constants)


def test_names_that_there_are():
    with pytest.raises(ValueError, match="no region 'dls'; there are ds, nac"):
        region("dls")
    with pytest.raises(ValueError, match="there are measured, calibrated"):
        region("ds", "strong")
    with pytest.raises(ValueError, match="there are soma"):
        soma("vta")


@pytest.mark.parametrize(
    "times, told", [([0.0, 2.0], "leave the firing"), ([0.5, 0.2], "must increase")]
)
def test_times_lie_in_the_pattern(times, told):
    with pytest.raises(ValueError, match=told):
        simulate(region("ds"), firing((1.0, 4.0)), jnp.asarray(times))


@pytest.mark.parametrize("pieces", [(), ((0.0, 4.0),), ((1.0, -4.0),)])
def test_patterns_that_are_none(pieces):
    with pytest.raises(ValueError, match=r"piece|duration|rate"):
        firing(*pieces)


def test_a_failure_is_told_with_its_constants():
    # Nothing holds it: there is no steady state to begin in.
    hopeless = region("ds", vmax=np.array([[4000.0, 4000.0], [123.0, 4000.0]]), k_out=0.0)
    with pytest.raises(ValueError, match=r"no steady state .*vmax = 123"):
        simulate(hopeless, PATTERN, TIMES)
    for read in (burst, pause):
        with pytest.raises(ValueError, match=r"no steady state .*vmax = 123"):
            read(hopeless)
    with pytest.raises(ValueError, match=r"in 3 steps.*km = 160"):
        simulate(region("ds"), PATTERN, TIMES, max_steps=3)
    compiled = jax.jit(lambda v: simulate(region("ds", vmax=v, k_out=0.0), PATTERN, TIMES).dopamine)
    assert np.isfinite(compiled(4000.0)).all()
    with pytest.raises(Exception, match=r"vmax = 123"):
        jax.block_until_ready(compiled(123.0))
