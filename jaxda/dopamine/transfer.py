"""From dopamine to what cells of the two pathways do with it.

Occupied D1 receptors raise adenylate cyclase in cells of the direct pathway, against M4
receptors; occupied D2 receptors lower it in cells of the indirect pathway, against A2A receptors
(a public simulation toolbox of Dreyer, after Yapo et al. 2017):

    u1 = [b1 o1 - b_m4 opposing]+    u2 = [b_a2a opposing - b2 o2]+    dA/dt = u - k_pde A

[z]+ is width softplus(z / width), which has a derivative. How drive changes learning rates and
choice is a proposal of jaxda, with the balance of pathways as in Collins & Frank 2014.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, ArrayLike, Float

from ._domain import Floats, constant, within


# Standard deviation of the logarithm of dopamine over its optimum.
_WIDTH = 0.7


class Drive(NamedTuple):
    """Drive of adenylate cyclase in cells with D1 and with D2 receptors, 1/s."""

    d1: Float[Array, "..."]
    d2: Float[Array, "..."]


class Transfer(eqx.Module):
    """Constants of the transfer, rodent.

    Strengths `b1`, `b_m4`, `b_a2a`, `b2` in 1/s; `opposing` occupancy of M4 and A2A receptors;
    `kd_1`, `kd_2` in nM; `k_pde` in 1/s; `width` of the smooth threshold in 1/s.

    Raises:
        ValueError: if a known number is out of its domain.
    """

    b1: Float[Array, "..."] = constant(18.0)
    b_m4: Float[Array, "..."] = constant(10.0)
    b_a2a: Float[Array, "..."] = constant(25.0)
    b2: Float[Array, "..."] = constant(50.0)
    opposing: Float[Array, "..."] = constant(100 / 1100)
    kd_1: Float[Array, "..."] = constant(1000.0)
    kd_2: Float[Array, "..."] = constant(1000.0)
    k_pde: Float[Array, "..."] = constant(0.1)
    width: Float[Array, "..."] = constant(0.05)

    def __check_init__(self) -> None:
        for name in ("b1", "b_m4", "b_a2a", "b2", "kd_1", "kd_2", "k_pde", "width"):
            within(name, getattr(self, name), 0, np.inf, "()")
        within("opposing", self.opposing, 0, 1)

    def __call__(
        self,
        dopamine: ArrayLike,
        blocked_1: ArrayLike = 0.0,
        blocked_2: ArrayLike = 0.0,
    ) -> Drive:
        """Drive at `dopamine` nM, with antagonists on the share `blocked_` of either receptor."""
        c = jnp.asarray(dopamine, float)
        free_1 = 1 - within("blocked_1", blocked_1, 0, 1)
        free_2 = 1 - within("blocked_2", blocked_2, 0, 1)
        o1 = c * free_1 / (c * free_1 + self.kd_1)
        o2 = c * free_2 / (c * free_2 + self.kd_2)
        over = lambda z: self.width * jax.nn.softplus(z / self.width)
        return Drive(
            over(self.b1 * o1 - self.b_m4 * self.opposing),
            over(self.b_a2a * self.opposing - self.b2 * o2),
        )

    def thresholds(self) -> Drive:
        """Dopamine (nM) below which D1 cells, and above which D2 cells, have no drive."""
        o1 = self.b_m4 * self.opposing / self.b1
        o2 = self.b_a2a * self.opposing / self.b2
        return Drive(self.kd_1 * o1 / (1 - o1), self.kd_2 * o2 / (1 - o2))


def adenylate(
    times: Float[Floats, " times"],
    drive: Float[Floats, "... times"],
    k_pde: ArrayLike = 0.1,
    start: ArrayLike | None = None,
) -> Float[Array, "... times"]:
    """Cyclic AMP A of dA/dt = u - k_pde A at `times` (s), for `drive` u that is linear between.

    Exact. It begins at `start`, or where the first drive would hold it.
    """
    k = within("k_pde", k_pde, 0, np.inf, "()")
    times, drive = jnp.asarray(times, float), jnp.asarray(drive, float)
    begin = drive[..., 0] / k if start is None else jnp.asarray(start, float)
    u = jnp.moveaxis(drive, -1, 0)
    begin = jnp.broadcast_to(begin, jnp.broadcast_shapes(begin.shape, u.shape[1:], k.shape))
    later = _cyclic(begin, u, jnp.diff(times), k)
    return jnp.moveaxis(jnp.concatenate([begin[None], later]), 0, -1)


@jax.jit
def _cyclic(begin: Array, drive: Array, steps: Array, k: Array) -> Array:
    """Cyclic AMP after each of `steps` (s), between which `drive` is linear."""

    def step(a: Array, at: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        u0, u1, dt = at
        # The linear solution that the course relaxes to: (u(t) - slope / k) / k.
        slope = (u1 - u0) / (k * dt)
        a = (u1 - slope) / k + (a - (u0 - slope) / k) * jnp.exp(-k * dt)
        return a, a

    return lax.scan(step, begin, (drive[:-1], drive[1:], steps))[1]


# To learning and choice


def learning_gain(
    drive: ArrayLike,
    reference: ArrayLike,
    half: ArrayLike = 1.0,
) -> Float[Array, "..."]:
    """Factor h(drive / reference) on a learning rate, h(z) = (1 + half) z / (z + half).

    1 at the reference and 0 without drive; never above 1 + half.

    Raises:
        ValueError: if a known reference or half is not positive.
    """
    z = jnp.asarray(drive, float) / within("reference", reference, 0, np.inf, "()")
    half = within("half", half, 0, np.inf, "()")
    return (1 + half) * z / (z + half)


class Rates(NamedTuple):
    """Factors on the learning rates of the two pathways."""

    go: Float[Array, "..."]
    nogo: Float[Array, "..."]


def rates(
    drive: Drive,
    reference: Drive,
    half: ArrayLike = 1.0,
    gate: ArrayLike = 1.0,
) -> Rates:
    """What `drive` makes of alpha_G (D1 cells) and alpha_N (D2 cells).

    `gate` in [0, 1] lets the drive of D2 cells change plasticity: a fall of cyclic AMP need not
    undo phosphorylation (Yapo et al. 2017). At 0 alpha_N stays as it is.
    """
    nogo = learning_gain(drive.d2, reference.d2, half)
    gate = within("gate", gate, 0, 1)
    return Rates(learning_gain(drive.d1, reference.d1, half), 1 + gate * (nogo - 1))


def balance(
    tonic: ArrayLike,
    set_point: ArrayLike,
    steepness: ArrayLike = 1.0,
) -> Float[Array, "..."]:
    """Balance rho = tanh(steepness log(tonic / set_point)) of Go over NoGo, in [-1, 1).

    -1 without dopamine, 0 at the set point. Both concentrations in nM.

    Raises:
        ValueError: if a known tonic level is below 0, or another number not positive.
    """
    x = within("tonic", tonic, 0, np.inf, "[)") / within("set_point", set_point, 0, np.inf, "()")
    power = jnp.power(x, 2 * within("steepness", steepness, 0, np.inf, "()"))
    return 1 - 2 / (power + 1)


class Gains(NamedTuple):
    """Choice gains of the two pathways."""

    go: Float[Array, "..."]
    nogo: Float[Array, "..."]


def gains(beta: ArrayLike, rho: ArrayLike) -> Gains:
    """beta (1 + rho) and beta (1 - rho)."""
    beta, rho = jnp.asarray(beta, float), jnp.asarray(rho, float)
    return Gains(beta * (1 + rho), beta * (1 - rho))


def inverted_u(tone: ArrayLike, width: ArrayLike = _WIDTH) -> Float[Array, "..."]:
    """How well cortex works at dopamine `tone` times its optimum: exp(-log(tone)^2 / 2 width^2).

    1 at the optimum and less on both sides (Cools & D'Esposito 2011, Biol. Psychiatry 69:e113);
    this curve is a proposal of jaxda.
    """
    x = within("tone", tone, 0, np.inf, "[)")
    some = x > 0
    far = jnp.log(jnp.where(some, x, 1.0)) / width
    return jnp.where(some, jnp.exp(-jnp.square(far) / 2), 0.0)


def set_point(
    before: ArrayLike,
    tonic: ArrayLike,
    days: ArrayLike,
    tau: ArrayLike,
    strength: ArrayLike = 1.0,
) -> Float[Array, "..."]:
    """The level (nM) that counts as normal, `days` after the tonic level changed to `tonic`.

    Its logarithm goes the share `strength` of the way, with time constant `tau` days:
    supersensitivity after denervation, tolerance under a drug. Adaptation of receptors in one
    number, a proposal of jaxda.

    Raises:
        ValueError: if a known number is out of its domain.
    """
    way = within("strength", strength, 0, 1) * -jnp.expm1(
        -within("days", days, 0, np.inf, "[)") / within("tau", tau, 0, np.inf, "()")
    )
    before = within("before", before, 0, np.inf, "()")
    return before * jnp.power(within("tonic", tonic, 0, np.inf, "()") / before, way)
