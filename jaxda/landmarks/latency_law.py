"""The law of latencies of a noisy subject, and what noise costs it."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from .. import rollout
from ..theory import vigor
from ._base import AbstractLandmark, Measured, Panel, agree, at_most, equal, line, points, theory
from ._play import agent, play, task


_C_V, _AGENTS, _PRESSES = 0.05, 2000, 150
# Net rate and mean latency at each inverse temperature, on a random ratio of 10.
_TABLE = {50.0: (0.03926, 1.528), 200.0: (0.04744, 1.107), 1000.0: (0.04950, 1.020)}


class LatencyLaw(AbstractLandmark):
    """Latencies that agents draw against the generalised inverse Gaussian."""

    title: ClassVar = "Latencies are generalised inverse Gaussian"
    claim: ClassVar = (
        "Latencies of one action have the density exp(-beta c_v / tau - beta R tau), a generalised "
        "inverse Gaussian with mode sqrt(c_v / R). Noisy subjects are slow and poor, so a long "
        "latency alone says nothing about R."
    )
    source: ClassVar = "Niv, Daw, Joel & Dayan 2007, Psychopharmacology 191:507; Jorgensen 1982"
    models: ClassVar = ("niv_vigor",)

    def measure(self) -> Measured:
        beta = np.array(list(_TABLE))
        by_theory = np.array([vigor.self_consistent(b, 0.1, 1.0, 0.0, _C_V, None) for b in beta])
        lever = task("free_operant", schedule="random", ratio=10, consumption=0.0)
        still = agent("niv_vigor", c_v=_C_V, c_u=0.0, alpha=0.0, alpha_r=0.0)
        keep = lambda event, readout: (event.latency, event.reward)
        each = lambda x: np.repeat(x, _AGENTS)
        tau, reward = play(
            still,
            lever,
            _PRESSES,
            keep,
            name="latency_law",
            n_agents=3 * _AGENTS,
            values={"model.beta": each(beta), "model.r0": each(by_theory[:, 0])},
        )
        tau, reward = (x.reshape(_PRESSES, 3, _AGENTS) for x in (tau, reward))
        net = (reward - _C_V / tau).sum(axis=(0, 2)) / tau.sum(axis=(0, 2))
        mean = tau.mean(axis=(0, 2))
        law = vigor.latency_law(50.0, _C_V, 0.039255)
        checks = [
            equal("golden record of four latencies", -2.8561115359, _golden(), 1e-8),
            equal("mean latency by Bessel functions", 1.52847, law.mean, 5e-6),
            equal("mode, sqrt(c_v / R)", np.sqrt(_C_V / 0.039255), law.mode, 1e-12),
            agree(
                "rate that sustains itself", [r for r, _ in _TABLE.values()], by_theory[:, 0], 1e-5
            ),
            agree("its mean latency", [t for _, t in _TABLE.values()], by_theory[:, 1], 1e-3),
            agree("mean latency of agents", by_theory[:, 1], mean, 0.01),
            agree("net rate of agents over theory", np.ones(3), net / by_theory[:, 0], 0.03),
        ]
        marks, edges = [], np.linspace(0.0, 4.0, 81)
        middle = (edges[1:] + edges[:-1]) / 2
        for k, b in enumerate(beta):
            drawn = tau[:, k].ravel()
            share = np.histogram(drawn, edges)[0] / drawn.size / np.diff(edges)
            density = vigor.latency_density(middle, b, _C_V, by_theory[k, 0])
            checks.append(
                at_most(
                    f"distance of distributions, beta {b:g}",
                    0.0,
                    _distance(drawn, b, by_theory[k, 0]),
                    0.005,
                )
            )
            marks.append(line(middle, share, f"beta {b:g}", color=k))
            marks.append(theory(middle, density, "law" if k == 0 else ""))
        left = Panel("Latencies at the rate each beta earns", "latency (s)", "density (1/s)", marks)
        fine = np.geomspace(40, 1500, 25)
        curve = np.array([vigor.self_consistent(b, 0.1, 1.0, 0.0, _C_V, None) for b in fine])
        middle_panel = Panel(
            "Noise makes slow",
            "inverse temperature beta (1/utility)",
            "mean latency (s)",
            [points(beta, mean, "agents"), theory(fine, curve[:, 1], "theory")],
            log="x",
            zero=True,
        )
        right = Panel(
            "and poor",
            "inverse temperature beta (1/utility)",
            "net reward (utility/s)",
            [points(beta, net, "agents"), theory(fine, curve[:, 0], "theory")],
            log="x",
            zero=True,
        )
        caption = (
            "Niv-Daw-Joel-Dayan vigour on a random ratio of 10, reward 1, cost of speed "
            f"{_C_V:g} utility s, no meal. The average reward is fixed at what an agent with that "
            f"beta earns itself; {_AGENTS} agents and {_PRESSES} presses each per beta. Without "
            "noise the best latency is 1 s and the best rate 0.05 per s. Intervals would be "
            "smaller than the points."
        )
        return Measured(checks, [left, middle_panel, right], caption)


def _golden() -> float:
    """Log-density of four latencies."""
    who = agent("niv_vigor", beta=50.0, c_v=0.05, r0=0.05, alpha=0.0, alpha_r=0.0)
    lever = task("free_operant", schedule="random")
    tau = jnp.asarray([0.8, 1.2, 2.0, 0.6])[:, None]
    events = play(who, lever, 4, lambda event, readout: event, name="latency_law")
    events = jax.tree.map(jnp.asarray, events)
    moved = type(events)(**{**vars(events), "latency": tau, "elapsed": tau})
    run = jax.jit(lambda e: rollout.log_likelihood(who, lever.env, e))
    return float(run(moved)[0])


def _distance(drawn: np.ndarray, beta: float, rate: float) -> float:
    """Greatest distance of the distribution of the latencies drawn from that of the law."""
    tau = np.geomspace(1e-3, 1e3, 20_001)
    density = vigor.latency_density(tau, beta, _C_V, rate)
    cell = (density[1:] + density[:-1]) / 2 * np.diff(tau)
    below = np.concatenate([[0.0], np.cumsum(cell)])
    at = np.sort(drawn)
    return float(np.abs(np.interp(at, tau, below) - (np.arange(at.size) + 0.5) / at.size).max())
