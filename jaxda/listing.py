"""What exists, told in text: the catalogue as a user reads it."""

import math
import textwrap

from . import catalog


def overview() -> str:
    """One line per component of every kind."""
    parts = []
    for kind in catalog.KINDS:
        found = catalog.names(kind)
        parts.append(f"{kind} ({len(found)})")
        width = max(map(len, found), default=0)
        parts += [f"  {n:<{width}}  {catalog.describe(kind, n).title}" for n in found]
    parts.append("\nDetails: jaxda list KIND [NAME]")
    return "\n".join(parts)


def cards(kind: catalog.Kind, name: str | None = None) -> str:
    """Cards of one component or of all of a kind."""
    found = (name,) if name else catalog.names(kind)
    return "\n\n".join(card(catalog.describe(kind, n)) for n in found)


def card(about: catalog.Card) -> str:
    """Everything declared about a component."""
    facts = dict(about.facts)
    lines = [f"{about.name} — {about.title}", ""]
    lines += [textwrap.indent(about.doc, "  "), ""] if about.doc else []
    for label, key in (("source", "source"), ("caution", "caution"), ("kind", "kind")):
        if facts.get(key):
            lines.append(f"  {label}: {facts[key]}")
    for label, key in (("tasks", "tasks"), ("free by default", "free"), ("acts on", "targets")):
        if key in facts:
            lines.append(f"  {label}: {', '.join(facts[key]) or 'the broadcast'}")
    for names, reason in facts.get("confounded", ()):
        lines.append(f"  not separable: {', '.join(names)} ({reason})")
    for key, value in about.settings.items():
        lines.append(f"  setting {key}: {value!r}")
    if about.params:
        lines.append("")
        lines += _table(
            ("parameter", "domain", "default", "prior", "role", "meaning"),
            [
                (p.name, _domain(p.domain), f"{p.default:g}", p.prior, p.role or "–", p.doc)
                for p in about.params.values()
            ],
        )
    return "\n".join(lines)


def _domain(ends: tuple[float, float]) -> str:
    names = {-math.inf: "-∞", math.inf: "∞"}
    low, high = (names.get(x, f"{x:g}") for x in ends)
    return f"({low}, {high})"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(r[i]) for r in (header, *rows)) for i in range(len(header))]
    line = lambda r: "  " + "  ".join(f"{c:<{w}}" for c, w in zip(r, widths, strict=True)).rstrip()
    return [line(header), line(tuple("-" * w for w in widths)), *map(line, rows)]
