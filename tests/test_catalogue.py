"""What a file says of its component is what the component is; and who may import whom."""

import ast
import contextlib
import dataclasses
import inspect
import pathlib
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import jaxda
from jaxda import listing, priors
from jaxda.bijectors import UNIT
from jaxda.catalog import KINDS, describe, load, names
from jaxda.keys import named_key
from jaxda.lesions._base import check_targets
from jaxda.params import param, specs
from jaxda.rollout import Agent, simulate
from jaxda.types import Readout

from .catalogue import kinds_met


SOURCE = pathlib.Path(jaxda.__file__).parent


@pytest.mark.parametrize("kind, name", [(k, n) for k in KINDS for n in names(k)])
def test_card_says_what_the_class_is(kind, name):
    card, cls = describe(kind, name), load(kind, name)
    assert (card.kind, card.name) == (kind, name)
    assert card.title == inspect.getdoc(inspect.getmodule(cls)).split("\n")[0]
    assert card.doc == inspect.getdoc(cls)
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    declared = specs(cls) if fields else {}
    assert set(card.params) == set(declared)
    for key, spec in declared.items():
        said = card.params[key]
        assert said.domain == (spec.domain.lower, spec.domain.upper)
        assert said.default == spec.default
        assert eval(said.prior, vars(priors)) == spec.prior
        assert (said.role, said.doc) == (spec.role, spec.doc) and spec.doc
    assert card.roles == {s.role for s in declared.values() if s.role}
    for fact, value in card.facts.items():
        assert getattr(cls, fact) == value
    assert card.settings == {
        f.name: f.default
        for f in fields
        if f.metadata.get("static") and f.default is not dataclasses.MISSING
    }


@pytest.mark.parametrize("kind", ["models", "habits", "tasks", "lesions"])
def test_every_component_names_its_source(kind):
    for name in names(kind):
        assert describe(kind, name).facts["source"] == load(kind, name).source


@pytest.mark.parametrize("kind", ["models", "habits", "lesions"])
def test_defaults_and_priors_lie_in_the_domain(kind):
    for name in names(kind):
        for spec in specs(load(kind, name)).values():
            low, high = spec.domain.lower, spec.domain.upper
            assert low <= spec.default <= high
            draws = spec.prior.sample(named_key(0, name), (64,))
            assert bool(jnp.all(jnp.isfinite(spec.prior.log_density(draws))))
            if low == 0:
                assert bool(jnp.all(draws > 0))


@pytest.mark.parametrize("task", names("tasks"))
def test_every_kind_of_task_has_a_model(task):
    kind = describe("tasks", task).facts["kind"]
    assert any(kind in describe("models", m).facts["tasks"] for m in names("models"))


@pytest.mark.parametrize("model", names("models"))
def test_a_card_says_what_goes_with_a_model(model):
    card = describe("models", model)
    tasks = [t for found in listing.tasks_of(card).values() for t in found if t in names("tasks")]
    assert sorted(tasks) == kinds_met(model)
    assert all(model in listing.models_of(describe("tasks", t)) for t in tasks)
    for lesion in names("lesions"):
        reaches = lesion in listing.lesions_of(card)
        with contextlib.nullcontext() if reaches else pytest.raises(ValueError):
            check_targets(load("lesions", lesion)(), load("models", model)())


@pytest.mark.parametrize("model", names("models"))
def test_a_card_says_what_a_model_predicts(model):
    # One task of each kind that the model does; nothing is computed.
    kinds = {describe("tasks", t).facts["kind"]: t for t in kinds_met(model)}
    found = set()
    for task in (load("tasks", t)() for t in kinds.values()):

        def readout(key, task=task):
            now = jax.tree.map(lambda x: x[0], task.plan(key, 1))
            one = load("models", model)()
            policy = one.policy(one.init(task.env), task.offer(task.init(), now))
            # Recorded, events come first and lanes last.
            policy = jax.tree.map(lambda x: x[None, ..., None], policy)
            return Readout(policy, jnp.zeros((1, 1, 1)), jnp.zeros((1, 1, 1)), {})

        seen = jax.eval_shape(readout, named_key(0))
        observations = {n: load("observations", n)() for n in names("observations")}
        found |= {n for n, o in observations.items() if o.applies(task.env, seen)}
    assert found - {"dopamine"} == set(listing.predicts(describe("models", model))) - {"dopamine"}


def test_unknown_names_get_a_suggestion():
    with pytest.raises(KeyError, match="did you mean 'q_learning'"):
        load("models", "q_lerning")
    with pytest.raises(KeyError, match="there are"):
        describe("lesions", "xxxx")


def test_a_parameter_is_a_strongly_typed_array():
    class Thing(eqx.Module):
        x: jax.Array = param(UNIT, 0.5, prior=priors.Beta(1.0, 1.0), doc="x.")

    for thing in (Thing(), Thing(0.25), Thing(1)):
        assert not thing.x.weak_type and thing.x.dtype == jnp.zeros(()).dtype


# Imports


@pytest.mark.parametrize("module", ["jaxda", "jaxda.catalog", "jaxda.config"])
def test_reading_the_catalogue_imports_no_jax(module):
    code = (
        f"import sys, {module}\n"
        "from jaxda.catalog import KINDS, describe, names\n"
        "cards = [describe(k, n) for k in KINDS for n in names(k)]\n"
        "loaded = {'jax', 'equinox', 'jaxtyping'} & set(sys.modules)\n"
        "assert cards and not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SOURCE.parent)


# Each part may import those above it, and its own.
LAYERS = (
    ("bijectors", "priors", "types", "keys", "catalog", "errors", "theory"),
    ("params", "lanes", "platform"),
    ("devices",),
    ("models", "tasks", "dopamine", "habits", "observations"),
    ("lesions",),
    ("rollout",),
    ("fit",),
)
CORE = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}


def imports(path):
    """The top-level parts of jaxda that a file imports, anywhere in it."""
    package = path.relative_to(SOURCE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [a.name for a in node.names if a.name.split(".")[0] == "jaxda"]
            targets = [t.split(".")[1:] for t in targets]
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            if node.level:
                where = [*package[: len(package) - node.level + 1], *module]
            elif module[:1] == ["jaxda"]:
                where = module[1:]
            else:
                continue
            targets = [where] if where else [[a.name] for a in node.names]
        else:
            continue
        yield from (t[0] for t in targets if t)


FILES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_upwards(path):
    own = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    for other in imports(path):
        # A fit may read and write tables.
        if own in CORE and other != own and (own, other) != ("fit", "data"):
            assert CORE.get(other, len(LAYERS)) < CORE[own], f"{own} imports {other}"
        # Figures are drawn from tables.
        if own == "figures":
            rank = CORE.get(other)
            assert rank is None or rank == 0 or other == "data", f"a figure imports {other}"


def test_a_task_that_a_model_cannot_do_is_refused():
    keys = named_key(0)[None]
    for model, task in (("q_learning", "pavlovian_trace"), ("belief_state", "variable_delay")):
        with pytest.raises(ValueError, match=load("models", model).__name__ + " cannot do"):
            simulate(Agent(load("models", model)()), load("tasks", task)(), keys, 4)


@pytest.mark.parametrize(
    "made, said",
    [
        (lambda: load("models", "q_learning")(beta=-3.0, alpha_pos=1.5), "alpha_pos is 1.5"),
        (lambda: load("models", "q_learning")(beta=float("nan")), "beta is nan"),
        (lambda: load("lesions", "snc_loss")(1.5), "dose is 1.5; it lies from 0 to 1"),
        (lambda: load("habits", "lapse")(xi=-0.1), "xi is -0.1"),
    ],
)
def test_a_parameter_outside_its_domain_is_refused(made, said):
    with pytest.raises(ValueError, match=said):
        made()
