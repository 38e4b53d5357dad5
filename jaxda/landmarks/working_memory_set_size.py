"""Learning by heart: more stimuli, less help from working memory."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from ._base import AbstractLandmark, Measured, Panel, agree, at_least, at_most, line, points
from ._play import agent, play, task


# Medians of fits to people, 36 healthy and 49 with schizophrenia; memory holds 3 in both.
_HEALTHY = {"rho_wm": 0.962, "phi": 0.180, "epsilon": 0.011, "b": 0.33, "omega": 0.006}
_PATIENTS = {"rho_wm": 0.886, "phi": 0.218, "epsilon": 0.028, "b": 0.09, "omega": -0.009}
_GROUPS = (
    ("healthy", _HEALTHY | {"alpha": 0.044, "capacity": 3.0}),
    ("schizophrenia", _PATIENTS | {"alpha": 0.034, "capacity": 3.0}),
)
# Accuracy from the sixth showing on, of people: sets of 2 and of 6.
_PEOPLE = ((0.981, 0.889), (0.941, 0.752))
# Accuracy in showings 2 to 9 with a capacity of 4, 3, 2, 1, all else healthy: sets of 6, of 3.
_CAPACITY = (4.0, 3.0, 2.0, 1.0)
_REDUCED = ((0.795, 0.765, 0.732, 0.712), (0.917, 0.918, 0.849, 0.756))
_SIZES, _REPEATS, _AGENTS = (2, 3, 4, 5, 6), 9, 2000


class WorkingMemorySetSize(AbstractLandmark):
    """Learning curves by set size at parameters fitted to people, and with less capacity."""

    title: ClassVar = "Working memory and the size of the set"
    claim: ClassVar = (
        "Small sets are learned in a few trials by memory and large ones slowly by reinforcement; "
        "parameters fitted to patients with schizophrenia reproduce their deficit, and less "
        "capacity costs most where memory just sufficed."
    )
    source: ClassVar = (
        "Collins & Frank 2012, Eur. J. Neurosci. 35:1024; Collins et al. 2014, J. Neurosci. "
        "34:13747"
    )
    models: ClassVar = ("rlwm",)
    caution: ClassVar = (
        "Simulations of human data at medians of fits, which are no subject's own parameters. "
        "Collins et al. report a smaller capacity in schizophrenia; with this parameterisation "
        "capacity does not differ and neglect of errors differs most: the variant decides."
    )

    def measure(self) -> Measured:
        groups = [values for _, values in _GROUPS]
        groups += [_GROUPS[0][1] | {"capacity": k} for k in _CAPACITY]
        right = _accuracy(groups)
        late, learning = right[..., 5:].mean(axis=-1), right[..., 1:].mean(axis=-1)
        at = _SIZES.index
        checks = []
        for (name, _), found, people in zip(_GROUPS, late, _PEOPLE, strict=False):
            got = (found[at(2)], found[at(6)])
            checks.append(
                agree(f"late accuracy, {name}, sets of 2 and 6, to people", people, got, 0.02)
            )
        for size, expected in zip((6, 3), _REDUCED, strict=True):
            name = f"capacity 4, 3, 2, 1: accuracy in sets of {size}"
            checks.append(agree(name, expected, learning[2:, at(size)], 0.02))
        checks.append(
            at_most("greatest gain of accuracy by a larger set", 0.0, np.diff(learning[:2]).max())
        )
        loss = learning[2] - learning[5]
        checks.append(
            at_least(
                "capacity 4 to 1: loss in sets of 3 over sets of 6", 0.03, loss[at(3)] - loss[at(6)]
            )
        )

        showings = np.arange(1, _REPEATS + 1)
        panels = []
        for (name, _), curves in zip(_GROUPS, right, strict=False):
            marks = [line(showings, c, f"{n} stimuli") for n, c in zip(_SIZES, curves, strict=True)]
            title, where = name.capitalize(), "showing of the stimulus"
            panels.append(Panel(title, where, "probability correct", marks))
        marks = []
        for i, size in enumerate((3, 6)):
            marks.append(line(_CAPACITY, learning[2:, at(size)], f"{size} stimuli", color=i))
            marks.append(points(_CAPACITY, _REDUCED[1 - i], "", color=i))
        title, what = "Less capacity", "probability correct, showings 2 to 9"
        panels.append(Panel(title, "capacity (stimuli)", what, marks))
        caption = (
            "Simulated people: RLWM at the medians of fits to 36 healthy people and 49 patients "
            f"(β = 25, K = 3), blocks of 2 to 6 stimuli shown {_REPEATS} times, three actions, "
            f"sure feedback; right, healthy medians with K = 1 to 4. Means of {_AGENTS} agents "
            "(standard errors below .005); points: an independent simulation."
        )
        return Measured(checks, panels, caption)


def _accuracy(groups: list[dict[str, float]]) -> np.ndarray:
    """Share of right choices `[groups, sizes, showings]`."""
    column = lambda name: jnp.repeat(jnp.asarray([g[name] for g in groups]), _AGENTS)
    values = {f"model.{n}": column(n) for n in groups[0] if n != "b"}
    values |= {"model.b_wm": column("b"), "model.b_rl": column("b")}
    what = task("set_size", sizes=_SIZES, repeats=_REPEATS, order="given")
    cue, won = play(
        agent("rlwm"),
        what,
        what.n_events,
        lambda event, readout: (event.cue.astype(jnp.int8), event.reward.astype(jnp.int8)),
        name="working_memory_set_size",
        n_agents=len(groups) * _AGENTS,
        values=values,
    )
    out, begin = np.empty((len(groups), len(_SIZES), _REPEATS)), 0
    for i, size in enumerate(_SIZES):
        block = slice(begin, begin := begin + size * _REPEATS)
        shown = np.stack([cue[block] == s for s in range(size)])
        showing = (np.cumsum(shown, axis=1) * shown).sum(axis=0)
        for j in range(_REPEATS):
            hit = np.where(showing == j + 1, won[block], 0).sum(axis=0) / size
            out[:, i, j] = hit.reshape(len(groups), _AGENTS).mean(axis=1)
    return out
