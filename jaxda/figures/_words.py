"""Numbers, lists and captions in words."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ._base import About, Tables
from ._measures import Correlation, Mean


INTERVAL = "95 % intervals are ± 1.96 standard errors across subjects"


def num(x: float | np.ndarray, digits: int = 2) -> str:
    """A number with a fixed number of decimals and a true minus."""
    if not np.isfinite(x):
        return "–"
    text = f"{float(x):.{digits}f}"
    return (text[1:] if float(text) == 0 and text[0] == "-" else text).replace("-", "−")


def short(x: float) -> str:
    """A number as briefly as it can be said, with a true minus."""
    return f"{float(x):g}".replace("-", "−")


def between(it: Mean | Correlation, digits: int = 2) -> str:
    """`0.71 (95 % CI 0.64 to 0.78)`; without the interval where there is none."""
    value = it.value if isinstance(it, Mean) else it.r
    if not np.isfinite(it.low):
        return num(value, digits)
    return f"{num(value, digits)} (95 % CI {num(it.low, digits)} to {num(it.high, digits)})"


def bracket(it: Correlation, digits: int = 2) -> str:
    """`0.71 [0.64, 0.78]`; without the interval where there is none."""
    if not np.isfinite(it.low):
        return num(it.r, digits)
    return f"{num(it.r, digits)} [{num(it.low, digits)}, {num(it.high, digits)}]"


def listed(items: Iterable[object]) -> str:
    """`a, b and c`."""
    texts = [str(i) for i in items]
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def human(name: str) -> str:
    """A name of the configuration as text."""
    return name.replace("_", " ")


def capital(text: str) -> str:
    """A sentence with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def people(counts: Iterable[int], unit: str = "subject") -> str:
    """`n = 24 subjects`, or the range where it differs."""
    every = sorted(set(counts))
    few = "–".join(map(str, dict.fromkeys((every[0], every[-1]))))
    return f"n = {few} {unit}{'s' if few != '1' else ''}"


def dose_name(about: About, dose: float) -> str:
    """`intact`, or `dose 0.3`."""
    intact = dose == 0 and about.simulated and not about.background
    return "intact" if intact else f"dose {short(dose)}"


def at_dose(about: About, dose: float) -> str:
    """`when intact`, or `at dose 0.3`."""
    name = dose_name(about, dose)
    return f"when {name}" if name == "intact" else f"at {name}"


def over(about: About) -> str:
    """` over snc_loss 0.8`: the background of a scenario, nothing where there is none."""
    under = listed(f"{card.name} {short(dose)}" for card, dose in about.background)
    return f" over {under}" if under else ""


def dose_axis(about: About, width: int = 34) -> str:
    """What the axis of doses is called, in lines of about `width` letters."""
    if about.lesion is None or about.lesion.name == "intact":
        return "dose"
    meaning = _lower(about.dose_means).rstrip(".")
    return textwrap.fill(f"dose of {about.lesion.name}{over(about)}: {meaning}", width)


def baseline(doses: Sequence[float]) -> float:
    """The dose that others are compared with: 0, or what is nearest to it."""
    return min(doses, key=abs)


def extreme(doses: Sequence[float]) -> float:
    """The dose farthest from 0."""
    return max(doses, key=abs)


def caption(
    tables: Tables,
    what: str,
    counts: Mapping[str, str],
    *,
    sources: Mapping[str, Sequence[str]] | None = None,
    fitted: bool = False,
    end: str = INTERVAL,
) -> str:
    """What is shown, then everything that its reader must know about its origin.

    `counts` says how many units each scenario has, in words; `sources` which of its sources
    are shown, if not all; `fitted` names the candidates too.
    """
    every = [tables.about(s) for s in tables.scenarios]
    shown = {s: (sources or {}).get(s, tables.sources(s)) for s in tables.scenarios}
    parts = [what.rstrip(". ") + "."]
    for about in every:
        count = counts.get(about.name, "")
        parts.append(_scenario(tables, about, shown[about.name], count, fitted))
    doses = {
        card.name: f"Dose of {card.name}: {_lower(card.params['dose'].doc)}"
        for a in every
        for card in a.lesions
    }
    parts += doses.values()
    cautions = {card.name: card.facts.get("caution", "") for a in every for card in a.lesions}
    parts += [f"Contested ({name}): {text}" for name, text in cautions.items() if text]
    if end:
        parts.append(end.rstrip(". ") + ".")
    cited = _cited(tables, every, shown, fitted)
    if cited:
        parts.append("Sources: " + "; ".join(cited) + ".")
    return " ".join(parts)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _scenario(
    tables: Tables, about: About, sources: Sequence[str], count: str, fitted: bool
) -> str:
    if about.simulated:
        assert about.task and about.lesion
        parts = [f"Simulation {about.name!r}: task {about.task.name}"]
        several = f"{about.sessions} sessions of " if about.sessions != 1 else ""
        parts.append(f"{several}{about.trials} trials")
        parts.append(f"generated by {listed(map(tables.named, sources))}")
        if about.lesion.name != "intact":
            doses = listed(map(short, sorted(about.doses)))
            parts.append(f"lesion {about.lesion.name} at dose {doses}{over(about)}")
        else:
            parts.append("no lesion")
    else:
        parts = [f"Data {about.name!r}: recorded choices"]
    if count:
        parts.append(count)
    if fitted and tables.candidates(about.name):
        parts.append(f"fitted with {listed(map(tables.named, tables.candidates(about.name)))}")
    return ", ".join(parts) + "."


def _cited(
    tables: Tables, every: Iterable[About], shown: Mapping[str, Sequence[str]], fitted: bool
) -> list[str]:
    cited: dict[str, str] = {}
    for about in every:
        variants = [*shown[about.name], *(tables.candidates(about.name) if fitted else ())]
        for card in (about.task, *map(tables.model, variants), *about.lesions):
            if card is not None and card.facts.get("source"):
                cited[card.name] = f"{card.name}, {card.facts['source']}"
    return list(cited.values())
