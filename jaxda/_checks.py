"""What a configuration must mean, beyond having the right shape: checked against the catalogue.

Every check works on fields that are right on their own (None where they are not), so that one
mistake hides no other.
"""

import ast
import functools
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import catalog
from .catalog import Card, Kind, Parameter, did_you_mean
from .clinic import table as conditions
from .errors import InputError, shown
from .tasks import _phases


Fields = Mapping[str, Any]
Loc = tuple[str | int, ...]
Say = Callable[..., None]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Three of them make the name of one file.
_LONGEST = 64
# Trials of a scenario are all kept, a hundred bytes and more each.
_TRIALS = 10**9
# Folders and files beside those of scenarios.
_TAKEN = ("batch", "figures", "gallery", "clinic", "logs", "benchmarks", "report")
# What a figure may read, and what its scenario or data set needs to have for it.
_NEEDS = {
    "fits": "candidates",
    "comparison": "candidates",
    "confusion": "candidates",
    "recovery": "candidates",
    "dose": "recover_dose",
}


class Wrong(NamedTuple):
    """An entry of a mapping that has not even the right shape."""

    value: Any


class Sections(NamedTuple):
    """A configuration by its parts."""

    fit: Fields
    models: Mapping[str, Fields]
    scenarios: Mapping[str, Fields]
    datasets: Mapping[str, Fields]
    figures: Mapping[str, tuple[str, ...] | Wrong]
    analyses: Mapping[str, Fields]
    batch: Mapping[str, Fields]
    gallery: tuple[str, ...] = ()
    clinic: tuple[str, ...] = ()
    conditions: str | None = None


class _Variant(NamedTuple):
    """What the catalogue knows of a variant; `free` maps coordinates to the paths they move.

    It is not `complete` where a coordinate names no parameter.
    """

    model: Card
    cards: tuple[Card, ...]
    params: dict[str, Parameter]
    free: dict[str, tuple[str, ...]]
    complete: bool

    @property
    def frees(self) -> frozenset[str]:
        return frozenset(_short(p) for paths in self.free.values() for p in paths)


def check(all_: Sections, say: Say) -> None:
    """Report everything that does not fit together."""
    _names(all_, say)
    if all_.fit["solver"]:
        _component("solvers", all_.fit["solver"], ("fit", "solver"), say)
    variants = {name: _variant(name, f, say) for name, f in all_.models.items()}
    for name, fields in all_.scenarios.items():
        _scenario(("scenarios", name), fields, variants, all_.models, say)
    for name, fields in all_.datasets.items():
        _dataset(("datasets", name), fields, variants, say)
    for name, drawn in all_.figures.items():
        _figure(name, drawn, all_, say)
    for name, fields in all_.analyses.items():
        _analysis(name, fields, all_, say)
    # It needs what stands here.
    from .batch import checks as batches

    for name, fields in all_.batch.items():
        batches.check(name, fields, variants, say)
    _gallery(all_.gallery, say)
    _clinic(all_.clinic, all_.conditions, say)


def _names(all_: Sections, say: Say) -> None:
    if not (all_.scenarios or all_.datasets or all_.batch):
        say((), "neither scenarios nor datasets", "at least one of either")
    for sections in (("models",), ("scenarios", "datasets"), ("batch",)):
        seen: dict[str, str] = {}
        for section in sections:
            for name in getattr(all_, section):
                _name((section, name), name, seen, say)


def _name(loc: tuple[str, ...], name: str, seen: dict[str, str], say: Say) -> None:
    right = "a letter, then letters, digits and _"
    if not _NAME.fullmatch(name):
        say(loc, f"the name {name!r}", right, key=True)
    elif len(name) > _LONGEST:
        found = f"the name {shown(name)}, of {len(name)} characters"
        say(loc, found, f"at most {_LONGEST}, since names become files", key=True)
    elif name.lower() in _TAKEN:
        say(loc, f"the name {name!r}, which results use", "another name", key=True)
    # Names become files, and some file systems ignore case.
    first = seen.setdefault(name.lower(), f"{loc[0]}.{name}")
    if first != f"{loc[0]}.{name}":
        say(loc, f"the name of {first} again", "a name of its own, whatever the case", key=True)


def _component(kind: Kind, name: str, loc: Loc, say: Say) -> Card | None:
    known = catalog.names(kind)
    if name not in known:
        say(loc, f"no {catalog.one(kind)} called {name!r}", did_you_mean(name, known))
        return None
    return None if kind == "solvers" else catalog.describe(kind, name)


def _unique(loc: Loc, values: Iterable[Any], say: Say) -> None:
    seen = set()
    for i, value in enumerate(values):
        if value in seen:
            say((*loc, i), f"{shown(value)} again", "each once")
        seen.add(value)


def check_settings(card: Card, settings: Fields | None, loc: Loc, say: Say) -> None:
    """Check settings of a component against the defaults in its file."""
    for name, value in (settings or {}).items():
        if name not in card.settings:
            near = did_you_mean(name, card.settings)
            say((*loc, name), f"{card.name} has no setting {name!r}", near, key=True)
            continue
        default = card.settings[name]
        if name == card.facts.get("table") or value == default == () or default is None:
            # Rows of a table have checks of their own; of what is nothing the kind is unknown.
            continue
        kind = _element(card, name) if isinstance(default, tuple) else type(default)
        if not _like(value, default, kind):
            say((*loc, name), shown(value), f"{_kind(default, kind)}, as in the default")
        elif value not in card.choices.get(name, (value,)):
            say((*loc, name), shown(value), did_you_mean(str(value), card.choices[name]))


@functools.cache
def _lists(kind: str, name: str) -> dict[str, type]:
    """What the lists hold that are settings of a component, as its source annotates them."""
    source = Path(__file__).with_name(kind) / f"{name}.py"
    words: dict[str, type] = {"int": int, "float": float, "str": str}
    out = {}
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.AnnAssign):
            held = re.match(r"tuple\[(\w+)", ast.unparse(node.annotation))
            out[ast.unparse(node.target)] = words.get(held[1] if held else "", object)
    return out


def _element(card: Card, name: str) -> type:
    default = card.settings[name]
    return type(default[0]) if default else _lists(card.kind, card.name)[name]


def _like(value: Any, default: Any, kind: type) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, tuple) and all(_is(kind, each) for each in value)
    return _is(kind, value)


def _is(kind: type, value: Any) -> bool:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) <= sys.float_info.max
    return isinstance(value, kind) and (kind is bool) == isinstance(value, bool)


def _kind(default: Any, kind: type) -> str:
    one = {int: "an integer", float: "a finite number", str: "text", bool: "true or false"}
    many = {int: " of integers", float: " of numbers", str: " of texts"}
    if not isinstance(default, tuple):
        return f"{one.get(kind, 'a value')} ({shown(default)})"
    return f"a list{many.get(kind, '')} ({shown(default)})"


def _short(path: str) -> str:
    return path.rsplit(".", 1)[-1]


def _variant(name: str, fields: Fields, say: Say) -> _Variant | None:
    """Check one entry of `models`."""
    loc = ("models", name)
    model = fields["model"] and _component("models", fields["model"], (*loc, "model"), say)
    habits = [
        _component("habits", habit, (*loc, "habits", i), say)
        for i, habit in enumerate(fields["habits"] or ())
    ]
    _unique((*loc, "habits"), fields["habits"] or (), say)
    if not model:
        return None
    check_settings(model, fields["settings"], (*loc, "settings"), say)
    if fields["habits"] is None or None in habits:
        return None
    cards = (model, *(h for h in habits if h))
    params = {f"model.{p}": spec for p, spec in model.params.items()}
    for habit in cards[1:]:
        params |= {f"habits.{habit.name}.{p}": spec for p, spec in habit.params.items()}
    free, complete = _free(loc, fields, cards, params, say)
    variant = _Variant(model, cards, params, free, complete)
    _confounded((*loc, "free"), cards, variant.frees, free, say)
    _values(loc, fields, variant, say)
    _bounds(loc, fields, variant, say)
    _population(loc, fields, variant, say)
    return variant


def _resolve(params: Mapping[str, Parameter], name: str, loc: Loc, say: Say) -> str:
    """The path of a parameter by its short or full name, or ""."""
    if name in params:
        return name
    found = [path for path in params if path.endswith(f".{name}")]
    if len(found) == 1:
        return found[0]
    if found:
        say(loc, f"{name!r}, which is ambiguous", " or ".join(found), key=True)
    elif name in ("dose", "lesion.dose"):
        right = "recover_dose: true in a scenario"
        say(loc, f"{name!r}, which belongs to a lesion and not to a model", right, key=True)
    else:
        near = did_you_mean(name, map(_short, params))
        say(loc, f"no parameter called {name!r}", near, key=True)
    return ""


def _free(
    loc: Loc,
    fields: Fields,
    cards: tuple[Card, ...],
    params: Mapping[str, Parameter],
    say: Say,
) -> tuple[dict[str, tuple[str, ...]], bool]:
    """Coordinates with the paths that they move, and whether that is all of them."""
    names = fields["free"]
    if names is None:
        names = tuple(n for card in cards for n in card.facts.get("free", ()))
    out: dict[str, tuple[str, ...]] = {}
    seen: dict[str, str] = {}
    for i, name in enumerate(names):
        at = (*loc, "free", i)
        paths = tuple(_resolve(params, part, at, say) for part in name.split("="))
        for path in filter(None, paths):
            if path in seen:
                say(at, f"{_short(path)!r} a second time, after {seen[path]!r}", "each once")
            seen[path] = name
        if "" in paths:
            continue
        domains = dict.fromkeys(params[path].domain for path in paths)
        if len(domains) > 1:
            found = f"a tie of {' with '.join(map(_interval, domains))}"
            say(at, found, "parameters of one domain")
        out[name] = paths
    return out, out.keys() == set(names)


def _confounded(
    loc: Loc,
    cards: Iterable[Card],
    freed: frozenset[str],
    free: Mapping[str, tuple[str, ...]],
    say: Say,
) -> None:
    for card in cards:
        for together, reason in card.facts.get("confounded", ()):
            moved = {n for n, paths in free.items() if {*map(_short, paths)} & {*together}}
            if set(together) <= freed and len(moved) + ("dose" in together) > 1:
                right = f"fix one of them: {reason}"
                say(loc, f"{', '.join(together)} are all free, and no data separate them", right)


def _interval(domain: tuple[float, float]) -> str:
    low, high = domain
    if math.isinf(low) and math.isinf(high):
        return "any number"
    if math.isinf(high):
        return f"a number above {low:g}"
    return f"a number between {low:g} and {high:g}"


def _values(loc: Loc, fields: Fields, variant: _Variant, say: Say) -> None:
    free = {p: name for name, paths in variant.free.items() for p in paths}
    seen: dict[str, str] = {}
    for name, value in (fields["values"] or {}).items():
        at = (*loc, "values", name)
        path = _resolve(variant.params, name, at, say)
        if not path:
            continue
        if path in seen:
            say(at, f"{seen[path]!r} by another name", "each once", key=True)
        seen[path] = name
        low, high = variant.params[path].domain
        if isinstance(value, Wrong):
            say(at, shown(value.value), _interval((low, high)))
        elif not low <= value <= high:
            say(at, shown(value), _interval((low, high)))
        elif path in free and not low < value < high:
            right = f"{_interval((low, high))}, or a parameter that is not free"
            say(at, f"{shown(value)}, an end of the domain of a free parameter", right)


def _bounds(loc: Loc, fields: Fields, variant: _Variant, say: Say) -> None:
    varying = fields["population"] or {}
    for name, bounds in (fields["bounds"] or {}).items():
        at = (*loc, "bounds", name)
        if not _freed(variant, name, at, say) or isinstance(bounds, Wrong):
            continue
        low, high = bounds
        path = variant.free[name][0]
        domain = variant.params[path].domain
        start = _start(fields, variant, path)
        if not low < high:
            say(at, shown([low, high]), "[lowest, highest], the lowest first")
        elif not domain[0] <= low < high <= domain[1]:
            say(at, shown([low, high]), f"bounds within the domain, {_interval(domain)}")
        elif start is not None and not low < start < high and name not in varying:
            found = f"{shown([low, high])}, without the value of {_short(path)}, {start:g}"
            say(at, found, f"bounds around it, or values.{_short(path)} within the bounds")


def _start(fields: Fields, variant: _Variant, path: str) -> float | None:
    """The value of a parameter: its own in this variant (None if it is wrong), or the default."""
    for name, value in (fields["values"] or {}).items():
        if path == name or path.endswith(f".{name}"):
            return None if isinstance(value, Wrong) else float(value)
    return variant.params[path].default


def _freed(variant: _Variant, name: str, at: Loc, say: Say) -> bool:
    if name in variant.free or not variant.complete:
        return name in variant.free
    tied = [n for n in variant.free if name in n.split("=")]
    near = f"did you mean {tied[0]!r}?" if tied else did_you_mean(name, variant.free)
    say(at, f"no free parameter called {name!r}", near, key=True)
    return False


def _population(loc: Loc, fields: Fields, variant: _Variant, say: Say) -> None:
    for name, spread in (fields["population"] or {}).items():
        at = (*loc, "population", name)
        if not _freed(variant, name, at, say) or isinstance(spread, Wrong):
            continue
        median, domain = spread[0], variant.params[variant.free[name][0]].domain
        bounds = (fields["bounds"] or {}).get(name, domain)
        low, high = domain if isinstance(bounds, Wrong) else bounds
        low, high = (low, high) if low < high else domain
        if not low < median < high:
            say((*at, 0), shown(median), f"as the median {_interval((low, high))}")


def _scenario(
    loc: Loc,
    fields: Fields,
    variants: Mapping[str, _Variant | None],
    models: Mapping[str, Fields],
    say: Say,
) -> None:
    """Check one entry of `scenarios`."""
    chosen = (fields["task"] or {}).get("name")
    task = chosen and _component("tasks", chosen, (*loc, "task", "name"), say)
    if task:
        check_settings(task, fields["task"]["settings"], (*loc, "task", "settings"), say)
        _schedule(loc, fields, task, say)
    _size(loc, fields, say)
    name = fields["lesion"]
    lesion = name and _component("lesions", name, (*loc, "lesion"), say)
    kind = task and task.facts.get("kind")
    used = {
        role: _used((*loc, role), fields[role], variants, kind, say)
        for role in ("sources", "candidates")
    }
    for at, source, variant in used["sources"]:
        _generates(at, models[source], variant, say)
    _background(loc, fields, used["sources"], say)
    if lesion:
        _lesion(loc, fields, lesion, used["sources"], say)
        for at, name, variant in used["candidates"]:
            freed = variant.frees | ({"dose"} & {*(models[name]["free"] or ())})
            _confounded(at, (lesion,), freed, variant.free, say)


def _size(loc: Loc, fields: Fields, say: Say) -> None:
    """Refuse what no memory holds."""
    counts = [fields["subjects"], fields["sessions"], fields["trials"], len(fields["doses"] or ())]
    if all(counts) and math.prod(counts) > _TRIALS:
        largest = max(("subjects", "sessions", "trials"), key=lambda what: fields[what])
        found = f"{shown(fields[largest])}, which makes more than {_TRIALS} trials"
        say((*loc, largest), found, "fewer of all subjects, sessions, trials and doses")


def _schedule(loc: Loc, fields: Fields, task: Card, say: Say) -> None:
    """Check phases of the user's own."""
    name, settings = str(task.facts.get("table")), fields["task"]["settings"] or {}
    if name not in settings or settings[name] == task.settings[name] == ():
        return
    layout, rows, actions = _phases.LAYOUTS[task.name], settings[name], settings.get("actions", ())
    actions = tuple(map(str, actions)) if isinstance(actions, tuple) else ()
    faults = _phases.problems(layout, rows, actions)
    for fault in faults:
        at = (fault.row, *_phases.inside(layout, fault.column, actions))
        at = at if fault.row >= 0 else ()
        found = f"{fault.column} {fault.found}" if fault.column else fault.found
        say((*loc, "task", "settings", name, *at), found, fault.right)
    total = 0 if faults else sum(_phases.trials(layout, rows))
    if total and fields["trials"] and fields["trials"] != total:
        say((*loc, "trials"), shown(fields["trials"]), f"{total}, the trials of all phases")


def _used(
    loc: Loc,
    names: tuple[str, ...] | None,
    variants: Mapping[str, _Variant | None],
    kind: str | None,
    say: Say,
) -> list[tuple[Loc, str, _Variant]]:
    """The variants called `names`, each with its place; `kind` is what they must be able to do."""
    out = []
    _unique(loc, names or (), say)
    for i, name in enumerate(names or ()):
        at, variant = (*loc, i), variants.get(name)
        if name not in variants:
            say(at, f"no model called {name!r} in this file", did_you_mean(name, variants))
        if variant is None:
            continue
        can = variant.model.facts.get("tasks", ())
        if kind and kind not in can:
            found = f"{name!r} ({variant.model.name}) cannot do a {kind} task"
            say(at, found, f"a task of the kind {' or '.join(can)}, or another model")
        if loc[-1] == "candidates" and variant.complete and not variant.free:
            say(at, f"{name!r}, of which nothing is free", f"models.{name}.free with a parameter")
        out.append((at, name, variant))
    return out


def _generates(at: Loc, fields: Fields, variant: _Variant, say: Say) -> None:
    for name, paths in variant.free.items():
        if name in (fields["population"] or {}):
            continue
        spec = variant.params[paths[0]]
        if _start(fields, variant, paths[0]) == spec.default and spec.default in spec.domain:
            found = f"a source whose {name} varies around an end of its domain"
            say(at, found, f"a population: {{{name}: [median, spread]}} for it")


def _lesion(
    loc: Loc,
    fields: Fields,
    lesion: Card,
    sources: list[tuple[Loc, str, _Variant]],
    say: Say,
) -> None:
    doses = fields["doses"] or ()
    for i, dose in enumerate(doses):
        _dose((*loc, "doses", i), dose, lesion, say)
    _unique((*loc, "doses"), doses, say)
    _targets(lesion, sources, say)
    if fields["recover_dose"] and lesion.name == "intact":
        say((*loc, "recover_dose"), "true without a lesion", "false, or a lesion")
    elif fields["recover_dose"] and doses and not any(doses):
        say((*loc, "recover_dose"), "true without a dose", "doses other than 0")


def _background(
    loc: Loc, fields: Fields, sources: list[tuple[Loc, str, _Variant]], say: Say
) -> None:
    """Check the lesions that lie under the one that is dosed."""
    background = fields["background"] or {}
    if background and fields["lesion"] == "intact":
        right = "a lesion over it; what is alone is the lesion of the scenario"
        say((*loc, "background"), "a background without a lesion", right, key=True)
    for name, dose in background.items():
        at, known = (*loc, "background", name), catalog.names("lesions")
        if name not in known:
            say(at, f"no lesion called {name!r}", did_you_mean(name, known), key=True)
        elif name == "intact":
            say(at, "'intact', which is no lesion", "another lesion, or no background", key=True)
        elif name == fields["lesion"]:
            # Of one kind there is one dose, so that what is given, fitted and told is all of it.
            right = f"other lesions; all of the {name} of a session stands in doses"
            say(at, f"{name!r}, the lesion that has doses", right, key=True)
        else:
            lesion = catalog.describe("lesions", name)
            _dose(at, dose.value if isinstance(dose, Wrong) else dose, lesion, say)
            _targets(lesion, sources, say)


def _dose(at: Loc, dose: Any, lesion: Card, say: Say) -> None:
    low, high = lesion.params["dose"].domain
    if not (_is(float, dose) and low <= dose <= high):
        say(at, shown(dose), f"a dose from {low:g} to {high:g}")


def _targets(lesion: Card, sources: list[tuple[Loc, str, _Variant]], say: Say) -> None:
    """Refuse sources that have nothing a lesion acts on."""
    targets = lesion.facts.get("targets", ())
    for at, name, variant in sources:
        roles = variant.model.roles
        if targets and not roles & set(targets):
            found = f"{name!r} has nothing that {lesion.name} acts on ({', '.join(targets)})"
            say(at, found, f"another lesion, or a model that has it; {name!r} has {_list(roles)}")


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _dataset(loc: Loc, fields: Fields, variants: Mapping[str, _Variant | None], say: Say) -> None:
    """Check one entry of `datasets`."""
    kind = fields["task"]
    kinds = {catalog.describe("tasks", t).facts.get("kind") for t in catalog.names("tasks")}
    if kind and kind not in kinds:
        say(
            (*loc, "task"),
            f"no kind of task called {kind!r}",
            did_you_mean(kind, filter(None, kinds)),
        )
        kind = None
    elif kind and kind != "choice":
        say((*loc, "task"), f"{kind!r}, of which no table can be read yet", "'choice'")
    if {*(fields["path"] or "")} & {*"{}"}:
        right = "a name without { and }, which a workflow takes for wildcards"
        say((*loc, "path"), shown(fields["path"]), right)
    _used((*loc, "candidates"), fields["candidates"], variants, kind, say)
    _columns(loc, fields, say)
    _cues(loc, fields, say)


def _columns(loc: Loc, fields: Fields, say: Say) -> None:
    columns = fields["columns"]
    if not columns:
        return
    seen: dict[str, str] = {}
    for what, column in columns.items():
        if column is None:
            continue
        if column in seen:
            say((*loc, "columns", what), f"{column!r}, the column of {seen[column]}", "another one")
        seen[column] = what
    if columns["latency"] and not fields["latency_unit"]:
        say((*loc, "latency_unit"), "missing", "'s' or 'ms', as there is a column of latencies")
    if fields["latency_unit"] and not columns["latency"]:
        say((*loc, "latency_unit"), "a unit without a column of latencies", "columns.latency")
    if fields["cues"] and not columns["cue"]:
        say((*loc, "cues"), "cues without a column of cues", "columns.cue")
    if fields["unit"] == "session" and not columns["session"]:
        say((*loc, "unit"), "'session' without a column of sessions", "columns.session")


def _cues(loc: Loc, fields: Fields, say: Say) -> None:
    n = fields["actions"]
    for cue, items in (fields["cues"] or {}).items():
        if isinstance(items, Wrong):
            continue
        if n and len(items) != n:
            say((*loc, "cues", cue), shown(items), f"one item for each of {n} actions")
        _unique((*loc, "cues", cue), items, say)


def _gallery(wanted: tuple[str, ...], say: Say) -> None:
    """Check `gallery`."""
    known = ("all", *catalog.names("landmarks"))
    _wanted("gallery", "landmark", wanted, known, say)


def _clinic(wanted: tuple[str, ...], own: str | None, say: Say) -> None:
    """Check `clinic` and the table that it names conditions of."""
    if not (wanted or own):
        return
    try:
        known = ("all", *conditions.load(own or conditions.TABLE))
    except InputError as error:
        for problem in error.problems:
            say(("conditions",), f"{problem.where}: {problem.found}", problem.right)
        return
    _wanted("clinic", "condition", wanted, known, say)


def _wanted(
    section: str, what: str, wanted: tuple[str, ...], known: tuple[str, ...], say: Say
) -> None:
    """Check that a section lists names that there are, each once."""
    _unique((section,), wanted, say)
    for i, name in enumerate(wanted):
        if name not in known:
            say((section, i), f"no {what} called {name!r}", did_you_mean(name, known))


def _analysis(name: str, fields: Fields, all_: Sections, say: Say) -> None:
    """Check one entry of `analyses`."""
    loc, known = ("analyses", name), catalog.names("analyses")
    if name not in known:
        say(loc, f"no analysis called {name!r}", did_you_mean(name, known), key=True)
        return
    card = catalog.describe("analyses", name)
    check_settings(card, fields["settings"], (*loc, "settings"), say)
    _unique((*loc, "of"), fields["of"] or (), say)
    for i, target in enumerate(fields["of"] or ()):
        at = (*loc, "of", i)
        part = all_.scenarios.get(target, all_.datasets.get(target))
        if part is None:
            near = did_you_mean(target, {**all_.scenarios, **all_.datasets})
            say(at, f"no scenario or data set called {target!r}", near)
        elif card.facts.get("simulated") and target in all_.datasets:
            say(at, f"the data set {target!r}, and {name} simulates", "a scenario")
        elif not part["candidates"]:
            say(at, f"{target!r} without candidates", "a scenario or data set with candidates")


def _figure(name: str, drawn: tuple[str, ...] | Wrong, all_: Sections, say: Say) -> None:
    """Check one entry of `figures`."""
    loc = ("figures", name)
    known = catalog.names("figures")
    if name not in known:
        say(loc, f"no figure called {name!r}", did_you_mean(name, known), key=True)
    reads = catalog.describe("figures", name).facts.get("reads", ()) if name in known else ()
    if isinstance(drawn, Wrong):
        if drawn.value == ():
            say(loc, shown(()), "a list of at least one scenario or data set of this file")
        return
    _unique(loc, drawn, say)
    for i, target in enumerate(drawn):
        fields = all_.scenarios.get(target, all_.datasets.get(target))
        if fields is None:
            near = did_you_mean(target, {**all_.scenarios, **all_.datasets})
            say((*loc, i), f"no scenario or data set called {target!r}", near)
            continue
        for table in (reads,) if isinstance(reads, str) else reads:
            need, analysis = _NEEDS.get(table), table.split(".")[0]
            if "." in table and target not in (all_.analyses.get(analysis, {}).get("of") or ()):
                right = f"analyses.{analysis} with {target}, or another scenario"
                say((*loc, i), f"{target!r}, of which there is no {analysis}", right)
            if target in all_.datasets and table in ("recovery", "dose"):
                say((*loc, i), f"the data set {target!r}, which has no {table}", "a scenario")
            elif need and not fields[need]:
                found = f"{target!r} has no {need}, and {name} reads its {table}"
                say((*loc, i), found, f"scenarios.{target}.{need}, or another scenario")
