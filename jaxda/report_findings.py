"""Findings in words: sentences with their numbers, made from rows of the result tables."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import catalog
from .config import Config
from .wording import correlation, estimate, fixed, level, listed, places, plural, share


Row = dict[str, Any]

# A parameter counts as recovered from this correlation of estimate and truth on.
RECOVERED = 0.7
# A wrong candidate that wins at least so often is named.
_CONFUSED = 0.2
# A parameter at the end of its domain in at least so many fits is named.
_CORNERED = 0.1
# A posterior wider than this share of its prior is the prior's.
_PRIOR = 0.8
# A second optimum so near the best, in nats, is another answer.
_CLOSE = 2.0
# Below this many subjects a correlation is called rough.
_FEW = 10
_NAMED = 5


def grouped(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows by the values of `keys`, in order of appearance."""
    out: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        out.setdefault(tuple(row[k] for k in keys), []).append(row)
    return out


def fitted_units(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows of each fit: its parameters."""
    keys = ("scenario", "source", "model", "dose", "subject", "session")
    return list(grouped(rows, *keys).values())


def undisturbed(config: Config, scenario: str, dose: float) -> bool:
    """Whether the subjects of a scenario are as if they had no lesion."""
    it = config.scenarios[scenario]
    return it.lesion == "intact" or (dose == 0 and not it.background)


def _where(config: Config, scenario: str, dose: float) -> str:
    intact = config.scenarios[scenario].lesion == "intact"
    return scenario if intact else f"{scenario} at dose {level(dose)}"


def _own(config: Config, recovery: Iterable[Row]) -> list[Row]:
    """Rows where the generating variant was fitted, and no lesion moved the estimate."""
    return [
        r
        for r in recovery
        if r["scenario"] in config.scenarios
        and r["source"] == r["model"]
        and undisturbed(config, r["scenario"], r["dose"])
    ]


def is_recovered(row: Row) -> bool:
    """Whether estimate and truth agree well enough to speak of this parameter."""
    return row["r"] is not None and row["r"] >= RECOVERED


def coverage_is(row: Row) -> str:
    """`low` or `high` where .95 would give such a coverage in fewer than 1 of 40 cases."""
    if row["coverage"] is None:
        return ""
    n = row["n"]
    held = round(row["coverage"] * n)
    p = lambda ks: sum(math.comb(n, k) * 0.95**k * 0.05 ** (n - k) for k in ks)
    if p(range(held + 1)) < 0.025:
        return "low"
    return "high" if p(range(held, n + 1)) < 0.025 else ""


def parameters(config: Config, recovery: Sequence[Row]) -> list[str]:
    """Which parameters come back from the model's own data, and whether intervals are honest."""
    out = []
    for (scenario, model, dose), rows in grouped(
        _own(config, recovery), "scenario", "model", "dose"
    ).items():
        n = rows[0]["n"]
        told = lambda r: f"{r['parameter']} ({correlation(r['r'])})"
        well = [told(r) for r in rows if is_recovered(r)]
        badly = [told(r) for r in rows if r["r"] is not None and not is_recovered(r)]
        alike = [r["parameter"] for r in rows if r["r"] is None]
        said = [f"recovered: {listed(well)}"] if well else []
        said += [f"not recovered: {listed(badly)}"] if badly else []
        said += (
            [f"not to be judged, being the same in all subjects: {listed(alike)}"] if alike else []
        )
        text = (
            f"{_where(config, scenario, dose)}, {model} fitted to its own data "
            f"({plural(n, 'subject')}): {'; '.join(said)}."
        )
        if n < _FEW and (well or badly):
            text += " With so few subjects a correlation says little."
        out.append(text + _coverage(rows))
    return out


def _coverage(rows: Sequence[Row]) -> str:
    known = [r for r in rows if r["coverage"] is not None]
    if not known:
        return " There are no 95\u00a0% intervals to check."
    parts = [f"{share(r['coverage'])} ({r['parameter']})" for r in known]
    text = f" 95\u00a0% intervals hold the truth in {listed(parts)} of subjects"
    low = [r["parameter"] for r in known if coverage_is(r) == "low"]
    high = [r["parameter"] for r in known if coverage_is(r) == "high"]
    if low:
        text += (
            f": too rarely for {listed(low)}, so do not trust {'it' if len(low) == 1 else 'them'}"
        )
    elif high:
        text += f": more often than they need to for {listed(high)}"
    return text + "."


def shifts(config: Config, fits: Sequence[Row]) -> list[str]:
    """How estimates move with a lesion that the fit knows nothing of."""
    out = []
    lesioned = [
        r
        for r in fits
        if r["source"] == r["model"]
        and r["scenario"] in config.scenarios
        and config.scenarios[r["scenario"]].lesion != "intact"
    ]
    for (scenario, model), rows in grouped(lesioned, "scenario", "model").items():
        doses = config.scenarios[scenario].doses
        at = {(r["dose"], r["subject"], r["parameter"]): r["estimate"] for r in rows}
        low, high = min(0.0, *doses), max(0.0, *doses)
        for dose in (d for d in (low, high) if d):
            moved: list[str] = []
            still: list[str] = []
            n = 0
            for parameter in dict.fromkeys(r["parameter"] for r in rows):
                pairs = [
                    (value, at[0, s, p])
                    for (d, s, p), value in at.items()
                    if d == dose and p == parameter and (0, s, p) in at
                ]
                if len(pairs) < 2:
                    continue
                change = [b - a for b, a in pairs]
                mean, n = statistics.fmean(change), len(change)
                error = statistics.stdev(change) / math.sqrt(n)
                sign = "+" if mean > 0 else ""
                text = f"{parameter} {sign}{estimate(mean, error)}"
                (moved if abs(mean) > 2 * error else still).append(text)
            if not n:
                continue
            said = [f"these estimates move: {listed(moved)}"] if moved else ["no estimate moves"]
            said += [f"within two standard errors of no change: {listed(still)}"] if still else []
            out.append(
                f"{scenario}, {model} fitted as if there were no lesion, dose {level(dose)} "
                f"against dose 0: {'; '.join(said)} (mean ± standard error over "
                f"{plural(n, 'subject')})."
            )
    return out


def models(config: Config, confusion: Sequence[Row]) -> list[str]:
    """How often the generating model is recognised, and what it is taken for."""
    out = []
    known = [r for r in confusion if r["scenario"] in config.scenarios]
    for (scenario,), rows in grouped(known, "scenario").items():
        candidates = list(dict.fromkeys(r["model"] for r in rows))
        if len(candidates) < 2:
            continue
        for (source,), own in grouped(rows, "source").items():
            out.append(_recognised(config, scenario, source, candidates, own))
        out += _meaning(config, scenario, rows)
    return out


def _recognised(
    config: Config, scenario: str, source: str, candidates: list[str], rows: list[Row]
) -> str:
    by_model = {m: {r["dose"]: r["confusion"] for r in rows if r["model"] == m} for m in candidates}
    doses = list(dict.fromkeys(r["dose"] for r in rows))
    several = config.scenarios[scenario].lesion != "intact" and len(doses) > 1

    def over_doses(model: str) -> str:
        shares = [by_model[model][d] for d in doses]
        if not several:
            return share(shares[0])
        return listed(
            f"{share(x)} ({'dose ' if i == 0 else ''}{level(d)})"
            for i, (d, x) in enumerate(zip(doses, shares, strict=True))
        )

    n = plural(rows[0]["n"], "subject")
    others = [m for m in candidates if m != source]
    named = [m for m in others if max(by_model[m].values()) >= _CONFUSED]
    taken = [f"{m} for {over_doses(m)}" for m in named]
    if source not in candidates:
        chosen = listed(taken) if taken else "no candidate for more than 20\u00a0%"
        return (
            f"{scenario}, data of {source}, which is not among the candidates: "
            f"chosen were {chosen} of {n}."
        )
    worst = min(doses, key=lambda d: by_model[source][d])
    most = all(by_model[source][worst] > by_model[m][worst] for m in others)
    text = (
        f"{scenario}, data of {source}: {source} is recognised in {over_doses(source)} of {n} "
        f"(chance {share(1 / len(candidates))})"
    )
    if taken:
        text += f"; confused with it: {'; '.join(taken)}"
    if not most:
        at = f" at dose {level(worst)}" if several else ""
        text += f". It is not chosen most often{at}: the best model of one subject tells little"
    return text + "."


def _meaning(config: Config, scenario: str, rows: Sequence[Row]) -> list[str]:
    """What a win is worth, where more than one source could have made the data."""
    sources = list(dict.fromkeys(r["source"] for r in rows))
    doses = list(dict.fromkeys(r["dose"] for r in rows))
    calm = next((d for d in doses if undisturbed(config, scenario, d)), None)
    at = [
        r
        for r in rows
        if r["dose"] == calm and r["model"] == r["source"] and r["inversion"] is not None
    ]
    if len(sources) < 2 or not at:
        return []
    parts = [f"one of {r['model']} in {share(r['inversion'])}" for r in at]
    return [
        f"{_where(config, scenario, at[0]['dose'])}: if all sources were equally likely, a win "
        f"would point to the right model: {listed(parts)} of cases."
    ]


def comparisons(config: Config, comparison: Sequence[Row]) -> list[str]:
    """Which candidate describes each data set best, and how surely."""
    out = []
    recorded = [r for r in comparison if r["scenario"] in config.datasets]
    several = {
        name
        for (name,), rows in grouped(recorded, "scenario").items()
        if len({r["dose"] for r in rows}) > 1
    }
    for (name, dose), rows in grouped(recorded, "scenario", "dose").items():
        where = f"{name} at dose {level(dose)}" if name in several else name
        out.append(_compared(where, config.datasets[name].unit, rows))
    return out


def _compared(where: str, unit: str, rows: list[Row]) -> str:
    best, *others = sorted(rows, key=lambda r: r["bic"])
    n = best["n"]
    if not others:
        return f"{where}: {best['model']} is the only candidate; nothing is compared."
    second = others[0]
    text = (
        f"{where} ({plural(n, unit)}): {best['model']} has the lowest summed BIC and is best for "
        f"{share(best['wins_bic'])} of {unit}s; the next, {second['model']}, is higher by "
        f"{fixed(second['delta_bic'], 1)}, or {estimate(second['mean_bic'], second['se_bic'])} "
        f"(standard error) per {unit}"
    )
    if n < 2 or abs(second["mean_bic"]) <= 2 * second["se_bic"]:
        text += ": the data do not decide between the two"
    favourite = max(rows, key=lambda r: r["wins_bic"])
    if favourite["wins_bic"] > best["wins_bic"]:
        text += f"; {favourite['model']} is best for more {unit}s ({share(favourite['wins_bic'])})"
    by_aic = min(rows, key=lambda r: r["aic"])["model"]
    text += "; AIC agrees." if by_aic == best["model"] else f"; AIC prefers {by_aic}."
    return text


def dose_unit(lesion: str) -> str:
    """What the dose of a lesion counts."""
    doc = catalog.describe("lesions", lesion).params["dose"].doc.rstrip(".")
    return doc[:1].lower() + doc[1:]


def dose_recovery(config: Config, rows: Sequence[Row]) -> Row:
    """Agreement of estimated and true dose over `rows` of one scenario.

    A true dose at an end of its domain cannot lie in an interval, which never reaches it:
    coverage leaves such sessions out, and is that of `intervals` sessions.
    """
    lesion = config.scenarios[rows[0]["scenario"]].lesion
    ends = catalog.describe("lesions", lesion).params["dose"].domain
    truth, estimates = [r["truth"] for r in rows], [r["estimate"] for r in rows]
    error = [e - t for e, t in zip(estimates, truth, strict=True)]
    varied = len(set(truth)) > 1 and len(set(estimates)) > 1
    inside = [
        r["lower"] <= r["truth"] <= r["upper"]
        for r in rows
        if r["lower"] is not None and r["upper"] is not None and r["truth"] not in ends
    ]
    return {
        "n": len(rows),
        "subjects": len({r["subject"] for r in rows}),
        "mean": statistics.fmean(estimates),
        "sd": statistics.stdev(estimates) if len(rows) > 1 else None,
        "r": statistics.correlation(truth, estimates) if varied else None,
        "bias": statistics.fmean(error),
        "rmse": math.sqrt(statistics.fmean(e * e for e in error)),
        "coverage": statistics.fmean(inside) if inside else None,
        "intervals": len(inside),
        "corner": statistics.fmean(r["corner"] for r in rows),
        "converged": statistics.fmean(r["converged"] for r in rows),
    }


def doses(config: Config, rows: Sequence[Row]) -> list[str]:
    """How well the dose alone comes back, all else being known."""
    out = []
    for (scenario, source), part in grouped(rows, "scenario", "source").items():
        all_ = dose_recovery(config, part)
        told = lambda name, a=all_: fixed(a[name], places(a["rmse"]))
        given = sorted({r["truth"] for r in part})
        span = " to ".join(level(d) for d in dict.fromkeys((given[0], given[-1])))
        if all_["r"] is None:
            verdict = "no correlation to judge by,"
        else:
            word = "recovered" if is_recovered(all_) else "not recovered"
            verdict = f"{word}, {correlation(all_['r'])} between estimate and truth,"
        text = (
            f"{scenario}, {source} (dose: {dose_unit(config.scenarios[scenario].lesion)}; "
            f"given {span}): {verdict} root mean square error {told('rmse')}, "
            f"mean error {told('bias')}, over {plural(all_['n'], 'session')} of "
            f"{plural(all_['subjects'], 'subject')}."
        )
        if all_["coverage"] is not None:
            text += f" 95\u00a0% intervals hold the truth in {share(all_['coverage'])}"
            if all_["intervals"] < all_["n"]:
                text += f" of {plural(all_['intervals'], 'session')} where they can"
            if coverage_is(all_ | {"n": all_["intervals"]}) == "low":
                text += ": too rarely, so do not trust them"
            text += "."
        out.append(text)
    return out


def cautions(config: Config, fits: Sequence[Row], doses: Sequence[Row]) -> list[str]:
    """Fits that did not converge, have no proper optimum, or lie at the end of a domain.

    Simulated subjects are named; of a data set only numbers are told.
    """
    out: list[str] = []
    cells = {
        **{(*k, False): v for k, v in grouped(fits, "scenario", "source", "model").items()},
        **{(*k, True): v for k, v in grouped(doses, "scenario", "source", "model").items()},
    }
    for (scenario, source, model, dose), rows in cells.items():
        what = f"{scenario}, " + (
            f"dose of {source}"
            if dose
            else model
            if scenario in config.datasets
            else f"{model} fitted to {source}"
        )
        every = fitted_units(rows)
        failed = [u[0] for u in every if not u[0]["converged"]]
        if failed:
            text = f"{what}: {len(failed)} of {plural(len(every), 'fit')} did not converge"
            if scenario not in config.datasets:
                text += f" ({_who(failed)})"
            out.append(text + ".")
        flat = sum(not u[0]["positive_definite"] for u in every)
        if flat:
            out.append(
                f"{what}: {flat} of {plural(len(every), 'fit')} ended where the data leave some "
                "direction flat, so they have no standard errors."
            )
        lacking = [u[0] for u in every if u[0]["rank"] < u[0]["free"]]
        if lacking:
            out.append(
                f"{what}: in {len(lacking)} of {plural(len(every), 'fit')} the records say nothing "
                f"about some combination of parameters ({_common(lacking)})."
            )
        vague = [u[0] for u in every if u[0]["open"] and u[0]["rank"] == u[0]["free"]]
        if len(vague) >= _CORNERED * len(every):
            out.append(
                f"{what}: in {len(vague)} of {plural(len(every), 'fit')} the records leave a "
                f"combination of coordinates open (standard deviation above 2), most often "
                f"{_common(vague)}."
            )
        rivals = [u[0] for u in every if u[0]["gap"] is not None and u[0]["gap"] < _CLOSE]
        if rivals:
            out.append(
                f"{what}: {len(rivals)} of {plural(len(every), 'fit')} "
                f"{'has' if len(rivals) == 1 else 'have'} a second optimum within "
                f"{_CLOSE:g} nats of the best."
            )
        if dose:
            continue
        for (parameter,), values in grouped(rows, "parameter").items():
            cornered = statistics.fmean(r["corner"] for r in values)
            prior = [r["prior_share"] for r in values if r["prior_share"] is not None]
            decided = statistics.fmean(p > _PRIOR for p in prior) if prior else 0.0
            if decided >= _CORNERED:
                out.append(
                    f"{what}: {parameter} is hardly narrower than its prior in {share(decided)} "
                    "of fits: there the prior has decided, not the records."
                )
            if cornered >= _CORNERED:
                out.append(
                    f"{what}: {parameter} lies at an end of its domain in {share(cornered)} of "
                    "fits, where its interval means nothing."
                )
    return out


def _common(units: Sequence[Row]) -> str:
    """The parameters of the combination that most of `units` leave open."""
    names = [", ".join(sorted(part.split("·", 1)[1] for part in u["open"].split())) for u in units]
    return max(dict.fromkeys(names), key=names.count)


def _who(failed: Sequence[Row]) -> str:
    doses = {r["dose"] for r in failed} != {0.0}
    names = [
        f"{r['subject']} at dose {level(r['dose'])}" if doses else r["subject"] for r in failed
    ]
    if len(names) <= _NAMED + 1:
        return ", ".join(names)
    return ", ".join(names[:_NAMED]) + f" and {len(names) - _NAMED} more"


def brief(
    config: Config,
    tables: Mapping[str, Sequence[Row]],
) -> list[str]:
    """The whole in a few sentences; `tables` holds rows by kind."""
    out = comparisons(config, tables["comparison"])
    own = _own(config, tables["recovery"])
    judged = [r for r in own if r["r"] is not None]
    if judged:
        good = [r for r in judged if is_recovered(r)]
        text = (
            f"Parameters: {len(good)} of {len(judged)} come back from simulated data of their own "
            f"model without a lesion (r\u00a0≥\u00a0{RECOVERED:g})"
        )
        lost = [
            f"{listed(r['parameter'] for r in rows)} of {model} in {scenario}"
            for (scenario, model), rows in grouped(
                (r for r in judged if not is_recovered(r)), "scenario", "model"
            ).items()
        ]
        out.append(text + (f"; not {'; '.join(lost)}." if lost else "."))
    checked = [r for r in own if r["coverage"] is not None]
    if checked:
        low = sum(coverage_is(r) == "low" for r in checked)
        total = sum(r["n"] for r in checked)
        held = sum(r["coverage"] * r["n"] for r in checked) / total
        out.append(
            f"Intervals: 95\u00a0% intervals hold the truth in {share(held)} of cases there; for "
            f"{low or 'none'} of {plural(len(checked), 'parameter')} clearly too rarely."
        )
    out += _recognition(config, tables["confusion"])
    parts = [
        f"{correlation(r)} ({scenario}, {source})"
        for (scenario, source), rows in grouped(tables["dose"], "scenario", "source").items()
        if (r := dose_recovery(config, rows)["r"]) is not None
    ]
    if parts:
        out.append(
            f"Doses: with all else known, estimated and true dose correlate with {listed(parts)}."
        )
    every = fitted_units(tables["fits"])
    if every:
        failed = sum(not u[0]["converged"] for u in every)
        if failed:
            out.append(
                f"Fits: {failed:,} of {len(every):,} did not converge; the fits to be careful with "
                "are named below."
            )
        else:
            out.append(f"Fits: all {len(every):,} converged.")
    return out


def _recognition(config: Config, confusion: Sequence[Row]) -> list[str]:
    calm = [
        r
        for r in confusion
        if r["scenario"] in config.scenarios and undisturbed(config, r["scenario"], r["dose"])
    ]
    told_apart = [
        rows
        for rows in grouped(calm, "scenario", "source", "dose").values()
        if len(rows) > 1 and any(r["model"] == r["source"] for r in rows)
    ]
    if not told_apart:
        return []
    best = {
        f"{rows[0]['source']} in {rows[0]['scenario']}": next(
            r["confusion"] for r in rows if r["model"] == r["source"]
        )
        for rows in told_apart
    }
    low, high = min(best, key=lambda k: best[k]), max(best, key=lambda k: best[k])
    text = "Models: without a lesion, BIC finds the generating model in "
    if low == high:
        return [f"{text}{share(best[high])} of subjects ({high})."]
    return [
        f"{text}{share(best[high])} of subjects at best ({high}) and in {share(best[low])} "
        f"at worst ({low})."
    ]
