"""Agents from configured variants, and populations of them."""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float

from . import catalog
from .config import Variant
from .keys import named_keys
from .lesions._base import AbstractLesion
from .lesions._combined import compose, dose_path
from .params import Free, free, get, put, resolve, specs, unpack
from .rollout import Agent


# Spread of a population, in real coordinates, where the configuration is silent.
_SPREAD = 0.5


def build(
    variant: Variant, lesion: str = "intact", background: Mapping[str, float] | None = None
) -> Agent:
    """The agent that a variant describes, with the lesion at dose 0 over a background."""
    model = catalog.load("models", variant.model)(**variant.settings)
    habits = {name: catalog.load("habits", name)() for name in variant.habits}
    agent = Agent(model, build_lesion(lesion, background), habits)
    fixed = {resolve(agent, n): jnp.asarray(v, dtype=float) for n, v in variant.values.items()}
    return put(agent, fixed)


def build_lesion(name: str, background: Mapping[str, float] | None = None) -> AbstractLesion:
    """A lesion of the catalogue at dose 0, with other lesions at their doses."""
    under = (catalog.load("lesions", n)(dose) for n, dose in (background or {}).items())
    return compose(*under, catalog.load("lesions", name)())


def path_of_dose(agent: Agent, lesion: str) -> str:
    """The path of the dose of the lesion called `lesion`, alone or over a background."""
    return f"lesion.{dose_path(agent.lesion, catalog.load('lesions', lesion))}"


def free_names(variant: Variant) -> tuple[str, ...]:
    """What a variant frees: its own list, or the defaults of its model and habits."""
    if variant.free is not None:
        return tuple(variant.free)
    habits = [catalog.describe("habits", h).facts["free"] for h in variant.habits]
    return sum(habits, tuple(catalog.describe("models", variant.model).facts["free"]))


def frees(variant: Variant, agent: Agent) -> tuple[Free, ...]:
    """Free coordinates of a variant."""
    return free(agent, free_names(variant), variant.bounds)


def draw_population(
    variant: Variant, agent: Agent, seed: int, subjects: Sequence[tuple[str, ...]]
) -> dict[str, Float[Array, " subjects"]]:
    """Natural values by path of every subject: free parameters vary, the rest are fixed.

    A varying parameter is normal in its real coordinate, around the coordinate of its
    configured median with the configured spread (default: the agent's value, 0.5).
    """
    out: dict[str, Array] = {}
    for f in frees(variant, agent):
        median, sd = variant.population.get(f.name, (None, _SPREAD))
        center = f.domain.inverse(
            get(agent, f.paths[0]) if median is None else jnp.asarray(median, dtype=float)
        )
        keys = named_keys(seed, [(*s, f.name) for s in subjects])
        out |= unpack((f,), {f.name: center + sd * jax.vmap(jr.normal)(keys)})
    return out


def all_values(agent: Agent, values: dict[str, Array], n: int) -> dict[str, np.ndarray]:
    """Every parameter of the model and its habits by path, `[n]`, varying or not."""
    paths = [p for p in specs(agent) if not p.startswith("lesion.")]
    return {
        p: np.broadcast_to(np.asarray(values.get(p, get(agent, p)), float), (n,)) for p in paths
    }
