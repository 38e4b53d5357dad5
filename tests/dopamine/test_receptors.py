"""Receptors: known occupancies, the course of binding, and drugs that compete."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from jaxda.dopamine import presets
from jaxda.dopamine.kinetics import region
from jaxda.dopamine.receptors import (
    Receptor,
    activity,
    bind,
    blocked_kd,
    equal_sensitivity,
    half_life,
    occupancy,
    receptors,
    remaining_tone,
)


close = functools.partial(np.testing.assert_allclose, rtol=0.02)
TIMES = jnp.arange(0, 5.001, 0.002)
BURST = 20 + 200 * jnp.exp(-TIMES / 0.3)


def added(receptor):
    """Occupancy that a burst of 200 nM over 20 nM adds."""
    start = occupancy(20.0, receptor.kd)
    return bind(receptor, TIMES, BURST, start) - start


def test_occupancies_at_rest():
    close(occupancy(20.0, np.array([1000.0, 10.0, 25.0])), [0.020, 0.667, 0.444])
    close(occupancy(1000.0, np.array([1000.0, 10.0])), [0.500, 0.990])
    assert float(occupancy(0.0, 10.0)) == 0


def test_where_both_receptors_change_alike():
    at = equal_sensitivity(1000.0, 10.0)
    close(at, 100.0, rtol=1e-12)
    slope = jax.vmap(jax.grad(occupancy), (None, 0))(at, jnp.asarray([1000.0, 10.0]))
    close(slope[0], slope[1], rtol=1e-12)
    assert float(jax.grad(occupancy)(20.0, 10.0)) > float(jax.grad(occupancy)(20.0, 1000.0))


def test_who_sees_a_burst():
    fast, d2, slow = receptors("fast").d1, receptors("ejdrup").d2, receptors("slow")
    seen = added(fast)
    close(seen.max(), 0.1025)
    close(TIMES[seen.argmax()], 0.16, atol=0.005)
    assert abs(float(seen[-1])) < 1e-4
    seen = added(d2)
    close([seen.max(), TIMES[seen.argmax()], seen[-1]], [0.16, 0.46, 0.0065])
    seen = added(slow.d1)
    close(seen.max(), 0.0003, rtol=0, atol=5e-5)
    seen = added(slow.d2)
    close([seen.max(), seen[-1] / seen.max()], [0.0108, 0.95])


def test_who_sees_a_pause():
    times = jnp.linspace(0, 1, 1001)

    def lost(receptor):
        seen = bind(receptor, times, jnp.zeros(1001), occupancy(20.0, receptor.kd))
        return float(seen[-1] - seen[0])

    close(lost(receptors("ejdrup").d2), -0.134, rtol=5e-3)
    close(lost(receptors("slow").d2), -0.004, rtol=0, atol=5e-4)


def test_slow_receptors_let_go_in_minutes():
    close([half_life(r) for r in receptors("slow")[:2]], 83.2, rtol=1e-3)
    close(half_life(receptors("fast").d1), np.log(2) / 10, rtol=1e-12)


def test_presets_are_what_their_sources_say():
    known = {"fast": (1000, 1000), "ejdrup": (1000, 7), "classic": (1000, 10), "slow": (1600, 25)}
    assert set(presets.RECEPTORS) == set(known)
    for name, affinities in known.items():
        pair = receptors(name)
        assert (float(pair.d1.kd), float(pair.d2.kd)) == affinities
    with pytest.raises(ValueError, match="there are fast, ejdrup, classic, slow"):
        receptors("d2high")
    with pytest.raises(ValueError, match="only the affinity"):
        half_life(receptors("classic").d1)
    # Receptors of one family do not go with the kinetics of another.
    with pytest.raises(ValueError, match="cannot be combined"):
        presets.one_family(region("ds").family, receptors("ejdrup").family)
    assert presets.one_family(region("ds").family, receptors("slow").family) == "dreyer"


def test_binding_against_a_solver():
    receptor = Receptor(7.0, 0.2)
    change = lambda t, o: 0.2 * ((20 + 200 * np.exp(-t / 0.3)) / 7 * (1 - o) - o)
    exact = solve_ivp(change, (0, 5), [20 / 27], t_eval=TIMES, rtol=1e-11, atol=1e-12).y[0]
    found = bind(receptor, TIMES, BURST, 20 / 27)
    close(found, exact, rtol=1e-5)
    # Of second order: four times as wide apart, sixteen times as wrong.
    coarse = np.abs(bind(receptor, TIMES[::4], BURST[::4], 20 / 27) - exact[::4]).max()
    fine = np.abs(found - exact).max()
    assert 10 < coarse / fine < 22


def test_binding_is_differentiable_and_takes_batches():
    peak = lambda k_off: added(Receptor(7.0, k_off)).max()
    close(jax.grad(peak)(0.2), (peak(0.2 + 1e-5) - peak(0.2 - 1e-5)) / 2e-5, rtol=1e-5)
    both = Receptor(jnp.asarray([7.0, 1000.0]), jnp.asarray([0.2, 19.5]))
    close(bind(both, TIMES, BURST)[1], bind(Receptor(1000.0, 19.5), TIMES, BURST), rtol=1e-12)
    courses = jnp.stack([BURST, 2 * BURST, 0 * BURST])
    assert bind(receptors("slow").d2, TIMES, courses).shape == (3, len(TIMES))


def test_an_antagonist_shifts_the_affinity():
    theta = jnp.asarray([0.0, 0.3, 0.65, 0.95])
    seen = occupancy(50.0, blocked_kd(10.0, theta))
    close(activity(50.0, 10.0, theta), seen, rtol=1e-12)
    close(seen / occupancy(50.0, 10.0), remaining_tone(theta, 5.0), rtol=1e-12)
    close(receptors("classic").d2.blocked(0.8).kd, 50.0, rtol=1e-12)


def test_a_partial_agonist_pulls_towards_its_efficacy():
    e, theta = 0.3, jnp.asarray(0.8)
    of = lambda c, theta=theta: float(activity(c, 10.0, theta, e))
    # Where dopamine occupies just as much as the efficacy, the drug changes nothing.
    same = 10 * e / (1 - e)
    close(of(same), e, rtol=1e-12)
    assert of(1000.0) < float(occupancy(1000.0, 10.0)) and of(0.5) > float(occupancy(0.5, 10.0))
    close(of(0.0), 0.8 * e, rtol=1e-12)
    close(of(100.0, jnp.asarray(1.0)), e, rtol=1e-12)
    # By the law of mass action for two ligands, of the drug four times its constant.
    x, y = 3.0, 4.0
    close(activity(30.0, 10.0, 0.8, e), (x + e * y) / (1 + x + y), rtol=1e-12)
    assert float(activity(0.0, 10.0, 0.8, 1.0)) == pytest.approx(0.8)


@pytest.mark.parametrize(
    "refused, told",
    [
        (lambda: blocked_kd(10.0, 1.0), r"antagonist must lie in \[0, 1\)"),
        (lambda: blocked_kd(10.0, -0.1), "antagonist"),
        (lambda: activity(1.0, 10.0, 1.2), "drug"),
        (lambda: activity(1.0, 10.0, 0.5, 1.1), "efficacy"),
        (lambda: activity(-1.0, 10.0, 0.5), "dopamine"),
        (lambda: occupancy(-1.0, 10.0), "ligand"),
        (lambda: occupancy(1.0, 0.0), "half"),
        (lambda: Receptor(0.0), "kd"),
        (lambda: Receptor(10.0, np.nan), "k_off"),
    ],
)
def test_what_is_out_of_its_domain(refused, told):
    with pytest.raises(ValueError, match=told):
        refused()
