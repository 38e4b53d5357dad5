"""Learning by heart in sets of two to six stimuli: simulated people, and their learning curves."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from ..keys import fold_name
from ..params import get, resolve
from ..rollout import Agent, simulate
from ..tasks.set_size import SetSize
from ._changes import patient
from ._striatum import log_normal


# Medians of fits of the model to each of 36 healthy people and 49 patients with schizophrenia
# (public data of Collins et al. 2014; beta held at 25, one neglect of errors for both learners).
MEDIANS: dict[str, dict[str, float]] = {
    "HC": {
        "rho_wm": 0.962,
        "phi": 0.180,
        "epsilon": 0.011,
        "b_wm": 0.33,
        "b_rl": 0.33,
        "omega": 0.006,
        "alpha": 0.044,
        "capacity": 3.0,
    },
    "SZ": {
        "rho_wm": 0.886,
        "phi": 0.218,
        "epsilon": 0.028,
        "b_wm": 0.09,
        "b_rl": 0.09,
        "omega": -0.009,
        "alpha": 0.034,
        "capacity": 3.0,
    },
}
SIZES = (2, 3, 4, 5, 6)
SHOWINGS = 9
# From this showing on, learning is over in small sets.
LATE = 6
# Rates that differ between individuals, each on its own; the neglect is one for both learners.
_VARIED = ("phi", "alpha", "b")


def simulated(
    values: Mapping[str, float], lesions: Mapping[str, float] | None = None
) -> tuple[Agent, dict[str, Float[Array, ""]]]:
    """The agent after its lesions, and the values by path that change no compiled program.

    Raises:
        ValueError: if there is no such lesion or parameter, or a number is out of its domain.
    """
    here = patient("rlwm", {}, lesions, values)
    given = {path: get(here, path) for path in (resolve(here, name) for name in values)}
    return patient("rlwm", {}, lesions), given


def learning(
    keys: Key[Array, " individuals"],
    agent: Agent,
    values: Mapping[str, Float[Array, ""]],
    variation: float,
) -> tuple[Float[Array, "sizes showings individuals"], Float[Array, " individuals"]]:
    """How often each showing was answered rightly, and the weight of memory in sets of six.

    One block of every size, in rising order, each stimulus shown nine times. The rates phi,
    alpha and the neglect of errors differ between individuals: log-normal around `values`,
    with a standard deviation `variation` of the logarithm.
    """
    return _played(agent, keys, dict(values), jnp.asarray(variation, dtype=float))


@eqx.filter_jit
def _played(
    agent: Agent,
    keys: Key[Array, " individuals"],
    values: dict[str, Array],
    variation: Float[Array, ""],
) -> Any:
    own = jax.vmap(lambda key: fold_name(key, "people"))(keys)
    factor = {n: z**variation for n, z in log_normal(own, _VARIED, 1.0).items()}
    varied = dict(values)
    for name in ("phi", "alpha", "b_wm", "b_rl"):
        path = f"model.{name}"
        varied[path] = jnp.minimum(values[path] * factor[name.split("_")[0]], 1.0)
    task = SetSize(sizes=SIZES, repeats=SHOWINGS, order="given")
    cue, won, weight = simulate(
        agent,
        task,
        keys,
        task.n_events,
        varied,
        record=lambda event, readout: (
            event.cue.astype(jnp.int8),
            event.reward > 0,
            readout.latents["memory_weight"],
        ),
    )
    right, begin = [], 0
    for size in SIZES:
        block = slice(begin, begin := begin + size * SHOWINGS)
        shown = cue[block] == jnp.arange(size, dtype=jnp.int8)[:, None, None]
        so_far = jnp.cumsum(shown, axis=1, dtype=jnp.int8)
        showing = jnp.max(jnp.where(shown, so_far, jnp.int8(0)), axis=0)
        hits = [(showing == j + 1) & won[block] for j in range(SHOWINGS)]
        right.append(jnp.stack([jnp.sum(h.astype(float), axis=0) / size for h in hits]))
    return jnp.stack(right), weight[-1]
