"""How far a value scatters around the probability it has learned (Rescorla-Wagner)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..theory.associative import scatter
from ._base import AbstractLandmark, Measured, Panel, equal, points, theory
from ._play import agent, play, task


_P, _AGENTS = 0.7, 2000
_RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
_SETTLED, _MORE = 400, 200


class RescorlaWagnerVariance(AbstractLandmark):
    """Mean and variance of V over agents and trials, for several rates."""

    title: ClassVar = "A fixed learning rate never settles"
    claim: ClassVar = (
        "On a reward of 1 with probability p, V has mean p and stationary variance "
        "alpha / (2 - alpha) p (1 - p): .011052 for alpha = .1 and p = .7."
    )
    source: ClassVar = "Rescorla & Wagner 1972; Sutton & Barto 2018, ch. 2.5"
    models: ClassVar = ("rescorla_wagner",)

    def measure(self) -> Measured:
        rates = np.array(_RATES)
        n = _SETTLED + _MORE
        what = task("conditioning", phases=(("reward", "A", n, 1.0, _P),))
        values = {
            "model.alpha": jnp.repeat(jnp.asarray(rates), _AGENTS),
            "model.w0": jnp.asarray(_P),
        }
        keep = lambda event, readout: readout.latents["value"]
        found = play(
            agent("rescorla_wagner"),
            what,
            n,
            keep,
            name="rescorla_wagner_variance",
            n_agents=_AGENTS * len(rates),
            values=values,
        )
        found = found[_SETTLED:].reshape(_MORE, len(rates), _AGENTS)
        mean = found.mean(axis=(0, 2))
        # Around the known mean: agents and trials are samples of one stationary law.
        variance = np.mean((found - _P) ** 2, axis=(0, 2))
        law = np.array([scatter(a, _P) for a in rates])
        at = _RATES.index(0.1)
        checks = [equal("variance of V, alpha .1", 0.011052, variance[at], 1.5e-4)]
        checks += [
            equal(f"variance over its law, alpha {a:g}", 1.0, v / want, 0.02)
            for a, v, want in zip(rates, variance, law, strict=True)
        ]
        checks.append(equal("mean of V, alpha .1", _P, mean[at], 2e-3))
        grid = np.linspace(0, 0.55, 60)
        marks = [
            points(rates, variance, "model"),
            theory(grid, [scatter(a, _P) for a in grid], "α / (2 - α) p (1 - p)"),
        ]
        panel = Panel(
            "Scatter of a learned value", "learning rate α", "variance of V (rewards²)", marks
        )
        caption = (
            f"Rescorla-Wagner model on a reward of 1 with probability {_P}: variance of V over "
            f"{_AGENTS:,} agents per rate and {_MORE} trials, after {_SETTLED} trials from "
            f"V = {_P}. Dashed: exact stationary law."
        )
        return Measured(checks, [panel], caption)
