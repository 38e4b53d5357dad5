"""Rates of learning read from choices at test: two models, two opposite answers."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..theory.choice import asymmetric_value, avoid_b, choose_a
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, bars
from ._play import agent, play, task
from ._selection import choose_avoid


_P = (0.8, 0.2, 0.7, 0.3, 0.6, 0.4)
_RATES = ((0.1, 0.1), (0.2, 0.1), (0.1, 0.2))
# Probability of choosing A and of avoiding B at the fixed point, and after 360 trials.
_SETTLED = ((0.7896, 0.7896), (0.7431, 0.8079), (0.8079, 0.7431))
_TRAINED = ((0.781, 0.719), (0.746, 0.752), (0.788, 0.698))
_OPPONENT = ((0.3, 0.3), (0.3, 0.1), (0.1, 0.3))
_BETA, _AGENTS = 5.0, 2500


class PstTrap(AbstractLandmark):
    """Choose-A and avoid-B of Q-learning with two rates, and of opponent actors."""

    title: ClassVar = "A trap: what choosing A and avoiding B say of learning rates"
    claim: ClassVar = (
        "In Q-learning a higher rate for gains presses the values of good items together and so "
        "lowers the choice of A; in opponent actors a higher Go rate raises it."
    )
    source: ClassVar = (
        "task of Frank, Seeberger & O'Reilly 2004, Science 306:1940; opponent actors of Collins & "
        "Frank 2014, Psychol. Rev. 121:337"
    )
    models: ClassVar = ("q_learning", "opal")
    caution: ClassVar = (
        "That a patient chooses A says nothing about learning rates unless the model is settled."
    )

    def measure(self) -> Measured:
        checks = []
        fixed = [
            (choose_a(_BETA * q), avoid_b(_BETA * q))
            for q in (asymmetric_value(_P, *rates) for rates in _RATES)
        ]
        played = [(choose_a(_BETA * q), avoid_b(_BETA * q)) for q in _values()]
        for pair, told, law, got in zip(_RATES, _SETTLED, fixed, played, strict=True):
            name = f"rates {pair[0]:g} and {pair[1]:g}"
            checks.append(agree(f"closed form, {name}", told, law, 1e-4))
            checks.append(agree(f"settled agents, {name}", law, got, 0.005))

        groups = [{"model.alpha_pos": a, "model.alpha_neg": b} for a, b in _RATES]
        who = agent("q_learning", beta=_BETA, q0=0.5)
        q = choose_avoid(who, groups, name="pst_trap, q_learning", n_agents=_AGENTS)
        checks.append(agree("after 360 trials of training", _TRAINED, q, 0.02))

        groups = [{"model.alpha_g": g, "model.alpha_n": n} for g, n in _OPPONENT]
        who = agent("opal", alpha_c=0.1, beta=2.0, v0=0.5)
        opal = choose_avoid(who, groups, name="pst_trap, opal", n_agents=_AGENTS)
        contrast = lambda x: x[:, 0] - x[:, 1]
        equal, gain, loss = contrast(q)
        checks.append(
            at_most("Q: contrast A − B, gains faster less equal rates", -0.04, gain - equal)
        )
        checks.append(at_least("Q: losses faster less equal rates", 0.01, loss - equal))
        equal, go, nogo = contrast(opal)
        checks.append(at_least("OpAL: Go faster less equal rates", 0.01, go - equal))
        checks.append(at_most("OpAL: NoGo faster less equal rates", -0.02, nogo - equal))

        names = ("choose A", "avoid B")
        panels = []
        for title, groups_, found, about in (
            ("Q-learning, β = 5", _RATES, q, "α⁺ {:g}, α⁻ {:g}"),
            ("OpAL, β = 2", _OPPONENT, opal, "α_G {:g}, α_N {:g}"),
        ):
            order = (1, 0, 2)
            marks = [bars((0, 1), found[i], about.format(*groups_[i])) for i in order]
            panels.append(Panel(title, "pairs never trained", "probability", marks, ticks=names))
        caption = (
            f"Probability of choosing A over C to F and of avoiding B among them, after 360 trials "
            f"of probabilistic selection with independent feedback; means of {_AGENTS} agents per "
            "bar (standard errors below .005). Q-learning with rates for positive and negative "
            "errors; OpAL with rates of its Go and NoGo actors, α_C = .1."
        )
        return Measured(checks, panels, caption)


def _values() -> np.ndarray:
    """Mean values `[rates, items]` in the long run of agents that choose at random."""
    n, kept = 800, 300
    rates = jnp.repeat(jnp.asarray(_RATES), n, axis=0)
    q = play(
        agent("q_learning", beta=0.0),
        task("bandit", p=_P),
        800,
        lambda event, readout: readout.latents["q"].astype(jnp.float32),
        name="pst_trap, settled",
        n_agents=len(rates),
        values={"model.alpha_pos": rates[:, 0], "model.alpha_neg": rates[:, 1]},
    )
    late = q[-kept:].mean(axis=0, dtype=float)
    return late.reshape(len(_P), len(_RATES), n).mean(axis=2).T
