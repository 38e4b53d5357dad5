"""How fast to learn about a drifting payoff (Daw et al. 2006)."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..keys import named_keys
from ..theory.choice import kalman_gain, kalman_variance, walk_sd
from ..types import dot
from ._base import AbstractLandmark, Measured, Panel, agree, equal, line, points, theory
from ._play import agent, play, task


_LAM, _SIGMA_O, _SIGMA_D = 0.9836, 4.0, 2.8
_STARTS = (1.0, 16.0, 225.0)
_TRIALS, _AGENTS, _GAPS = 250, 2500, 8


class KalmanGain(AbstractLandmark):
    """The gain of an arm that is always observed, and whether the beliefs are calibrated."""

    title: ClassVar = "Learning as fast as the world drifts"
    claim: ClassVar = (
        "The gain of an arm that is always observed settles where the walk and the noise put it, "
        "whatever it began with; what was not seen for long is learned faster; and errors are as "
        "large as the agent believes."
    )
    source: ClassVar = "Daw et al. 2006, Nature 441:876 (supplement)"
    models: ClassVar = ("kalman",)
    caution: ClassVar = (
        "People's choices do not determine all parameters of the walk they believe in: free two."
    )

    def measure(self) -> Measured:
        steady = kalman_variance(_LAM, _SIGMA_O, _SIGMA_D)
        gain = kalman_gain(_LAM, _SIGMA_O, _SIGMA_D)
        # One arm: it is observed in every trial.
        variance, gains = play(
            agent("kalman"),
            task("bandit", p=(0.5,)),
            61,
            lambda event, readout: (readout.latents["variance"][0], readout.latents["gain"][0]),
            name="kalman_gain, one arm",
            n_agents=len(_STARTS),
            values={"model.v0": jnp.asarray(_STARTS)},
        )
        checks = [
            equal("steady variance", 15.4425, steady, 1e-4),
            equal("steady gain", 0.491135, gain, 1e-6),
            agree("variance after 60 trials", np.full(3, steady), variance[-1], 1e-10),
            agree("gain after 60 trials", np.full(3, gain), gains[-1], 1e-10),
        ]

        keys = named_keys(0, [("kalman_gain, walks", str(i)) for i in range(10_000)])
        what = task("restless_gaussian")
        walk = jax.jit(lambda k: jax.vmap(lambda k: what.plan(k, 101).mean[::100])(k))(keys)
        sd = np.asarray(walk).std(axis=(0, 2))
        checks.append(equal("walk: sd in the long run", 15.5242, walk_sd(_LAM, _SIGMA_D), 1e-4))
        checks.append(agree("walk: sd at trials 1 and 101", np.full(2, 15.5242), sd, 0.2))

        size, believed, since = _errors()
        # Rounding to whole points adds 1 / 12.
        claim = believed + _SIGMA_O**2 + 1 / 12
        checks.append(
            equal("mean squared error over what is believed", 1.0, (size / claim).mean(), 0.01)
        )
        gaps = range(1, _GAPS + 1)
        at = [since == n for n in gaps]
        squared = np.array([size[i].mean() for i in at])
        expected = np.array([claim[i].mean() for i in at])
        ratio = squared / expected
        checks.append(
            agree("the same by trials since the arm was seen", np.ones(_GAPS), ratio, 0.05)
        )

        trial = np.arange(31)
        marks = [line(trial, gains[:31, i], f"v₀ = {v:g}") for i, v in enumerate(_STARTS)]
        marks.append(theory((0, 30), (gain, gain), f"steady gain {gain:.4f}"))
        error = 1.96 * np.array([size[i].std() / np.sqrt(i.sum()) for i in at])
        seen = points(gaps, squared, "agents", low=squared - error, high=squared + error)
        panels = [
            Panel("An arm that is always observed", "trials seen", "gain", marks),
            Panel(
                "Are the beliefs right?",
                "trials since the arm was chosen",
                "mean squared error (points²)",
                [seen, theory(gaps, expected, "what the agent believes")],
            ),
        ]
        caption = (
            "Kalman filter with λ = .9836, θ = 50, σ_o = 4, σ_d = 2.8. Left: gain of a single arm "
            f"from three prior variances. Right: {_AGENTS} agents (β = .1) on four restless arms "
            f"without floor or ceiling, {_TRIALS} trials; intervals are 95 % of the mean."
        )
        return Measured(checks, panels, caption)


def _errors() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squared error, believed variance and trials since the last choice, of what was chosen."""
    stationary = walk_sd(_LAM, _SIGMA_D) ** 2
    error, believed, action = play(
        agent("kalman", v0=stationary),
        task("restless_gaussian", lower=-1000.0, upper=1000.0),
        _TRIALS,
        lambda event, readout: (
            readout.rpe[0].astype(jnp.float32),
            dot(event.chosen(4), readout.latents["variance"]).astype(jnp.float32),
            event.action.astype(jnp.int8),
        ),
        name="kalman_gain",
        n_agents=_AGENTS,
    )
    seen = np.full((4, _AGENTS), -1)
    since = np.zeros(action.shape, int)
    for t, a in enumerate(action):
        last = seen[a, np.arange(_AGENTS)]
        since[t] = np.where(last < 0, 0, t - last)
        seen[a, np.arange(_AGENTS)] = t
    return error.astype(float) ** 2, believed.astype(float), since
