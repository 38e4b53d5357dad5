"""An expectile population, values and errors stored, against a loop written in C.

What is stored is more than a cache holds, so memory is most of what is timed. "C, new arrays" is
the same loop under the contract of JAX: every call returns arrays of its own, which begin as
zeros. Plain "C" writes over the arrays of the call before.
"""

import ctypes
import subprocess
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from _timing import fastest, show

from jaxda import platform


SESSIONS, TRIALS, CHANNELS = 1_000, 1_000, 20
RATE = 0.04

# It draws cues and rewards by threefry as the task does, from two keys per session.
C = """
#include <stdint.h>
#define BLOCK 40

/* Round by round over a block, so that the compiler vectorises it. */
static void uniforms(uint32_t k0, uint32_t k1, uint32_t from, float *restrict u) {
    uint32_t x[BLOCK], y[BLOCK];
    const uint32_t key[3] = {k0, k1, k0 ^ k1 ^ 0x1BD11BDA};
    const int turn[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
    for (int t = 0; t < BLOCK; t++) { x[t] = k0; y[t] = k1 + from + t; }
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 4; j++) {
            int n = turn[i % 2][j];
            for (int t = 0; t < BLOCK; t++) {
                x[t] += y[t];
                y[t] = (y[t] << n | y[t] >> (32 - n)) ^ x[t];
            }
        }
        uint32_t a = key[(i + 1) % 3], b = key[(i + 2) % 3] + i + 1;
        for (int t = 0; t < BLOCK; t++) { x[t] += a; y[t] += b; }
    }
    for (int t = 0; t < BLOCK; t++) u[t] = (int)((x[t] ^ y[t]) >> 9) * 0x1p-23f;
}

void run(long sessions, long trials, const uint32_t *keys, const float *edge, const float *size,
         const float *up, const float *down, float *value, float *error) {
    for (long s = 0; s < sessions; s++) {
        float v[2][CHANNELS] = {{0}};
        for (long from = 0; from < trials; from += BLOCK) {
            float announced[BLOCK], how_much[BLOCK], reward[BLOCK];
            uniforms(keys[4 * s], keys[4 * s + 1], from, announced);
            uniforms(keys[4 * s + 2], keys[4 * s + 3], from, how_much);
            for (int t = 0; t < BLOCK; t++) reward[t] = size[0];
            for (int i = 0; i < SIZES - 1; i++) {
                float bound = edge[i], more = size[i + 1];
                for (int t = 0; t < BLOCK; t++) {
                    reward[t] = how_much[t] >= bound ? more : reward[t];
                }
            }
            for (int t = 0; t < BLOCK; t++) {
                float *here = v[announced[t] < 0.5f], r = reward[t];
                float *out = value + (s * trials + from + t) * CHANNELS;
                float *err = error + (s * trials + from + t) * CHANNELS;
                for (int i = 0; i < CHANNELS; i++) {
                    float d = r - here[i];
                    out[i] = here[i];
                    err[i] = d;
                    here[i] += (d > 0 ? up[i] : down[i]) * d;
                }
            }
        }
    }
}
"""


def compiled_c(folder: str, n_sizes: int):
    source, library = Path(folder, "expectile.c"), Path(folder, "expectile.so")
    source.write_text(C)
    flags = ["-O3", "-march=native", f"-DCHANNELS={CHANNELS}", f"-DSIZES={n_sizes}"]
    subprocess.run(["cc", *flags, "-shared", "-fPIC", "-o", library, source], check=True)
    return ctypes.CDLL(str(library)).run


def main() -> None:
    """Print nanoseconds per channel and trial, with ratios of one run."""
    platform.configure(precision=32)
    from jaxda.models.expectile import Expectile
    from jaxda.rollout import Agent, simulate
    from jaxda.tasks.variable_magnitude import VariableMagnitude

    agent, task = Agent(Expectile(rate=RATE, channels=CHANNELS)), VariableMagnitude()
    keys = jr.split(jr.key(0), SESSIONS)
    odds = np.asarray(task.probabilities) / np.sum(task.probabilities)
    size = np.asarray(task.magnitudes, np.float32)
    tau = np.asarray(agent.model.optimism())
    up, down = (np.asarray(RATE * x, np.float32) for x in (tau, 1 - tau))

    keep = lambda event, readout: (readout.latents["value"], readout.rpe)
    lanes = jax.jit(lambda k: simulate(agent, task, k, TRIALS, record=keep))

    @jax.jit
    def plain(keys):
        def session(key):
            def trial(v, key):
                which, how_much = jr.split(key)
                cue = jr.bernoulli(which).astype(int)
                r = jr.choice(how_much, jnp.asarray(size), p=jnp.asarray(odds, jnp.float32))
                d = r - v[cue]
                return v.at[cue].add(jnp.where(d > 0, up, down) * d), (v[cue], d)

            return jax.lax.scan(trial, jnp.zeros((2, CHANNELS)), jr.split(key, TRIALS))[1]

        return jax.vmap(session)(keys)

    edge = np.cumsum(odds)[:-1].astype(np.float32)
    words = np.asarray(jax.vmap(lambda k: jr.key_data(jr.split(k)))(keys))
    value, error = np.zeros((2, SESSIONS, TRIALS, CHANNELS), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        run = compiled_c(folder, len(size))
        given = (words, edge, size, up, down, value, error)
        at = [x.ctypes.data_as(ctypes.c_void_p) for x in given]

        def anew():
            new = np.zeros((2, SESSIONS, TRIALS, CHANNELS), np.float32)
            into = [x.ctypes.data_as(ctypes.c_void_p) for x in new]
            run(ctypes.c_long(SESSIONS), ctypes.c_long(TRIALS), *at[:-2], *into)
            return new

        variants = {
            "C": lambda: run(ctypes.c_long(SESSIONS), ctypes.c_long(TRIALS), *at),
            "C, new arrays": anew,
            "lanes (jaxda)": lambda: lanes(keys),
            "vmap(scan)": lambda: plain(keys),
        }
        timed = fastest(variants)
    found = [np.asarray(x).transpose(2, 0, 1) for x in lanes(keys)]
    off = [np.abs(x - y).max() for x, y in zip(found, (value, error), strict=True)]
    print(f"values and errors differ from C by at most {off[0]:.1e} and {off[1]:.1e}")
    title = f"Expectiles, {CHANNELS} channels, {SESSIONS} sessions x {TRIALS} trials, float32"
    show(title, timed, SESSIONS * TRIALS * CHANNELS, "channel x trial", "C")


if __name__ == "__main__":
    main()
