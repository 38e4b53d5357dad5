"""Names in YAML to classes in files: the file name *is* the registry.

`load("models", "opal")` imports `jaxda/models/opal.py` and returns the one public class
defined there. Nothing is registered, so nothing can be forgotten. `describe` reads the same
file as text: the workflow checks names, parameters and roles without importing JAX.
"""

import ast
import difflib
import functools
import importlib
import inspect
import pathlib
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, get_args


Kind = Literal[
    "models",
    "habits",
    "tasks",
    "lesions",
    "observations",
    "solvers",
    "figures",
    "landmarks",
    "assays",
    "analyses",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
_ROOT = pathlib.Path(__file__).parent
_FOLDER = {"solvers": "fit/solvers"}
# As many names are looked at and held against a misspelt one, and as many are told.
_SEEN, _COMPARED, _LISTED = 10_000, 200, 60


def names(kind: Kind) -> tuple[str, ...]:
    """Names of all components of a kind, sorted."""
    files = (_ROOT / _FOLDER.get(kind, kind)).glob("*.py")
    return tuple(sorted(f.stem for f in files if not f.stem.startswith("_")))


def one(kind: str) -> str:
    """What one component of a kind is called."""
    return {"analyses": "analysis"}.get(kind, kind[:-1])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or the list of what there is."""
    every = [*known]
    known = sorted({*every[:_SEEN]})
    near = [k for k in known if k.casefold() == name.casefold()]
    if not near:
        # Of very many, only those are compared that begin alike.
        few = known if len(known) <= _COMPARED else [k for k in known if k[:1] == name[:1]]
        near = difflib.get_close_matches(name, few[:_COMPARED], n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    more = f" and {len(every) - _LISTED} more" if len(known) > _LISTED else ""
    return f"there are {', '.join(known[:_LISTED]) or 'none'}{more}"


def load(kind: Kind, name: str) -> Any:
    """The public class of a component.

    Raises:
        KeyError: if there is no such component.
        TypeError: if its file does not define exactly one public class.
    """
    if name not in names(kind):
        raise KeyError(f"no {one(kind)} called {name!r}; {did_you_mean(name, names(kind))}")
    return _public_class(kind, name)


@functools.cache
def _public_class(kind: Kind, name: str) -> Any:
    module = importlib.import_module(f"jaxda.{_FOLDER.get(kind, kind)}.{name}".replace("/", "."))
    public = [
        c
        for _, c in inspect.getmembers(module, inspect.isclass)
        if c.__module__ == module.__name__ and not c.__name__.startswith("_")
    ]
    if len(public) != 1:
        raise TypeError(f"{module.__name__} must define exactly one public class.")
    return public[0]


class Parameter(NamedTuple):
    """A parameter as its declaration reads."""

    name: str
    domain: tuple[float, float]
    default: float
    prior: str
    role: str | None
    doc: str


class Card(NamedTuple):
    """What a component's file says of it."""

    kind: str
    name: str
    title: str
    doc: str
    params: dict[str, Parameter]
    facts: dict[str, Any]
    settings: dict[str, Any]
    choices: dict[str, tuple[Any, ...]]

    @property
    def roles(self) -> frozenset[str]:
        """Roles that some parameter plays."""
        return frozenset(p.role for p in self.params.values() if p.role)


_DOMAINS = {
    "UNIT": (0.0, 1.0),
    "SIGNED": (-1.0, 1.0),
    "POSITIVE": (0.0, float("inf")),
    "REAL": (-float("inf"), float("inf")),
}


def _domain(node: ast.expr) -> tuple[float, float]:
    if isinstance(node, ast.Name):
        return _DOMAINS[node.id]
    assert isinstance(node, ast.Call)
    low, high = (float(ast.literal_eval(a)) for a in node.args)
    return low, high


def _parameter(name: str, call: ast.Call) -> Parameter:
    words = {k.arg: k.value for k in call.keywords}
    role = ast.literal_eval(words["role"]) if "role" in words else None
    return Parameter(
        name,
        _domain(call.args[0]),
        float(ast.literal_eval(call.args[1])),
        ast.unparse(words["prior"]),
        role,
        ast.literal_eval(words["doc"]),
    )


def _called(value: ast.expr | None, name: str) -> bool:
    if not isinstance(value, ast.Call):
        return False
    f = value.func
    return (f.id if isinstance(f, ast.Name) else getattr(f, "attr", "")) == name


def _literal(annotation: ast.expr) -> tuple[Any, ...]:
    """The options of a `Literal[...]` annotation."""
    if not (isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal"):
        return ()
    options = ast.literal_eval(annotation.slice)
    return options if isinstance(options, tuple) else (options,)


@functools.cache
def describe(kind: Kind, name: str) -> Card:
    """The card of a component, read from its source text.

    Raises:
        KeyError: if there is no such component.
    """
    if name not in names(kind):
        raise KeyError(f"no {one(kind)} called {name!r}; {did_you_mean(name, names(kind))}")
    tree = ast.parse((_ROOT / _FOLDER.get(kind, kind) / f"{name}.py").read_text(encoding="utf-8"))
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]
    if len(classes) != 1:
        raise TypeError(f"jaxda/{kind}/{name}.py must define exactly one public class.")
    params: dict[str, Parameter] = {}
    facts: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    choices: dict[str, tuple[Any, ...]] = {}
    for node in classes[0].body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        field, value = node.target.id, node.value
        if _called(value, "param"):
            assert isinstance(value, ast.Call)
            params[field] = _parameter(field, value)
        elif "ClassVar" in ast.unparse(node.annotation) and value is not None:
            facts[field] = ast.literal_eval(value)
        elif _called(value, "field"):
            assert isinstance(value, ast.Call)
            default = {k.arg: k.value for k in value.keywords}.get("default")
            if default is not None:
                settings[field] = ast.literal_eval(default)
                if options := _literal(node.annotation):
                    choices[field] = options
    return Card(
        kind,
        name,
        (ast.get_docstring(tree) or "").split("\n")[0],
        ast.get_docstring(classes[0]) or "",
        params,
        facts,
        settings,
        choices,
    )
