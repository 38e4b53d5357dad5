"""Dopamine that follows richness pays where rewards are rare."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, line
from ._play import agent, play, task


# Arms of a bandit, and mean probability of the best over 250 trials: OpAL*, OpAL+, No-Hebb.
_LEAN, _FOUR, _RICH = (0.3, 0.2), (0.3, 0.2, 0.2, 0.2), (0.8, 0.7)
_KNOWN = {_LEAN: (0.830, 0.781, 0.758), _FOUR: (0.579, 0.503, 0.437), _RICH: (0.710, 0.724)}
_TRIALS, _AGENTS = 250, 4000
_NAMES = ("OpAL*", "OpAL+ (ρ = 0)", "No-Hebb")


class OpalStarRichLean(AbstractLandmark):
    """Choosing the best arm in lean and rich bandits, with and without modulation."""

    title: ClassVar = "Adaptive dopamine helps most in lean environments"
    claim: ClassVar = (
        "Where all arms pay rarely, lowering dopamine at choice (OpAL*) beats constant dopamine "
        "(OpAL+) and actors without the Hebbian term, with two arms and with four."
    )
    source: ClassVar = "Jaskir & Frank 2023, eLife 12:e85107"
    models: ClassVar = ("opal_star",)
    caution: ClassVar = (
        "The advantage in rich environments depends on parameters: under the convention of the "
        "published code OpAL+ is slightly better here; averaged over their grid the authors "
        "find an advantage. The order of the two controls varies too."
    )

    def measure(self) -> Measured:
        checks, panels, found = [], [], {}
        for arms, known in _KNOWN.items():
            found[arms] = _best(arms, len(known))
            name = " ".join(f"{p:g}" for p in arms)
            checks.append(
                agree(f"mean P(best), arms {name}", known, found[arms].mean(axis=1), 0.02)
            )
        lean, four, rich = (found[arms].mean(axis=1) for arms in (_LEAN, _FOUR, _RICH))
        for name, got in (("two lean arms", lean), ("four lean arms", four)):
            gain = got[0] - got[1:].max()
            checks.append(at_least(f"OpAL* over the better control, {name}", 0.03, gain))
        checks.append(at_most("OpAL* over OpAL+, two rich arms", 0.0, rich[0] - rich[1], 0.01))

        trials = np.arange(1, _TRIALS + 1)
        for title, arms in (
            ("Lean: .3 .2", _LEAN),
            ("Lean: .3 .2 .2 .2", _FOUR),
            ("Rich: .8 .7", _RICH),
        ):
            curves = found[arms]
            marks = [line(trials[::2], c[::2], n) for c, n in zip(curves, _NAMES, strict=False)]
            panels.append(Panel(title, "trial", "probability of the best arm", marks))
        caption = (
            "OpAL* with α_C = .05, α = .5, β = 2, k = 20, φ = 1, convention of the "
            "published code; "
            f"OpAL+ is k = 0, No-Hebb drops G and N from the update. Bandits of {_TRIALS} trials, "
            f"means of {_AGENTS} agents (standard errors of the means over trials about .004)."
        )
        return Measured(checks, panels, caption)


def _best(arms: tuple[float, ...], n_variants: int) -> np.ndarray:
    """Mean probability of the best arm `[variants, trials]`."""
    keep = lambda event, readout: jax.nn.softmax(readout.policy.logits, axis=0)[0]
    out = []
    for actors, k in (("hebbian", (20.0, 0.0)), ("additive", (20.0,)))[: n_variants - 1]:
        who = agent("opal_star", alpha_c=0.05, alpha_g=0.5, alpha_n=0.5, beta=2.0, actors=actors)
        p = play(
            who,
            task("bandit", p=arms),
            _TRIALS,
            keep,
            name="opal_star_rich_lean",
            n_agents=len(k) * _AGENTS,
            values={"model.k": jnp.repeat(jnp.asarray(k), _AGENTS)},
        )
        out += list(p.reshape(_TRIALS, len(k), _AGENTS).mean(axis=2).T)
    return np.array(out)
