"""Random keys made from names, and noise made from counters.

A key depends on what a thing is called, never on where it stands in a list; a session's
noise depends on its key and the event's index, never on the batch or on how many events are
asked for. So adding a scenario, a subject or a trial changes no other draw.
"""

import hashlib
from collections.abc import Iterable

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.extend.random import threefry2x32_p
from jaxtyping import Array, Float, Int, Integer, Key, PRNGKeyArray


def _words(text: str) -> np.ndarray:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.frombuffer(digest, dtype="<u4").astype(np.uint32)


def named_key(seed: int, *names: str) -> PRNGKeyArray:
    """The key of the thing called `names` under `seed`."""
    data = jnp.asarray(_words("\0".join((str(seed), *names))))
    return jr.wrap_key_data(data, impl="threefry2x32")


def named_keys(seed: int, rows: Iterable[tuple[str, ...]]) -> Key[Array, " rows"]:
    """One key per tuple of names, as an array of keys `[lanes]`."""
    data = np.stack([_words("\0".join((str(seed), *names))) for names in rows])
    return jr.wrap_key_data(jnp.asarray(data), impl="threefry2x32")


def fold_name(key: PRNGKeyArray, name: str) -> PRNGKeyArray:
    """The key of the part of `key` that is called `name`."""
    return jr.fold_in(key, int(_words(name)[0]))


def words(
    keys: Key[Array, "..."], first: Integer[Array, "..."], second: Integer[Array, "..."]
) -> tuple[Array, ...]:
    """Two random 32-bit words `[*keys, *counts, lanes]`, for `[*keys, lanes]` and two counts."""
    data = jr.key_data(keys)
    *lead, lanes = keys.shape
    # One axis of counts, and keys not spread over it: the loop that hashes is then short in
    # compiling and reads little.
    key = [data[..., None, :, i] for i in range(2)]
    counts = [x.reshape(*(1,) * len(lead), -1, 1).astype(jnp.uint32) for x in (first, second)]
    pair = threefry2x32_p.bind(*key, *counts)
    return tuple(x.reshape(*lead, *first.shape, lanes) for x in pair)


def uniforms(
    keys: Key[Array, " lanes"], events: Int[Array, " events"], n_draws: int
) -> Float[Array, "events draws lanes"]:
    """Uniform numbers in (0, 1), lanes last, one set per event and key.

    Draw d of event t is a hash of (key, t, d) alone, so any block of events and any tile of
    lanes gives the same numbers.
    """
    pairs = jnp.arange(-(-n_draws // 2))
    bits = jnp.stack(words(keys, *jnp.broadcast_arrays(events[:, None], pairs)), axis=2)
    bits = bits.reshape(events.shape[0], 2 * pairs.shape[0], keys.shape[0])
    dtype = jnp.zeros(()).dtype
    # 24 bits and half a step: exact in float32, and never 0 or 1.
    return ((bits[:, :n_draws] >> 8).astype(dtype) + 0.5) * jnp.asarray(2.0**-24, dtype)


def logistic(u: Float[Array, "..."]) -> Float[Array, "..."]:
    """Standard logistic noise from uniforms."""
    return jnp.log(u / (1 - u))


def gumbel(u: Float[Array, "..."]) -> Float[Array, "..."]:
    """Standard Gumbel noise from uniforms."""
    return -jnp.log(-jnp.log(u))


def normal(u: Float[Array, "..."]) -> Float[Array, "..."]:
    """Standard normal noise from uniforms."""
    return jax.scipy.special.ndtri(u)
