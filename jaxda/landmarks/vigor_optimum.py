"""How fast to press: the square root of cost over reward rate, and where that rule is wrong."""

from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from ..theory import vigor
from ..types import Event
from ._base import AbstractLandmark, Measured, Panel, agree, equal, points, theory
from ._play import agent, play, replay, task


# Choice so sharp that a latency is the best one.
_SHARP = 1e5
_C_V, _AGENTS = 0.05, 2000
_RATES = (0.01, 0.05, 0.2)
# Mean interval, utility, cost of an act.
_INTERVALS = ((30.0, 1.0, 0.0), (30.0, 1.0, 0.01), (60.0, 1.0, 0.0), (30.0, 2.0, 0.0))


class VigorOptimum(AbstractLandmark):
    """Latencies of a vigour model at a fixed average reward against the closed forms."""

    title: ClassVar = "The best latency is the square root of cost over reward rate"
    claim: ClassVar = (
        "On ratio schedules the best latency is sqrt(c_v / R), with meals and on fixed ratios too. "
        "Where a reward has to become available first, it is longer, and a ratio that pays as much "
        "per press is worked ten times as fast."
    )
    source: ClassVar = "Niv, Daw, Joel & Dayan 2007, Psychopharmacology 191:507"
    models: ClassVar = ("niv_vigor",)

    def measure(self) -> Measured:
        checks, panels = [], []
        for part in (_ratios, _worths, _intervals):
            more, panel = part()
            checks += more
            panels.append(panel)
        caption = (
            f"Niv-Daw-Joel-Dayan vigour with a cost of speed of {_C_V:g} utility s and a fixed "
            "average reward R. Left: mode of the law of latencies. Middle: value of a press by its "
            "latency (error on a press without reward, c_u = 0), for three R. Right: mean latency "
            f"of {_AGENTS} agents with sharp choice (beta {_SHARP:g}) on a random interval, and on "
            "the random ratio that pays as much per press; R is what the best policy earns. Grey: "
            "closed forms or their numerical solution. No intervals: nothing varies between agents."
        )
        return Measured(checks, panels, caption)


def _still(**settings: Any) -> Any:
    """An agent whose average reward is what it is told."""
    return agent("niv_vigor", beta=_SHARP, alpha=0.0, alpha_r=0.0, **settings)


def _earned(what: Any, who: Any, n_events: int, c_u: float, c_v: float) -> tuple[float, float]:
    """Mean latency in s and net reward per s."""
    keep = lambda event, readout: (event.latency, event.reward, event.elapsed)
    tau, reward, elapsed = play(who, what, n_events, keep, name="vigor_optimum", n_agents=_AGENTS)
    net = (reward - c_u - c_v / tau).sum() / elapsed.sum()
    return float(tau.mean()), float(net)


def _modes(who: Any, values: dict[str, Any]) -> np.ndarray:
    """The most likely latency at each of the `values`."""
    laws = lambda event, readout: readout.policy.latency
    n = max(len(v) for v in values.values())
    law = play(who, task("free_operant"), 1, laws, name="vigor_optimum", n_agents=n, values=values)
    low, high = np.full(n, 1e-4), np.full(n, 1e4)
    for _ in range(200):
        tau = np.sqrt(low * high)
        slope = law.cost[0, 0] / tau**2 - law.rate[0, 0]
        if law.bait is not None:
            slope += law.bait[0, 0] / law.interval[0, 0] * np.exp(-tau / law.interval[0, 0])
        low, high = np.where(slope > 0, tau, low), np.where(slope > 0, high, tau)
    return np.sqrt(low * high)


def _ratios() -> tuple[list[Any], Panel]:
    rates = np.geomspace(0.005, 0.5, 13)
    mode = _modes(_still(c_v=_C_V), {"model.r0": rates})
    law = vigor.best_latency(_C_V, rates)
    checks = [agree("mode of the law, sqrt(c_v / R)", law, mode, 1e-9)]
    # Odds of a reward, its utility, costs of an act and of speed, seconds to eat it.
    known = (
        ((10, 1.0, 0.0, 0.05, 0.0), (1.0, 0.05)),
        ((5, 5.0, 0.1, 0.3, 0.0), (0.666667, 0.675)),
        ((5, 10.0, 0.1, 0.3, 2.0), (0.454692, 1.451064)),
    )
    for (ratio, utility, c_u, c_v, eating), (latency, rate) in known:
        best = vigor.random_ratio(1 / ratio, utility, c_u, c_v, eating)
        who = _still(c_v=c_v, c_u=c_u, r0=best.rate)
        what = task(
            "free_operant", schedule="random", ratio=ratio, reward=utility, consumption=eating
        )
        where = f"random ratio {ratio}, U {utility:g}, meal {eating:g} s"
        tau, net = _earned(what, who, 150, c_u, c_v)
        checks += [
            equal(f"{where}: best latency", latency, best.latency, 1e-6),
            equal(f"{where}: best rate", rate, best.rate, 1e-6),
            equal(f"{where}: mean latency of agents", latency, tau, 1e-3),
            equal(f"{where}: net rate of agents over the best", 1.0, net / best.rate, 0.02),
        ]
    checks += _fixed_ratio()
    where, what = "average reward R (utility/s)", "best latency (s)"
    marks = [points(rates, mode, "model"), theory(rates, law, "√(c_v / R)")]
    return checks, Panel("Ratio schedules", where, what, marks, log="xy")


def _fixed_ratio() -> list[Any]:
    rate, c_u, c_v = 1.4510639100641576, 0.1, 0.3
    who = agent("niv_vigor", beta=_SHARP, c_v=c_v, c_u=c_u, r0=rate, alpha=0.2, alpha_r=0.0)
    keep = lambda event, readout: (event.cue, event.latency, readout.latents["value"])
    what = task("free_operant", ratio=5, reward=10.0, consumption=2.0, duration=0.0)
    cue, tau, value = (
        x[-500:] for x in play(who, what, 3000, keep, name="vigor_optimum", n_agents=8)
    )
    by_count = [tau[cue == k].mean() for k in range(5)]
    rises = np.diff([value[cue == k].mean() for k in range(5)])
    step = vigor.fixed_ratio_step(c_u, c_v, rate)
    return [
        agree("fixed ratio 5: latency at each count", np.full(5, 0.454692), by_count, 1e-3),
        equal("fixed ratio 5: cost of a press", 1.419574, step, 1e-6),
        agree("fixed ratio 5: rise of the learned value", np.full(4, step), rises, 1e-3),
    ]


def _worths() -> tuple[list[Any], Panel]:
    tau = np.concatenate([[1.0, 3.0], np.linspace(0.2, 6, 59)])
    one = lambda x, dtype: jnp.full((len(tau), len(_RATES)), x, dtype)
    latency = jnp.broadcast_to(jnp.asarray(tau)[:, None], (len(tau), len(_RATES)))
    yes, zero = one(True, bool), one(0, int)
    events = Event(
        cue=zero,
        options=None,
        onset=yes,
        action=zero,
        choice=yes,
        latency=latency,
        reward=one(0.0, float),
        successor=zero,
        terminal=one(False, bool),
        feedback=yes,
        elapsed=latency,
        valid=yes,
    )
    env = task("free_operant", schedule="random").env
    keep = lambda event, readout: readout.rpe[0]
    still = _still(c_v=_C_V, c_u=0.0)
    q = replay(still, env, events, keep, values={"model.r0": jnp.asarray(_RATES)})
    haste = (-0.013333, 0.066667, 0.366667)
    checks = [agree("Q(1 s) - Q(3 s) at R .01, .05 and .2", haste, q[0] - q[1], 1e-6)]
    x, marks = tau[2:], []
    for k, rate in enumerate(_RATES):
        marks.append(points(x[::2], q[2::2, k], f"R = {rate:g}", color=k))
        law = vigor.worth(x, 0.0, _C_V, rate)
        marks.append(theory(x, law, "−c_v/τ − Rτ" if k == 0 else ""))
        checks.append(agree(f"value of a press, R {rate:g}", law, q[2:, k], 1e-12))
    panel = Panel("Cost of a press", "latency τ (s)", "value (utility)", marks)
    return checks, panel


def _intervals() -> tuple[list[Any], Panel]:
    best = [vigor.random_interval(t, u, c_u, _C_V) for t, u, c_u in _INTERVALS]
    column = lambda i: np.array([row[i] for row in _INTERVALS])
    values = {
        "model.interval": column(0),
        "model.utility": column(1),
        "model.c_u": column(2),
        "model.r0": np.array([b.rate for b in best]),
    }
    mode = _modes(_still(c_v=_C_V, schedule="interval"), values)
    known = (5.8962, 7.116, 9.274, 4.637)
    latency = [b.latency for b in best]
    checks = [
        agree("random interval: best latency (published digits)", known, latency, 5e-4),
        agree("random interval: mode of the law", latency, mode, 1e-8),
        equal("random interval 30 s: best rate", 0.028824, best[0].rate, 1e-6),
        equal("what the square root would say", 1.317, np.sqrt(_C_V / best[0].rate), 1e-3),
    ]
    interval = task("free_operant", schedule="random_interval", interval=30.0, consumption=0.0)
    who = _still(c_v=_C_V, c_u=0.0, schedule="interval", r0=best[0].rate)
    tau, net = _earned(interval, who, 150, 0.0, _C_V)
    yoked = [
        vigor.yoked_ratio(b, t, u, c_u, _C_V)
        for b, (t, u, c_u) in zip(best, _INTERVALS, strict=True)
    ]
    fast = _modes(_still(c_v=_C_V), {"model.r0": np.array([y.rate for y in yoked])})
    checks += [
        equal("random interval 30 s: mean latency of agents", 5.8962, tau, 2e-3),
        equal("random interval 30 s: net rate of agents", 1.0, net / best[0].rate, 0.02),
        equal("yoked ratio: mode of the law", 0.560, fast[0], 1e-3),
        equal("interval over yoked ratio", 10.5, mode[0] / fast[0], 0.05),
    ]
    places = np.arange(len(_INTERVALS))
    marks = [
        points(places, mode, "random interval"),
        points(places, fast, "yoked random ratio"),
        theory(places, latency, "best"),
        theory(places, [y.latency for y in yoked], ""),
    ]
    ticks = [f"{t:g} s, U {u:g}" + (f", c_u {c:g}" if c else "") for t, u, c in _INTERVALS]
    where = "mean interval and utility of the reward"
    return checks, Panel("Interval schedules", where, "best latency (s)", marks, ticks, "y")
