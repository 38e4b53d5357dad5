"""What a batch must mean, beyond having the right shape. Imports no JAX."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from .. import _checks as known
from .._checks import Fields, Loc, Say, Wrong
from ..catalog import Card, describe, did_you_mean, names
from ..errors import shown
from .design import MOST
from .measures import MEASURES


def check(name: str, fields: Fields, variants: Mapping[str, Any], say: Say) -> None:
    """Report what does not fit together in one entry of `batch`."""
    loc = ("batch", name)
    models = _models(loc, fields, variants, say)
    lesions = _lesions(loc, fields, models, say)
    _background(loc, fields, lesions, models, say)
    _schedules(loc, fields, lesions, models, say)
    _parameters(loc, fields, models, say)
    _draws(loc, fields, say)
    _histograms(loc, fields, say)
    _number(loc, fields, say)


def _models(
    loc: Loc, fields: Fields, variants: Mapping[str, Any], say: Say
) -> list[tuple[Loc, str, Any]]:
    """The variants that play, each with its place."""
    kinds: dict[str, str] = {}
    for name, part in (fields["tasks"] or {}).items():
        at = (*loc, "tasks", name)
        known._name(at, name, {}, say)
        if isinstance(part, Wrong):
            continue
        task = known._component("tasks", part.name, (*at, "name"), say)
        if task:
            known.check_settings(task, part.settings, (*at, "settings"), say)
            kinds[name] = str(task.facts.get("kind"))
    used = known._used((*loc, "models"), fields["models"], variants, None, say)
    for at, name, variant in used:
        can = variant.model.facts.get("tasks", ())
        for task_name, kind in kinds.items():
            if kind not in can:
                found = f"{name!r} ({variant.model.name}) cannot do {task_name!r}, a {kind} task"
                say(at, found, f"a task of the kind {' or '.join(can)}, or another model")
    return used


def _lesions(loc: Loc, fields: Fields, models: list[Any], say: Say) -> set[str]:
    known_lesions = names("lesions")
    for name, levels in (fields["lesions"] or {}).items():
        at = (*loc, "lesions", name)
        if name not in known_lesions:
            say(at, f"no lesion called {name!r}", did_you_mean(name, known_lesions), key=True)
            continue
        lesion = describe("lesions", name)
        _levels(at, levels, lesion.params["dose"].domain, _doses(lesion), say)
        known._targets(lesion, models, say)
    return {*(fields["lesions"] or {})}


def _doses(lesion: Card) -> str:
    low, high = lesion.params["dose"].domain
    return f"a dose from {low:g} to {high:g}"


def _levels(at: Loc, levels: Any, domain: tuple[float, float], right: str, say: Say) -> None:
    """Check values, or a range, against a domain whose ends are allowed."""
    if isinstance(levels, Wrong):
        return
    low, high = domain
    ends = [levels.low, levels.high]
    if levels.values:
        for i, value in enumerate(levels.values):
            if not low <= value <= high:
                say((*at, "values", i), shown(value), right)
        known._unique((*at, "values"), levels.values, say)
        if ends != [None, None]:
            say(at, "values and a range", "either of them")
    elif None in ends:
        say(at, "neither values nor a range", "a list of values, or {low: ..., high: ...}")
    elif not low <= levels.low < levels.high <= high:
        say(at, f"a range from {levels.low:g} to {levels.high:g}", f"low below high, each {right}")
    if levels.spacing == "log" and levels.low is not None and levels.low <= 0:
        say((*at, "low"), shown(levels.low), "a number above 0, as the spacing is 'log'")


def _other(at: Loc, name: str, taken: Iterable[str], what: str, say: Say) -> Card | None:
    """The lesion of a background or schedule, unless it has a dose already."""
    if name not in names("lesions"):
        say(at, f"no lesion called {name!r}", did_you_mean(name, names("lesions")), key=True)
    elif name == "intact":
        say(at, "'intact', which is no lesion", f"another lesion, or no {what}", key=True)
    elif name in taken:
        say(at, f"{name!r}, which has doses already", "each lesion in one place", key=True)
    else:
        return describe("lesions", name)
    return None


def _background(loc: Loc, fields: Fields, lesions: set[str], models: list[Any], say: Say) -> None:
    for name, dose in (fields["background"] or {}).items():
        at = (*loc, "background", name)
        if lesion := _other(at, name, lesions, "background", say):
            known._dose(at, dose.value if isinstance(dose, Wrong) else dose, lesion, say)
            known._targets(lesion, models, say)


def _schedules(loc: Loc, fields: Fields, lesions: set[str], models: list[Any], say: Say) -> None:
    taken = lesions | {*(fields["background"] or {})}
    for name, schedule in (fields["schedules"] or {}).items():
        at = (*loc, "schedules", name)
        known._name(at, name, {}, say)
        if isinstance(schedule, Wrong):
            continue
        lesion = _other((*at, "drug"), schedule.drug, taken, "schedule", say)
        if lesion:
            for i, dose in enumerate(schedule.doses):
                known._dose((*at, "doses", i), dose, lesion, say)
            known._targets(lesion, models, say)
        for key in ("doses", "at"):
            known._unique((*at, key), getattr(schedule, key), say)
        timed = bool(schedule.taken or schedule.at)
        if bool(schedule.doses) == timed:
            found = "doses beside what was taken" if timed else "no dose"
            say(at, found, "doses, or taken and at")
        elif timed and not (schedule.taken and schedule.at):
            missing = "at" if schedule.taken else "taken"
            right = "times of sessions in min" if schedule.taken else "a list of [minute, mg]"
            say((*at, missing), "missing", right)
        elif timed and lesion and lesion.name != "levodopa":
            right = "doses; the kinetics of levodopa alone give its dose"
            say((*at, "taken"), f"times of {lesion.name}", right)


def _parameters(loc: Loc, fields: Fields, models: list[Any], say: Say) -> None:
    for name, levels in (fields["parameters"] or {}).items():
        at = (*loc, "parameters", name)
        for _, model, variant in models:
            for part in name.split("="):
                if part in ("dose", "lesion.dose"):
                    right = "lesions, with a list of doses"
                    say(at, f"{part!r}, which belongs to a lesion", right, key=True)
                    return
                of_model = lambda at, found, right, key=False, model=model: say(
                    at, f"{model!r} has {found}", right, key=key
                )
                path = known._resolve(variant.params, part, at, of_model)
                if path:
                    domain = variant.params[path].domain
                    _levels(at, levels, domain, known._interval(domain), say)
    paths: dict[str, str] = {}
    for name in fields["parameters"] or {}:
        for part in name.split("="):
            short = part.rsplit(".", 1)[-1]
            if short in paths and (short in (part, paths[short]) or part == paths[short]):
                say((*loc, "parameters", name), f"{short!r} a second time", "each once", key=True)
            paths[short] = part


def _draws(loc: Loc, fields: Fields, say: Say) -> None:
    levels = [*(fields["lesions"] or {}).values(), *(fields["parameters"] or {}).values()]
    ranges = any(not isinstance(x, Wrong) and x.low is not None for x in levels)
    if (fields["draws"] or 1) > 1 and not ranges and not any(isinstance(x, Wrong) for x in levels):
        say((*loc, "draws"), f"{fields['draws']} draws without a range", "replicates, or a range")


def _histograms(loc: Loc, fields: Fields, say: Say) -> None:
    for name, bins in (fields["histograms"] or {}).items():
        at = (*loc, "histograms", name)
        if name not in MEASURES:
            say(at, f"no measure called {name!r}", did_you_mean(name, MEASURES), key=True)
        elif not isinstance(bins, Wrong) and not bins[0] < bins[1]:
            say(at, shown(bins), "[lowest, highest, bins], the lowest first")


def _number(loc: Loc, fields: Fields, say: Say) -> None:
    """Refuse a batch that is too large."""
    parameters, lesions = (fields[key] or {} for key in ("parameters", "lesions"))
    drawn = lambda x: not isinstance(x, Wrong) and not x.values
    many = lambda x: 1 if isinstance(x, Wrong) else max(1, len(x.values))
    draws, all_drawn = fields["draws"] or 1, any(map(drawn, parameters.values()))
    doses = [many(x) * (draws if all_drawn or drawn(x) else 1) for x in lesions.values()]
    times = lambda x: 1 if isinstance(x, Wrong) else max(1, len(x.at or x.doses))
    sizes = [sum(doses) if doses else draws if all_drawn else 1]
    sizes += [many(x) for x in parameters.values()]
    sizes += [len(fields[key] or ()) or 1 for key in ("models", "tasks")]
    sizes += [sum(map(times, (fields["schedules"] or {}).values())) or 1]
    total = math.prod(sizes) * (fields["replicates"] or 1)
    if (fields["trials"] or 1) > known._TRIALS:
        say((*loc, "trials"), shown(fields["trials"]), f"at most {known._TRIALS:,} in a session")
    if total > MOST:
        say(loc, f"a batch of {total:,} sessions", f"at most {MOST:,}", key=True)
