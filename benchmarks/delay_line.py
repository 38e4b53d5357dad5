"""A delay line over whole trials, errors of all bins kept, against loops written in C."""

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from _timing import fastest, show

from jaxda import platform


TRIALS, BINS, ABREAST = 200, 32, 64
# Sessions: so many that what a trial touches stays in cache.
SESSIONS = {32: 1_024, 64: 512}
ALPHA, GAMMA, LAM, OMISSION = 0.1, 0.98, 0.9, 0.1

# Rewards are given to it; the model draws its own. Parameters are one per session, as in lanes.
# `ABREAST` sessions advance side by side; with 1 it is the loop that one would write first.
C = """
void run(long sessions, long trials, const real *alpha, const real *gamma, const real *lam,
         const real *reward, real *restrict error) {
    for (long first = 0; first < sessions; first += ABREAST) {
        const real *a = alpha + first, *g = gamma + first, *l = lam + first;
        real value[BINS][ABREAST] = {{0}};
        for (long t = 0; t < trials; t++) {
            real trace[ABREAST] = {0}, ahead[ABREAST] = {0};
            const real *r = reward + t * sessions + first;
            for (int b = BINS - 1; b >= 0; b--) {
                real *out = error + STRIDE;
                for (int s = 0; s < ABREAST; s++) {
                    real here = value[b][s], d = g[s] * ahead[s] - here;
                    if (b == BINS - 1) d += r[s];
                    out[s] = d;
                    trace[s] = d + g[s] * l[s] * trace[s];
                    ahead[s] = here;
                    if (b) value[b][s] = here + a[s] * trace[s];
                }
            }
        }
    }
}
"""
# Errors lie as [trials, bins, sessions] or, one session at a time, [sessions, trials, bins].
STRIDES = {
    1: "(first * trials + t) * BINS + b",
    ABREAST: "(t * BINS + b) * sessions + first",
}


def compiled_c(folder: str, real: str, abreast: int):
    name = f"delay_line_{real}_{abreast}"
    source, library = Path(folder, name + ".c"), Path(folder, name + ".so")
    source.write_text(C)
    sizes = {"real": real, "BINS": BINS, "ABREAST": abreast, "STRIDE": STRIDES[abreast]}
    given = [f"-D{n}={v}" for n, v in sizes.items()]
    flags = ["-O3", "-march=native", *given, "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, "-o", library, source], check=True)
    return ctypes.CDLL(str(library)).run


def main() -> None:
    """Print nanoseconds per bin, trial and session, with ratios of one run, in both precisions."""
    platform.configure(precision=32)
    with tempfile.TemporaryDirectory() as folder:
        for bits in (32, 64):
            with jax.enable_x64(bits == 64):
                compare(folder, bits)


def compare(folder: str, bits: int) -> None:
    from jaxda.keys import named_keys
    from jaxda.models.delay_line import DelayLine
    from jaxda.models.td_lambda import TDLambda
    from jaxda.rollout import Agent, simulate
    from jaxda.tasks.pavlovian_trace import PavlovianTrace
    from jaxda.tasks.pavlovian_trial import PavlovianTrial

    sessions = SESSIONS[bits]
    dtype, real = (np.float32, "float") if bits == 32 else (np.float64, "double")
    keys = named_keys(0, [("delay line", str(i)) for i in range(sessions)])
    each = {"alpha": ALPHA, "gamma": GAMMA, "lam": LAM}
    each = {n: jnp.full(sessions, v, dtype) for n, v in each.items()}
    trials = PavlovianTrial(delay=BINS - 2, omission=OMISSION)
    bins = PavlovianTrace(delay=BINS - 2, omission=OMISSION)

    @jax.jit
    def line(keys, each):
        values = {f"model.{n}": v for n, v in each.items()}
        keep = lambda event, readout: readout.rpe
        return simulate(Agent(DelayLine()), trials, keys, TRIALS, values, record=keep)

    @jax.jit
    def by_bin(keys, each):
        values = {f"model.{n}": v for n, v in each.items()}
        keep = lambda event, readout: readout.rpe[0]
        return simulate(Agent(TDLambda()), bins, keys, TRIALS * BINS, values, record=keep)

    @jax.jit
    def rewards(keys):
        keep = lambda event, readout: event.reward
        return simulate(Agent(DelayLine()), trials, keys, TRIALS, record=keep)

    @jax.jit
    def nested(each, reward):
        def session(p, reward):
            def trial(value, reward):
                def step(carry, b):
                    value, trace = carry
                    ahead = jnp.where(b < BINS - 1, value[jnp.minimum(b + 1, BINS - 1)], 0.0)
                    delta = jnp.where(b == BINS - 1, reward, 0.0) + p["gamma"] * ahead - value[b]
                    trace = (p["gamma"] * p["lam"] * trace).at[b].add(1.0).at[0].set(0.0)
                    return (value + p["alpha"] * delta * trace, trace), delta

                start = value, jnp.zeros(BINS, dtype)
                (value, _), deltas = jax.lax.scan(step, start, jnp.arange(BINS))
                return value, deltas

            return jax.lax.scan(trial, jnp.zeros(BINS, dtype), reward)[1]

        return jax.vmap(session, in_axes=(0, 1))(each, reward)

    reward = rewards(keys)
    variants = {
        "delay_line (jaxda)": lambda: line(keys, each),
        "td_lambda (jaxda)": lambda: by_bin(keys, each),
        "nested scan": lambda: nested(each, reward),
    }
    want = np.asarray(variants["delay_line (jaxda)"]())
    found = {
        "td_lambda (jaxda)": np.asarray(by_bin(keys, each)).reshape(want.shape),
        "nested scan": np.moveaxis(np.asarray(nested(each, reward)), 0, -1),
    }
    base = "nested scan"
    if shutil.which("cc"):
        host = [np.asarray(v, dtype) for v in (*each.values(), reward)]
        for abreast in (1, ABREAST):
            out = np.zeros((TRIALS, BINS, sessions), dtype)
            where = [x.ctypes.data_as(ctypes.c_void_p) for x in (*host, out)]
            sizes = ctypes.c_long(sessions), ctypes.c_long(TRIALS)
            base = f"C, {abreast} abreast"
            run = functools.partial(compiled_c(folder, real, abreast), *sizes, *where)
            # What it points to must live as long as it does.
            variants[base] = lambda run=run, host=host, out=out: run()
            variants[base]()
            shaped = out.reshape(sessions, TRIALS, BINS).transpose(1, 2, 0)
            found[base] = out.copy() if abreast > 1 else shaped.copy()
        base = "C, 1 abreast"
    else:
        print("There is no C compiler `cc` here: ratios are to the nested scan.")
    for name, errors in found.items():
        off = float(np.abs(errors - want).max())
        assert off < (1e-4 if bits == 32 else 1e-10), f"{name} differs by {off}"
    title = f"Delay line, {sessions} sessions x {TRIALS} trials x {BINS} bins, float{bits}"
    show(title, fastest(variants), sessions * TRIALS * BINS, "bin", base)


if __name__ == "__main__":
    main()
