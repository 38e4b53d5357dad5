"""The difference of two pathways learns the mean of reward, their sum its spread."""

from typing import ClassVar

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from ..keys import named_key
from ..theory.opponent import mean_and_spread
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, line, theory
from ._options import ONE_OPTION, rewarded
from ._play import agent, replay


_MEAN, _RATE = 20.0, 0.1
_SDS = (0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0)
_KNOWN = {5.0: (10.0, 10.09), 10.0: (10.0, 11.73)}
_TRIALS, _BURN_IN, _AGENTS = 500, 100, 3000


class ActorUncertainty(AbstractLandmark):
    """Stationary G - N and G + N under Gaussian rewards, by their standard deviation."""

    title: ClassVar = "Go and NoGo together know how uncertain reward is"
    claim: ClassVar = (
        "With half-wave errors and decay G − N tends to α μ / (α + λ), whatever the spread, and "
        "G + N to α E|δ| / λ, which grows with it."
    )
    source: ClassVar = "Mikhael & Bogacz 2016, PLoS Comput. Biol. 12:e1005062"
    models: ClassVar = ("actor_uncertainty",)
    caution: ClassVar = (
        "With α = λ the difference is half the mean, and the sum holds mean as well as spread: it "
        "is flat until the spread is about half the mean."
    )

    def measure(self) -> Measured:
        each = jnp.repeat(jnp.asarray(_SDS), _AGENTS)
        noise = jr.normal(named_key(0, "actor_uncertainty"), (_TRIALS, each.shape[0]))
        keep = lambda event, readout: jnp.stack(
            [readout.latents["go"][0], readout.latents["nogo"][0]]
        )
        who = agent("actor_uncertainty", alpha_g=_RATE, alpha_n=_RATE, lam=_RATE)
        seen = replay(who, ONE_OPTION, rewarded(_MEAN + each * noise), keep)[_BURN_IN:]
        go, nogo = seen.reshape(len(seen), 2, len(_SDS), _AGENTS).mean(axis=(0, 3))
        law = np.array([mean_and_spread(_MEAN, sd, _RATE, _RATE) for sd in _SDS]).T
        found = np.array([go - nogo, go + nogo])
        checks = [
            agree("mean G − N against its law", law[0], found[0], 0.02),
            agree("mean G + N against its law", law[1], found[1], 0.03),
        ]
        for sd, known in _KNOWN.items():
            got = found[:, _SDS.index(sd)]
            checks.append(agree(f"G − N and G + N, standard deviation {sd:g}", known, got, 0.03))
        # A weight N of a sure gain stays 0; spread is what fills it.
        checks.append(at_least("N, standard deviation 15 over 0", 1.0, nogo[-1] - nogo[0]))
        where = "standard deviation of reward (mean 20)"
        marks = [
            line(_SDS, found[0], "G − N"),
            line(_SDS, found[1], "G + N"),
            theory(_SDS, law[0], "closed form"),
            theory(_SDS, law[1], ""),
        ]
        panels = [Panel("Mean and spread", where, "weights (units of reward)", marks)]
        marks = [line(_SDS, go, "Go, G"), line(_SDS, nogo, "NoGo, N")]
        panels.append(Panel("The two pathways", where, "weights (units of reward)", marks))
        caption = (
            f"Actor uncertainty with α = λ = {_RATE}, Gaussian rewards of one option, means over "
            f"trials {_BURN_IN + 1} to {_TRIALS} of {_AGENTS} agents (standard errors below .02)."
        )
        return Measured(checks, panels, caption)
