"""Random walks between two walls."""

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, PRNGKeyArray

from ._checks import between, finite


def check_walls(sd: float, lower: float, upper: float) -> None:
    """Refuse walks of probabilities that have no room.

    Raises:
        ValueError: if `sd` is negative, a wall no probability, or nothing lies between.
    """
    finite("sd", sd, 0)
    between("lower", lower, 0, 1)
    between("upper", upper, 0, 1)
    if not lower < upper:
        raise ValueError(f"lower is {lower} and upper is {upper}: nothing between.")


def reflecting_walks(
    key: PRNGKeyArray, n_steps: int, n_walks: int, sd: float, lower: float, upper: float
) -> Float[Array, "steps walks"]:
    """Gaussian walks with steps of `sd`, reflected at `lower` and `upper`, uniform at the start.

    The first row is the start. In the long run every level between the walls is as likely as
    any other. A scan rather than a cumulative sum: the sum of the first steps would change in
    its last bits with their number.
    """
    start, noise = jr.split(key)
    first = jr.uniform(start, (n_walks,), minval=lower, maxval=upper)
    width = upper - lower

    def step(level: Array, move: Array) -> tuple[Array, Array]:
        # Folding handles a step that would meet a wall more than once.
        unfolded = jnp.mod(level + move - lower, 2 * width)
        return lower + width - jnp.abs(width - unfolded), level

    return jax.lax.scan(step, first, sd * jr.normal(noise, (n_steps, n_walks)))[1]
