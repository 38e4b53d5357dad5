"""YAML in which everything knows its place, and the problems found in it.

Plain scalars follow the core schema of YAML 1.2, so `1e-5` is a number and `on`, `no` and
dates are text.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, NoReturn

import yaml

from .catalog import did_you_mean
from .data import _plain
from .errors import InputError, Problem, shown


# Generous for an experiment, and small enough that a bomb of aliases does no harm.
_NODES, _DEPTH, _BYTES = 20_000, 50, 2**21
# With so many problems the search for more is given up.
_PROBLEMS = 500
_TAG = "tag:yaml.org,2002:"
# YAML 1.1, in which others read a configuration, takes such a number for text.
_EXPONENT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+")


class Place(NamedTuple):
    """Where something is written; lines and columns count from 1, and 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Marked(NamedTuple):
    """A scalar, list or mapping (of more `Marked`), where it starts, and where its key does."""

    value: Any
    at: Place
    key: Place


Loc = tuple[str | int, ...]
# Each problem once, with where it lies in the configuration.
Found = dict[tuple[Place, Problem], Loc]


def told(found: Found) -> list[Problem]:
    """All problems, by file, line and column."""
    return [problem for _, problem in sorted(found, key=lambda item: item[0])]


def fail(found: Found) -> NoReturn:
    """Raise all problems."""
    raise InputError(told(found), all_=len(found) < _PROBLEMS)


def dotted(loc: Loc) -> str:
    """`("a", "b", 0)` as `a.b[0]`."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".")


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def __init__(self, text: str):
        self.nodes, self.depth = 0, 0
        super().__init__(text)

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.nodes, self.depth = self.nodes + 1, self.depth + 1
        if self.nodes > _NODES or self.depth > _DEPTH:
            raise _TooMany
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", list("-+.")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _first)

_SCALARS: dict[str, Callable[[str], Any]] = {
    "null": lambda text: None,
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "int": int,
    "float": lambda text: float(re.sub(r"\.(?=[in])", "", text.lower())),
    "str": str,
}


# Tags of lists and mappings that are nothing else.
_PLAIN = (f"{_TAG}map", f"{_TAG}seq")
ENDLESS = (
    f"nested without end, or more than {_NODES} values",
    "fewer aliases and levels",
)


def _note(into: Found, place: Place, loc: Loc, found: str, right: str) -> None:
    where = f"{place}: {dotted(loc)}" if loc else str(place)
    into[place, Problem(where, found, right)] = loc
    if len(into) >= _PROBLEMS:
        fail(into)


class _Unreadable(Exception):
    """Place, what was found, and what would be right."""


class _TooMany(Exception):
    pass


class _Builder:
    """Nodes of one file to `Marked`, with aliases spelt out."""

    def __init__(self, file: str, problems: Found):
        self.file, self.problems, self.count = file, problems, 0

    def place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def say(self, node: yaml.Node, loc: Loc, found: str, right: str) -> None:
        _note(self.problems, self.place(node), loc, found, right)

    def build(self, node: yaml.Node, loc: Loc = (), key: Place | None = None) -> Marked:
        self.count += 1
        if self.count > _NODES or len(loc) > _DEPTH:
            raise _TooMany
        at = self.place(node)
        value: Any
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN:
            raise _Unreadable(at, f"a value tagged {node.tag}", "a plain value")
        if isinstance(node, yaml.MappingNode):
            value = self.mapping(node, loc)
        elif isinstance(node, yaml.SequenceNode):
            value = [self.build(n, (*loc, i)) for i, n in enumerate(node.value)]
        else:
            value = self.scalar(node)
        return Marked(value, at, key or at)

    def scalar(self, node: yaml.Node) -> Any:
        node.value = _joined(node.value)
        if problem := _unspeakable(node.value):
            raise _Unreadable(self.place(node), *problem)
        try:
            return _SCALARS[node.tag.removeprefix(_TAG)](node.value)
        except (KeyError, ValueError):
            found = f"{shown(node.value)} tagged {node.tag}"
            if node.tag == f"{_TAG}int" and node.value.lstrip("+-").isdigit():
                found = f"a number of {len(node.value)} digits"
            raise _Unreadable(self.place(node), found, "a plain value") from None

    def mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Marked]:
        out: dict[str, Marked] = {}
        merged: dict[str, Marked] = {}
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                merged = {**self.merged(value, loc), **merged}
                continue
            if not isinstance(key, yaml.ScalarNode) or key.tag == _TAG + "null":
                self.say(key, loc, "a key that is not a word", "a name before the colon")
                continue
            self.scalar(key)
            built = self.build(value, (*loc, key.value), self.place(key))
            if key.value in out:
                first = out[key.value].key.line
                found = f"the key {key.value!r} again, after line {first}"
                right = f"one of lines {first} and {built.key.line}"
                self.say(key, (*loc, key.value), found, right)
            out[key.value] = built
        return {**merged, **out}

    def merged(self, node: yaml.Node, loc: Loc) -> dict[str, Marked]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        out: dict[str, Marked] = {}
        for part in parts:
            if isinstance(part, yaml.MappingNode):
                out = {**self.build(part, loc).value, **out}
            else:
                self.say(part, loc, "<< before something else", "<< before an alias of a mapping")
        return out


def _joined(text: str) -> str:
    """`text` in which pairs of escapes, as JSON writes them, are one character."""
    if not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        return text


def _unspeakable(text: str) -> tuple[str, str] | None:
    """What is wrong with a text that no file can hold."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return f"{shown(text)}, half of a character", "whole characters"
    return None


def _text(path: Path) -> str:
    place = Place(str(path))
    try:
        raw = _plain.contents(path, _BYTES)
    except FileNotFoundError:
        near = did_you_mean(path.name, (p.name for p in path.parent.glob("*.y*ml")))
        raise _Unreadable(place, "no such file", near) from None
    except _plain.Unreadable as error:
        raise _Unreadable(place, *error.args) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start)
        column = error.start - raw.rfind(b"\n", 0, error.start)
        found = f"the byte 0x{raw[error.start]:02x}"
        raise _Unreadable(
            Place(str(path), line + 1, column), found, "text saved as UTF-8"
        ) from None


def _tree(path: Path, problems: Found) -> Marked:
    text, place = _text(path), Place(str(path))
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        tree = _Builder(str(path), problems).build(node) if node else None
    except yaml.MarkedYAMLError as error:
        raise _malformed(path, error) from None
    except (ValueError, OverflowError):
        at = loader.get_mark() if loader else None
        place = Place(str(path), at.line + 1, at.column + 1) if at else place
        raise _Unreadable(place, "an escape of no character", "\\u and four digits") from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(str(path), before.count("\n") + 1, len(before) - before.rfind("\n"))
        found = f"the character {shown(chr(error.character))}"
        raise _Unreadable(place, found, "text without it") from None
    except (RecursionError, _TooMany):
        raise _Unreadable(place, *ENDLESS) from None
    if tree is None or tree.value is None:
        raise _Unreadable(Place(str(path), 1, 1), "an empty file", "title, seed, models, ...")
    if not isinstance(tree.value, dict):
        raise _Unreadable(tree.at, shown(plain(tree)), "keys such as title, seed and models")
    return tree


def _malformed(path: Path, error: yaml.MarkedYAMLError) -> _Unreadable:
    found, right = error.problem or "not YAML", "valid YAML"
    if error.context and error.context_mark:
        right += f" ({error.context} from line {error.context_mark.line + 1})"
    if "'\\t'" in found:
        right = "spaces in place of the tab"
    elif "single document" in (error.context or ""):
        found, right = "a second document (---)", "one document in a file"
    at = error.problem_mark
    place = Place(str(path), at.line + 1, at.column + 1) if at else Place(str(path))
    return _Unreadable(place, found, right)


def read(path: Path, problems: Found) -> Marked | None:
    """The mapping in a YAML file, or None; what is wrong with it goes to `problems`."""
    try:
        return _tree(path, problems)
    except _Unreadable as error:
        place, found, right = error.args
        _note(problems, place, (), found, right)
        return None


def mark(value: Any, at: Place, exponents: bool = True) -> Marked:
    """Plain data as if it were all written at one place.

    With `exponents` a text such as `1e-5` is the number that it was meant to be.
    """
    if isinstance(value, Mapping):
        value = {str(k): mark(v, at, exponents) for k, v in value.items()}
    elif isinstance(value, list | tuple):
        value = [mark(v, at, exponents) for v in value]
    elif exponents and isinstance(value, str) and _EXPONENT.fullmatch(value):
        value = float(value)
    return Marked(value, at, at)


def read_json(text: str, at: Place, right: str) -> Marked:
    """A JSON text as if it were all written at one place; `right` is what it should be.

    Raises:
        InputError: if it is not JSON, or no mapping.
    """
    problem = lambda found, right: InputError([Problem(str(at), found, right)])

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out = dict(pairs)
        if len(out) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise problem(f"the key {shown(twice)} again", "each once")
        return out

    try:
        data = json.loads(text, object_pairs_hook=mapping)
    except RecursionError:
        raise problem(*ENDLESS) from None
    except ValueError as error:
        raise problem(f"{shown(text)}, which is not JSON ({error})", right) from None
    if not isinstance(data, dict):
        raise problem(shown(text), right)
    if not bounded(data):
        raise problem(*ENDLESS)
    for spelt in (text, json.dumps(data, ensure_ascii=False)):
        if wrong := _unspeakable(spelt):
            raise problem(*wrong)
    return mark(data, at, exponents=False)


def bounded(data: Any) -> bool:
    """Whether there are as few values, in as few levels, as an experiment may have.

    What is in several places counts as often, and is not spelt out for it.
    """
    count, layer = 0, [data]
    for _ in range(_DEPTH):
        if not layer:
            return True
        count += len(layer)
        inner: list[Any] = []
        for value in layer:
            inner += value.values() if isinstance(value, Mapping) else ()
            inner += value if isinstance(value, list | tuple) else ()
            if count + len(inner) > _NODES:
                return False
        layer = inner
    return False


def merge(first: Marked, second: Marked) -> Marked:
    """Mappings are joined key by key; of anything else the second stands."""
    if not (isinstance(first.value, dict) and isinstance(second.value, dict)):
        return second
    out = dict(first.value)
    for key, value in second.value.items():
        out[key] = merge(out[key], value) if key in out else value
    return first._replace(value=out)


def tuples(data: Any) -> Any:
    """Plain data with tuples in place of lists."""
    if isinstance(data, list | tuple):
        return tuple(map(tuples, data))
    return {k: tuples(v) for k, v in data.items()} if isinstance(data, dict) else data


def plain(tree: Marked) -> Any:
    """The data without the marks; lists become tuples."""
    if isinstance(tree.value, dict):
        return {k: plain(v) for k, v in tree.value.items()}
    if isinstance(tree.value, list):
        return tuple(map(plain, tree.value))
    return tree.value


class Report:
    """Notes problems with a `tree` at their places in it."""

    def __init__(self, tree: Marked, found: Found):
        self.tree, self.found = tree, found

    def fair(self, *loc: str | int) -> bool:
        """Whether no problem lies at `loc` or inside it."""
        return not any(at[: len(loc)] == loc for at in self.found.values())

    def __call__(self, loc: Iterable[str | int], found: str, right: str, key: bool = False) -> None:
        """Note a problem with the value at `loc`, or with its key."""
        loc, here = tuple(loc), self.tree
        for depth, step in enumerate(loc):
            inner = here.value
            if not isinstance(inner, dict | list):
                loc = loc[:depth]
                break
            known = step in inner if isinstance(inner, dict) else step in range(len(inner))
            if not known:
                key = True
                break
            here = inner[step]  # type: ignore[index]
        _note(self.found, here.key if key else here.at, loc, found, right)
