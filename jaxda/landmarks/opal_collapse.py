"""Weights of OpAL wither once the critic knows; annealing keeps them."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ..theory.opponent import collapse_rate, half_life
from ._base import AbstractLandmark, Measured, Panel, agree, at_most, equal, line, theory
from ._options import ONE_OPTION, paying
from ._play import agent, replay


# Rate, probability of reward, and the half-lives of G and N in trials.
_SETTLED = ((0.1, 0.5, 553.8, 553.8), (0.5, 0.5, 21.5, 21.5), (1.0, 0.2, 11.4, 3.9))
_SETTLED_TRIALS, _SETTLED_AGENTS = 1000, 3000
_LONG, _AGENTS = 5000, {"opal": 10_000, "opal_star": 2000}


class OpalCollapse(AbstractLandmark):
    """Growth of log G and log N against its law, with a settled critic and a learning one."""

    title: ClassVar = "Opponent weights collapse, unless they are annealed"
    claim: ClassVar = (
        "Once OpAL's critic predicts well, the errors that remain shrink both "
        "weights by the factor "
        "exp(E[log(1 ± α δ)]) per trial; annealing in OpAL* ends this."
    )
    source: ClassVar = (
        "Moller & Bogacz 2019, PLoS Comput. Biol. 15:e1006285; Jaskir & Frank 2023, eLife 12:e85107"
    )
    models: ClassVar = ("opal", "opal_star")

    def measure(self) -> Measured:
        checks = []
        logs = _settled()
        rates = logs[-1].mean(axis=-1) / _SETTLED_TRIALS
        for i, (alpha, p, *lives) in enumerate(_SETTLED):
            name = f"α = {alpha:g}, p = {p:g}"
            law = [collapse_rate(p, alpha, sign) for sign in (1, -1)]
            found = rates[:, i] / law
            checks.append(agree(f"half-lives of G and N, {name}", lives, _lives(p, alpha), 0.06))
            checks.append(
                agree(f"rates of log G and log N over their law, {name}", (1, 1), found, 0.05)
            )

        go = _learning("opal", 500)
        checks.append(equal("OpAL, mean G after 25 trials", 5.88, go[25], 0.15))
        checks.append(equal("OpAL, trial of the highest mean G", 38, go.argmax(), 4))
        checks.append(equal("OpAL, highest mean G", 6.67, go.max(), 0.15))
        checks.append(equal("OpAL, mean G after 100 trials", 2.15, go[100], 0.15))
        checks.append(at_most("OpAL, mean G after 500 trials", 1e-3, go[500]))
        kept = _learning("opal_star", _LONG)
        checks.append(equal("OpAL*, mean G after 100 trials", 3.99, kept[100], 0.1))
        checks.append(equal("OpAL*, mean G after 5000 trials", 3.97, kept[_LONG], 0.1))

        t = np.arange(0, _SETTLED_TRIALS + 1, 10)
        marks = []
        for i, (alpha, p, *_) in enumerate(_SETTLED):
            for w, sign, weight in ((0, 1, "G"), (1, -1, "N")):
                if p == 0.5 and w:
                    continue
                mean = logs[t, w, i].mean(axis=-1)
                label = f"log {weight}, α = {alpha:g}, p = {p:g}"
                marks.append(line(t, mean, label, color=2 * i + w))
                told = "exact law" if i == 0 else ""
                marks.append(theory(t, collapse_rate(p, alpha, sign) * t, told))
        title, where = "The critic knows", "trials since the critic has settled"
        panels = [Panel(title, where, "mean log weight", marks)]
        short = np.arange(501)
        marks = [
            line(short[::5], go[short[::5]], "OpAL"),
            line(short[::5], kept[short[::5]], "OpAL*, annealed"),
        ]
        panels.append(Panel("The critic learns", "trial", "mean Go weight G", marks, log="y"))
        caption = (
            f"One option. Left: OpAL with a settled critic, V = p, means of {_SETTLED_AGENTS} "
            "agents. Right: p = .8, α_C = .05 from V = .5, α = .5, means of "
            f"{_AGENTS['opal']} agents "
            f"(OpAL) and {_AGENTS['opal_star']} (OpAL* without modulation, T_eff = "
            "100). Sampling errors are below the width of the lines."
        )
        return Measured(checks, panels, caption)


def _lives(p: float, alpha: float) -> list[float]:
    return [half_life(p, alpha, sign) for sign in (1, -1)]


def _settled() -> np.ndarray:
    """log G and log N `[trials + 1, 2, cases, agents]` at a critic that is right."""
    each = lambda i: jnp.repeat(jnp.asarray([case[i] for case in _SETTLED]), _SETTLED_AGENTS)
    keep = lambda event, readout: jnp.log(
        jnp.stack([readout.latents["go"][0], readout.latents["nogo"][0]])
    ).astype(jnp.float32)
    seen = replay(
        agent("opal", alpha_c=0.0),
        ONE_OPTION,
        paying(
            [p for _, p, *_ in _SETTLED],
            _SETTLED_TRIALS + 1,
            _SETTLED_AGENTS,
            name="opal_collapse, settled",
        ),
        keep,
        values={"model.alpha_g": each(0), "model.alpha_n": each(0), "model.v0": each(1)},
    )
    return seen.reshape(_SETTLED_TRIALS + 1, 2, len(_SETTLED), _SETTLED_AGENTS).astype(float)


def _learning(model: str, n_trials: int) -> np.ndarray:
    """Mean G after 0 ... `n_trials` trials of an option that pays with probability 0.8."""
    more = {"modulation": "none"} if model == "opal_star" else {}
    who = agent(model, alpha_c=0.05, alpha_g=0.5, alpha_n=0.5, **more)
    events = paying([0.8], n_trials + 1, _AGENTS[model], name=f"opal_collapse, {model}")
    keep = lambda event, readout: readout.latents["go"][0].astype(jnp.float32)
    return replay(who, ONE_OPTION, events, keep).mean(axis=1, dtype=float)
