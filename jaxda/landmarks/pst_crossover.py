"""Dopamine at test shifts choice from avoiding the worst to taking the best."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import rollout
from ..rollout import Agent
from ..types import Env, Event
from ._base import AbstractLandmark, Measured, Panel, agree, at_least, line, points
from ._play import agent, play, task
from ._selection import at_test


_RHO = (-0.8, -0.4, 0.0, 0.4, 0.8)
_CHOOSE = (0.783, 0.828, 0.855, 0.869, 0.872)
_AVOID = (0.739, 0.729, 0.709, 0.670, 0.602)
_AGENTS = 2500


class PstCrossover(AbstractLandmark):
    """Choose-A and avoid-B of agents trained alike and tested at five levels of dopamine."""

    title: ClassVar = "Dopamine at test: choosing A rises, avoiding B falls"
    claim: ClassVar = (
        "Dopamine at choice weighs Go against NoGo weights that were learned without the drug, so "
        "choose-A less avoid-B rises with it throughout."
    )
    source: ClassVar = (
        "Frank, Seeberger & O'Reilly 2004, Science 306:1940; Collins & Frank 2014, Psychol. Rev. "
        "121:337"
    )
    models: ClassVar = ("opal",)
    caution: ClassVar = (
        "Without drug the two are not equal: B is rarely taken and so little is "
        "learned of it. Only "
        "the change of the contrast means something. Effects of medication on learning itself are "
        "contested (Grogan et al. 2017 found none in three experiments)."
    )

    def measure(self) -> Measured:
        what = task("pst", feedback="bernoulli", repeats=1, criterion=())
        trainee = {"alpha_c": 0.1, "alpha_g": 0.3, "alpha_n": 0.3, "beta": 2.0, "v0": 0.5}
        events = play(
            agent("opal", **trainee),
            what,
            what.n_events,
            lambda event, readout: event,
            name="pst_crossover",
            n_agents=_AGENTS,
        )
        options, found = events.options[what.n_training :], []
        seen = jax.tree.map(jnp.asarray, events)
        for rho in _RHO:
            gap = np.asarray(_gap(agent("opal", rho=rho, **trainee), what.env, seen))
            found.append(at_test(options, gap[what.n_training :]))
        choose, avoid = np.transpose(found)
        contrast = choose - avoid
        checks = [
            agree("choosing A", _CHOOSE, choose, 0.02),
            agree("avoiding B", _AVOID, avoid, 0.02),
            at_least(
                "least rise of the contrast from level to level", 0.01, np.diff(contrast).min()
            ),
            agree("contrast at the lowest and highest", (0.044, 0.269), contrast[[0, -1]], 0.02),
        ]
        where = "dopamine at test ρ"
        marks = [
            line(_RHO, choose, "choose A", color=0),
            line(_RHO, avoid, "avoid B", color=1),
            points(_RHO, _CHOOSE, "", color=0),
            points(_RHO, _AVOID, "", color=1),
        ]
        panels = [
            Panel("Pairs never trained", where, "probability", marks),
            Panel("Contrast", where, "choose A − avoid B", [line(_RHO, contrast)], zero=True),
        ]
        caption = (
            "OpAL with α_C = .1 (a critic per pair), α_G = α_N = .3, β = 2, V0 = .5, "
            "trained on 360 "
            f"trials of probabilistic selection with independent feedback at ρ = 0; {_AGENTS} "
            "agents, the same at each level (standard errors below .005). Points: an independent "
            "simulation."
        )
        return Measured(checks, panels, caption)


@eqx.filter_jit
def _gap(who: Agent, env: Env, events: Event) -> Any:
    """Logit of the second option over the first, `[events, agents]`."""
    keep = lambda event, readout: readout.policy.logits[1] - readout.policy.logits[0]
    return rollout.replay(who, env, events, record=keep)
