"""Two learning rates settle on an expectile of the reward (Mihatsch & Neuneier 2002)."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..theory.choice import asymmetric_value, expectile, sure_value
from ._base import AbstractLandmark, Measured, Panel, agree, equal, points, theory
from ._play import agent, play, task


_P = (0.2, 0.35, 0.5, 0.65, 0.8)
_RATES = ((0.1, 0.1), (0.2, 0.1), (0.1, 0.2), (0.1, 0.3))
_AGENTS, _EVENTS, _KEPT = 2000, 700, 400


class AsymmetricLearning(AbstractLandmark):
    """Mean values of arms that are chosen at random, for several pairs of rates."""

    title: ClassVar = "Optimists and pessimists: two learning rates"
    claim: ClassVar = (
        "Learned at two rates, the value of a reward settles on its expectile at tau = "
        "alpha+ / (alpha+ + alpha-): an optimist overrates every uncertain reward."
    )
    source: ClassVar = (
        "Mihatsch & Neuneier 2002, Mach. Learn. 49:267; Niv et al. 2012, J. Neurosci. 32:551"
    )
    models: ClassVar = ("q_learning",)

    def measure(self) -> Measured:
        checks, marks = [], []
        found, p = _values(), np.array(_P)
        for i, (plus, minus) in enumerate(_RATES):
            law = asymmetric_value(p, plus, minus)
            tau = plus / (plus + minus)
            same = [expectile((0, 1), (1 - x, x), tau) for x in _P]
            checks.append(agree(f"closed form is the {tau:.3g}-expectile", same, law, 1e-12))
            name = f"values at rates {plus:g} and {minus:g}"
            checks.append(agree(name, law, found[i], 0.005))
            marks.append(points(p, found[i], f"α⁺ {plus:g}, α⁻ {minus:g}"))
            marks.append(theory(p, law, "expectile" if i == 0 else ""))
        checks.append(equal("rates .2 and .1, p = .5", 2 / 3, found[1, _P.index(0.5)], 0.005))
        checks.append(equal("rates .1 and .3, p = .8", 4 / 7, found[3, _P.index(0.8)], 0.005))

        n, alpha = 12, 0.3
        one = agent("q_learning", alpha_pos=alpha, alpha_neg=alpha, q0=0.0)
        keep = lambda event, readout: readout.latents["q"][0]
        q = play(one, task("bandit", p=(1.0,)), n, keep, name="asymmetric_learning, sure")
        law = sure_value(np.arange(n), 1.0, alpha)
        checks.append(agree("sure reward, r(1 − (1 − α)^n)", law, q[:, 0], 1e-12))

        where, what = "probability of the reward", "value in the long run (rewards)"
        panel = Panel("Value of an uncertain reward", where, what, marks)
        caption = (
            f"Q-learning on {len(_P)} arms chosen at random (β = 0): mean value over the last "
            f"{_KEPT} of {_EVENTS} trials and {_AGENTS} agents for each pair of rates; intervals "
            "would be smaller than the markers. Dashed: expectile at α⁺ / (α⁺ + α⁻)."
        )
        return Measured(checks, [panel], caption)


def _values() -> np.ndarray:
    """Mean values `[rates, arms]`."""
    rates = jnp.repeat(jnp.asarray(_RATES), _AGENTS, axis=0)
    values = {"model.alpha_pos": rates[:, 0], "model.alpha_neg": rates[:, 1]}
    q = play(
        agent("q_learning", beta=0.0),
        task("bandit", p=_P),
        _EVENTS,
        lambda event, readout: readout.latents["q"].astype(jnp.float32),
        name="asymmetric_learning",
        n_agents=len(rates),
        values=values,
    )
    late = q[-_KEPT:].mean(axis=0, dtype=float)
    return late.reshape(len(_P), len(_RATES), _AGENTS).mean(axis=2).T
