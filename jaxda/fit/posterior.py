"""Full posteriors by NUTS: of a group and its members, or of every unit on its own.

A hierarchical posterior is sampled without centring, and without what plain non-centring
leaves: with `x_i` the coordinates of unit i,

    x_i ~ Normal(w_i B, diag(sigma)^2),   B ~ Normal,   sigma ~ HalfNormal,

`w_i` being the unit's row of the design matrix. The sampler moves `e_i`, from which

    x_i = A_i^-1 (h_i + diag(sigma)^-2 w_i B) + A_i^-1/2 e_i,   A_i = H_i + diag(sigma)^-2.

Here `H_i` and `h_i` are precision and shift of a Gaussian that is near the likelihood of the
unit: of a unit without data both are zero and `x_i = w_i B + sigma e_i`, which is the usual
non-centring (Papaspiliopoulos, Roberts & Sköld 2007), and of a Gaussian likelihood the `e_i`
are standard normal and independent of the group, so that a trajectory needs a few steps. The
map is one to one and its Jacobian is in the target: draws are exact whatever `H_i` and `h_i`.

Everything is a density of real coordinates. The catalogue's priors, which are stated on the
natural scale, enter with their Jacobian.
"""

import functools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pyarrow as pa
from jaxtyping import Array, Float, PRNGKeyArray

from ..data.covariates import Design
from ..devices import chosen, copies, on_lanes, use
from ..keys import fold_name, named_keys
from ..params import Free
from .coordinates import natural
from .evidence import CoordinatePrior, coordinate_moments, find_mode
from .objective import Problem
from .penalties import AbstractPenalty, Gaussian


# What is asked of every parameter (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021).
MOST_RHAT, LEAST_ESS = 1.01, 400
# Target acceptances in turn. Where the target is nearly Gaussian the first makes trajectories of
# seven steps that turn in time; at 0.8 they take fifteen, and are no less correlated.
_TARGETS = (0.65, 0.9, 0.99)
# Draws of every chain in one call: warm-up and sampling share one compiled program.
_BLOCK = 50
# Doublings of a trajectory at most, in the adaptation (whose first steps are far too short) and
# after it.
_WARM_DEPTH, _DEPTH = 5, 10
# EM from the priors; more would move the Gaussians by less than they are wrong.
_ROUNDS = 6
_QUANTILES = {"q025": 0.025, "q05": 0.05, "median": 0.5, "q95": 0.95, "q975": 0.975}

Potential = Callable[[Any], Array]


class Group(NamedTuple):
    """The linear model of a group, and what is believed of it before any data are seen.

    `design` has a row for each unit and a column for each of `coefficients`. `location` and
    `scale` are mean and standard deviation of the normal prior of every coefficient of every
    coordinate, `spread` the scale of the half-normal prior of the standard deviation of units
    around the linear model.
    """

    coefficients: tuple[str, ...]
    design: Float[np.ndarray, "units coefficients"]
    location: Float[np.ndarray, "coefficients free"]
    scale: Float[np.ndarray, "coefficients free"]
    spread: Float[np.ndarray, " free"]


class Diagnostics(NamedTuple):
    """Whether the draws can be trusted; of every parameter by name, and of the run.

    Rank-normalised split R-hat, bulk and tail effective sample size (Vehtari et al. 2021) of
    `x`, `coefficients` and `sigma`. `saturated` counts the draws whose trajectory was cut off
    at the longest, `target_accept` is what divergences led to, and `failures` says in words
    what does not hold.
    """

    rhat: dict[str, np.ndarray]
    ess_bulk: dict[str, np.ndarray]
    ess_tail: dict[str, np.ndarray]
    divergences: int
    saturated: int
    target_accept: float
    failures: tuple[str, ...]


class Posterior(NamedTuple):
    """Draws of coordinates `x`, of the group if there is one, and how they came about.

    `coefficients` and `sigma` are on the scale of coordinates and None without a group.
    `stats` are those of the sampler by name, `[chains, draws]`.
    """

    frees: tuple[Free, ...]
    group: Group | None
    x: Float[np.ndarray, "chains draws units free"]
    coefficients: Float[np.ndarray, "chains draws coefficients free"] | None
    sigma: Float[np.ndarray, "chains draws free"] | None
    stats: dict[str, np.ndarray]
    diagnostics: Diagnostics

    def values(self) -> Float[np.ndarray, "chains draws units free"]:
        """Draws on the natural scale."""
        return np.asarray(natural(self.frees, self.x))


def group_of(frees: Sequence[Free], design: Design) -> Group:
    """A group with weakly informative priors, made from those of the catalogue.

    With m and s the mean and the standard deviation of a coordinate under the catalogue's
    prior, the intercept (the first column of `design`) is Normal(m, s), any other coefficient
    Normal(0, s), and sigma HalfNormal(s / 2): a group may lie wherever a single unit could, and
    its members differ less than units of which nothing is known.

    Raises:
        ValueError: if a unit lacks a covariate.
    """
    if not design.complete.all():
        lacking = [f"{u} ({m})" for u, m in enumerate(design.missing) if m]
        raise ValueError(
            f"units that lack covariates: {', '.join(lacking)}; sample the others without them."
        )
    mean, sd = coordinate_moments(frees)
    location = np.zeros((len(design.coefficients), len(mean)))
    location[0] = mean
    scale = np.tile(sd, (len(location), 1))
    return Group(design.coefficients, design.matrix, location, scale, sd / 2)


class _Members(eqx.Module):
    """Units of a group: positions of the sampler, and what they mean."""

    problem: Problem
    design: Float[Array, "units coefficients"]
    location: Float[Array, "coefficients free"]
    scale: Float[Array, "coefficients free"]
    spread: Float[Array, " free"]
    # A Gaussian near each likelihood, and where and how wide the group's posterior is.
    precision: Float[Array, "units free free"]
    shift: Float[Array, "units free"]
    coefficients: Float[Array, "coefficients free"]
    log_sigma: Float[Array, " free"]
    root: Float[Array, "coefficients coefficients"]

    def start(self, draw: Callable[[str, tuple[int, ...]], Array]) -> dict[str, Array]:
        return {
            "coefficients": draw("coefficients", self.coefficients.shape),
            "e": draw("e", self.shift.shape),
            "log_sigma": draw("log_sigma", self.log_sigma.shape),
        }

    def place(self, at: dict[str, Array]) -> tuple[dict[str, Array], Array]:
        """Draws by name, and the log-Jacobian of `x` and sigma by the position."""
        size = jnp.exp(self.log_sigma)
        coefficients = self.coefficients + (self.root @ at["coefficients"]) * size
        n_units = self.shift.shape[0]
        log_sigma = self.log_sigma + at["log_sigma"] / math.sqrt(2 * n_units)
        pull = jnp.exp(-2 * log_sigma)
        n = len(pull)
        total = self.precision + pull * jnp.eye(n, dtype=pull.dtype)
        factor = _cholesky(total)
        toward = self.shift + pull * (self.design @ coefficients)
        half = _forward(factor, [toward[:, i] for i in range(n)])
        x = _backward(factor, [y + at["e"][:, i] for i, y in enumerate(half)])
        jacobian = jnp.sum(log_sigma) - sum(jnp.sum(jnp.log(factor[i][i])) for i in range(n))
        placed = {
            "x": jnp.stack(x, axis=-1),
            "coefficients": coefficients,
            "sigma": jnp.exp(log_sigma),
        }
        return placed, jacobian

    def potential(self, at: dict[str, Array]) -> Array:
        placed, jacobian = self.place(at)
        x, coefficients, sigma = placed["x"], placed["coefficients"], placed["sigma"]
        away = (x - self.design @ coefficients) / sigma
        members = -0.5 * jnp.sum(jnp.square(away)) - x.shape[0] * jnp.sum(jnp.log(sigma))
        beliefs = -0.5 * jnp.sum(jnp.square((coefficients - self.location) / self.scale))
        beliefs = beliefs - 0.5 * jnp.sum(jnp.square(sigma / self.spread))
        return -(jnp.sum(self.problem.log_likelihood(x)) + members + beliefs + jacobian)


class _Individuals(eqx.Module):
    """Units on their own, each seen from its mode: the problem's penalty is a density."""

    problem: Problem
    mode: Float[Array, "units free"]
    root: Float[Array, "units free free"]

    def start(self, draw: Callable[[str, tuple[int, ...]], Array]) -> dict[str, Array]:
        return {"e": draw("e", self.mode.shape)}

    def place(self, at: dict[str, Array]) -> tuple[dict[str, Array], Array]:
        x = self.mode + jnp.sum(self.root * at["e"][:, None, :], axis=-1)
        return {"x": x}, jnp.zeros((), x.dtype)

    def potential(self, at: dict[str, Array]) -> Array:
        return jnp.sum(self.problem.loss(self.place(at)[0]["x"]))


def _cholesky(a: Float[Array, "units free free"]) -> list[list[Array]]:
    """Lower factor, element by element: units stay on the last axis, and nothing is a call."""
    t: list[list[Array]] = []
    for i in range(a.shape[-1]):
        t.append([])
        for j in range(i + 1):
            rest = a[:, i, j] - sum(t[i][k] * t[j][k] for k in range(j))
            t[i].append(jnp.sqrt(rest) if i == j else rest / t[j][j])
    return t


def _forward(t: list[list[Array]], b: list[Array]) -> list[Array]:
    y: list[Array] = []
    for i, row in enumerate(t):
        y.append((b[i] - sum(row[k] * y[k] for k in range(i))) / row[i])
    return y


def _backward(t: list[list[Array]], b: list[Array]) -> list[Array]:
    x: dict[int, Array] = {}
    for i in reversed(range(len(t))):
        x[i] = (b[i] - sum(t[k][i] * x[k] for k in range(i + 1, len(t)))) / t[i][i]
    return [x[i] for i in range(len(t))]


def _with(problem: Problem, penalty: AbstractPenalty) -> Problem:
    return eqx.tree_at(lambda p: p.penalty, problem, penalty)


def _members(problem: Problem, group: Group, x: Float[Array, "units free"] | None) -> _Members:
    """The likelihood of each unit as a Gaussian, where a few rounds of EM put the group."""
    n = len(problem.frees)
    design, (q, r) = group.design, np.linalg.qr(group.design)
    coefficients, sigma = group.location, 2 * group.spread
    x = jnp.asarray(design @ coefficients) if x is None else x
    for _ in range(_ROUNDS):
        mean = jnp.asarray(design @ coefficients)
        precision = jnp.broadcast_to(jnp.diag(jnp.asarray(sigma**-2.0)), (len(mean), n, n))
        mode = find_mode(_with(problem, Gaussian(mean, precision)), x)
        x, hessian = mode.x, np.asarray(mode.hessian - precision)
        here = np.asarray(x)
        values, vectors = np.linalg.eigh(np.where(np.isfinite(hessian), hessian, 0.0))
        likelihood = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
        # A group mean that the coefficients say and a spread that the units' errors belong to.
        coefficients = np.linalg.solve(r, q.T @ here)
        error = np.diagonal(np.linalg.inv(likelihood + np.asarray(precision)), axis1=1, axis2=2)
        sigma = np.sqrt(np.mean((here - design @ coefficients) ** 2 + error, axis=0))
        sigma = np.clip(sigma, 0.05 * group.spread, 4 * group.spread)
    # The Gaussian's gradient at x is that of the likelihood, which at the mode is the pull.
    toward = np.einsum("uij,uj->ui", likelihood, here)
    shift = toward + np.asarray(precision[0]).diagonal() * (here - np.asarray(mean))
    return _Members(
        problem,
        *map(jnp.asarray, (design, group.location, group.scale, group.spread)),
        *map(jnp.asarray, (likelihood, shift, coefficients, np.log(sigma), np.linalg.inv(r))),
    )


def _individuals(problem: Problem, x: Float[Array, "units free"] | None) -> _Individuals:
    mean, sd = coordinate_moments(problem.frees)
    x = jnp.broadcast_to(jnp.asarray(mean), (problem.n_units, len(mean))) if x is None else x
    density = _with(problem, CoordinatePrior())
    mode = find_mode(density, x)
    values, vectors = np.linalg.eigh(np.nan_to_num(np.asarray(mode.hessian)))
    # Where the posterior is flatter than any prior its mode tells no width.
    width = np.minimum(1 / np.sqrt(np.maximum(values, 1e-12)), sd.max())
    return _Individuals(density, mode.x, jnp.asarray(vectors * width[:, None, :]))


def sample_posterior(
    problem: Problem,
    group: Group | None = None,
    *,
    seed: int,
    name: tuple[str, ...] = ("posterior",),
    x: Float[Array, "units free"] | None = None,
    chains: int = 4,
    warmup: int = 300,
    draws: int = 500,
    most: int = 4000,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Posterior:
    """The posterior of `problem`, hierarchical with a `group` and else of each unit alone.

    The likelihood is the problem's; its penalty is not looked at. Without a group every unit
    has the catalogue's priors. `x` are coordinates near which the posterior lies, such as
    those of a fit. Every one of `chains` draws `draws` times after `warmup` steps of
    adaptation, and goes on to at most `most` draws as long as R-hat or an effective sample
    size does not suffice. If there are divergences all is sampled again in shorter steps.
    What does not hold in the end is told in `diagnostics.failures`. The random streams are
    those of `(seed, *name)`. `progress(done, total)` counts steps of a run.

    Raises:
        ValueError: if the starting coordinates are not finite, or the density there is not.
    """
    if x is not None and not bool(jnp.all(jnp.isfinite(x))):
        raise ValueError("Coordinates to start from are not all finite.")
    # Trajectories magnify rounding, so they take off from the numbers of one device.
    with use(chosen()[:1]):
        target = _individuals(problem, x) if group is None else _members(problem, group, x)
    for accept in _TARGETS:
        run = _Run(target, (*name, f"target {accept:g}"), seed, chains, warmup, accept)
        total = warmup + draws
        while True:
            run.extend(draws, functools.partial(_told, progress, total))
            found = _diagnosed(run, problem.frees, group)
            enough = not found.diagnostics.failures or found.diagnostics.divergences
            if enough or run.drawn >= most:
                break
            total += draws
        if not found.diagnostics.divergences:
            break
    return found


def _told(progress: Callable[[int, int], None], total: int, done: int) -> None:
    """Blocks of draws may go a little past what was asked for."""
    progress(min(done, total), total)


class _Run:
    """Chains that advance together, a block of draws at a time."""

    def __init__(
        self,
        target: _Members | _Individuals,
        name: tuple[str, ...],
        seed: int,
        chains: int,
        warmup: int,
        accept: float,
    ):
        from numpyro.infer.hmc import hmc

        self.target, self.accept, self.drawn = target, accept, 0
        self._warm = -(-warmup // _BLOCK) * _BLOCK
        self._kept: list[Any] = []
        # Data reach the compiled programs as arguments: as constants they would take long to fold.
        begin, move = hmc(potential_fn_gen=lambda target: target.potential, algo="NUTS")

        def first(target: _Members | _Individuals, key: PRNGKeyArray) -> Any:
            draw = lambda part, shape: jax.random.normal(fold_name(key, part), shape)
            return begin(
                target.start(draw),
                num_warmup=self._warm,
                target_accept_prob=accept,
                max_tree_depth=(_WARM_DEPTH, _DEPTH),
                model_args=(target,),
                rng_key=fold_name(key, "trajectories"),
            )

        def block(target: _Members | _Individuals, state: Any) -> Any:
            def step(state: Any, _: None) -> Any:
                state = jax.vmap(lambda s: move(s, model_args=(target,)))(state)
                stats = {
                    "diverging": state.diverging,
                    "energy": state.energy,
                    "acceptance_rate": state.accept_prob,
                    "n_steps": state.num_steps,
                }
                return state, (state.z, stats)

            state, kept = jax.lax.scan(step, state, length=_BLOCK)
            return state, jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), kept)

        # NumPyro mixes precisions, which strict promotion would refuse.
        self._standard = lambda: jax.numpy_dtype_promotion("standard")
        self._block = eqx.filter_jit(block)
        self._place = eqx.filter_jit(lambda target, at: jax.vmap(jax.vmap(target.place))(at)[0])
        keys = named_keys(seed, [(*name, f"chain {c}") for c in range(chains)])
        with self._standard():
            each = lambda target, keys: jax.vmap(lambda key: first(target, key))(keys)
            self._state = eqx.filter_jit(each)(target, keys)
        if not bool(jnp.all(jnp.isfinite(self._state.potential_energy))):
            raise ValueError("The posterior density is not finite where its sampling starts.")

    def extend(self, draws: int, progress: Callable[[int], None]) -> None:
        """Draw `draws` more from every chain, after the adaptation if it is the first time."""
        until, share = self.drawn + draws, copies(self.target)
        with self._standard():
            while self._warm > 0 or self.drawn < until:
                self._state, kept = on_lanes(self._block, share, self._state, axis=0)
                kept = jax.tree.map(np.asarray, kept)
                if self._warm > 0:
                    self._warm -= _BLOCK
                else:
                    self._kept.append(kept)
                    self.drawn += _BLOCK
                progress(int(self._state.i[0]))

    def draws(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Draws and statistics by name, `[chains, draws, ...]`."""
        joined = jax.tree.map(lambda *x: np.concatenate(x, axis=1), *self._kept)
        at, stats = joined
        with self._standard():
            placed = self._place(self.target, at)
        return jax.tree.map(np.asarray, placed), stats


def _diagnosed(run: _Run, frees: tuple[Free, ...], group: Group | None) -> Posterior:
    placed, stats = run.draws()
    arviz = _arviz()
    measured = arviz.convert_to_dataset(placed)
    by_name = lambda found: {n: found[n].to_numpy() for n in placed}
    rhat = by_name(arviz.rhat(measured))
    bulk = by_name(arviz.ess(measured, method="bulk"))
    tail = by_name(arviz.ess(measured, method="tail"))
    divergences = int(stats["diverging"].sum())
    saturated = int((stats["n_steps"] >= 2**_DEPTH - 1).sum())
    n = stats["diverging"].size
    failures = []
    if divergences:
        failures.append(
            f"{divergences} of {n} draws diverged, at a target acceptance of {run.accept:g}: "
            f"part of the posterior may be missing"
        )
    if saturated:
        failures.append(f"{saturated} of {n} trajectories were cut off before they turned")
    for what, found, wrong in (
        ("R-hat", rhat, lambda v: ~(v < MOST_RHAT)),
        ("the bulk effective sample size", bulk, lambda v: ~(v >= LEAST_ESS)),
        ("the tail effective sample size", tail, lambda v: ~(v >= LEAST_ESS)),
    ):
        bad = {n: int(wrong(v).sum()) for n, v in found.items() if wrong(v).any()}
        if bad:
            worst = np.nanmax if what == "R-hat" else np.nanmin
            extreme = worst(np.concatenate([found[n].ravel() for n in bad]))
            where = ", ".join(f"{k} of {found[n].size} {n}" for n, k in bad.items())
            limit = f"below {MOST_RHAT}" if what == "R-hat" else f"at least {LEAST_ESS}"
            failures.append(f"{what} is not {limit} for {where} (at worst {extreme:.4g})")
    diagnostics = Diagnostics(rhat, bulk, tail, divergences, saturated, run.accept, tuple(failures))
    return Posterior(
        frees,
        group,
        placed["x"],
        placed.get("coefficients"),
        placed.get("sigma"),
        stats,
        diagnostics,
    )


def unit_table(posterior: Posterior, labels: Mapping[str, Sequence[Any]]) -> pa.Table:
    """One row per unit and parameter, on the natural scale.

    `labels` are columns that say which unit it is, an entry for each unit. Mean, standard
    deviation, median and quantiles of the draws, R-hat and effective sample sizes.
    """
    n_units, n = posterior.x.shape[2:]
    found = posterior.diagnostics
    columns: dict[str, Any] = {k: [v for v in each for _ in range(n)] for k, each in labels.items()}
    columns["parameter"] = [f.name for f in posterior.frees] * n_units
    columns |= _summary(posterior.values())
    measures = {"rhat": found.rhat, "ess_bulk": found.ess_bulk, "ess_tail": found.ess_tail}
    return pa.table(columns | {k: each["x"].ravel() for k, each in measures.items()})


def group_table(posterior: Posterior) -> pa.Table:
    """One row per coefficient and parameter, and one per standard deviation of units, `sigma`.

    All on the scale of coordinates. `positive` is the posterior probability of being above
    zero. An effect is a coefficient over sigma (of a two-group design with values 0 and 1 it
    is Cohen's d in coordinates); the intercept and sigma have none.

    Raises:
        ValueError: if the posterior has no group.
    """
    if posterior.group is None or posterior.coefficients is None or posterior.sigma is None:
        raise ValueError("Every unit was sampled on its own: there is no group.")
    names = posterior.group.coefficients
    sigma, found = posterior.sigma[:, :, None], posterior.diagnostics
    draws = np.concatenate([posterior.coefficients, sigma], axis=2)
    effects = posterior.coefficients / sigma
    effects = np.concatenate([np.full_like(sigma, np.nan), effects[:, :, 1:], sigma * np.nan], 2)
    columns: dict[str, Any] = {
        "coefficient": [c for c in (*names, "sigma") for _ in posterior.frees],
        "parameter": [f.name for f in posterior.frees] * (len(names) + 1),
    }
    columns |= _summary(draws)
    columns["positive"] = np.mean(draws > 0, axis=(0, 1)).ravel()
    for name, each in _summary(effects).items():
        columns[f"effect_{name}"] = pa.array(each, mask=np.isnan(each))
    measures = {"rhat": found.rhat, "ess_bulk": found.ess_bulk, "ess_tail": found.ess_tail}
    for name, of in measures.items():
        columns[name] = np.concatenate([of["coefficients"].ravel(), of["sigma"].ravel()])
    return pa.table(columns)


def _summary(draws: np.ndarray) -> dict[str, np.ndarray]:
    """Columns about draws `[chains, draws, *shape]`, each with the elements of `shape`."""
    flat = draws.reshape(draws.shape[0] * draws.shape[1], -1)
    quantiles = np.quantile(flat, list(_QUANTILES.values()), axis=0)
    columns = {"mean": flat.mean(axis=0), "sd": flat.std(axis=0, ddof=1)}
    return columns | dict(zip(_QUANTILES, quantiles, strict=True))


def pointwise(
    problem: Problem, posterior: Posterior, by: str = "unit"
) -> Float[np.ndarray, "chains draws points"]:
    """Log-likelihood of every draw, by `unit`, `session` or `record`.

    What is left out by one point at a time is what a comparison predicts: a unit or a session
    is new, a record is one among known neighbours. Events that say nothing (their probability
    is one in all draws) are no records.
    """
    if by not in ("unit", "session", "record"):
        raise ValueError(f"a log-likelihood by {by!r}; it is by unit, session or record.")

    def each(x: Array) -> Array:
        if by == "unit":
            return problem.log_likelihood(x)
        logp = problem.log_probs(x)
        return jnp.sum(logp, axis=0) if by == "session" else logp.ravel()

    flat = jnp.asarray(posterior.x.reshape(-1, *posterior.x.shape[2:]))
    out = np.asarray(jax.jit(lambda x: jax.lax.map(each, x))(flat))
    if by == "record":
        out = out[:, np.any(out != 0, axis=0)]
    return out.reshape(*posterior.x.shape[:2], -1)


def to_arviz(posterior: Posterior, problem: Problem, units: Sequence[str], by: str = "unit") -> Any:
    """An `arviz.InferenceData` with groups posterior, log_likelihood and sample_stats.

    `value` are draws on the natural scale and `x` in coordinates, with dimensions `unit` and
    `parameter`; `coefficients` and `sigma` those of the group. The log-likelihood is that of
    `pointwise`.
    """
    arviz = _arviz()
    dims = {"value": ["unit", "parameter"], "x": ["unit", "parameter"], "log_likelihood": [by]}
    coords = {"unit": list(units), "parameter": [f.name for f in posterior.frees]}
    draws = {"value": posterior.values(), "x": posterior.x}
    if posterior.coefficients is not None and posterior.sigma is not None:
        draws |= {"coefficients": posterior.coefficients, "sigma": posterior.sigma}
        dims |= {"coefficients": ["coefficient", "parameter"], "sigma": ["parameter"]}
        coords["coefficient"] = list(posterior.group.coefficients) if posterior.group else []
    return arviz.from_dict(
        posterior=draws,
        log_likelihood={"log_likelihood": pointwise(problem, posterior, by)},
        sample_stats=posterior.stats,
        coords=coords,
        dims=dims,
    )


def _arviz() -> Any:
    with warnings.catch_warnings():
        # Once a day it announces its next version.
        warnings.simplefilter("ignore", FutureWarning)
        import arviz
    return arviz
