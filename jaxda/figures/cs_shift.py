"""The dopamine response moves from the reward to the cue."""

from typing import Any, ClassVar, NamedTuple

import numpy as np

from . import _style as look
from ._base import About, AbstractFigure, Drawn, Tables
from ._measures import Mean, Rows, Units, change, mean
from ._words import baseline, between, caption, dose_name, extreme, human, num


# Maps side by side.
_ROW = 4


class _Response(NamedTuple):
    """Signals `[subjects, trials, bins]` of one dose; `rewarded [subjects, trials]`."""

    subjects: np.ndarray
    signal: np.ndarray
    rewarded: np.ndarray


class CSShift(AbstractFigure):
    """Conditioning in time bins: where in a trial the dopamine signal is, early and late.

    Per dose a map of trial against time, the signal at the cue and at the reward over trials,
    and what happens at the usual time when the reward is left out. What is drawn is the error
    as it arrives after the lesion.
    """

    reads: ClassVar = ("sessions",)
    title: ClassVar = "From the reward to its cue"

    def draw(self, tables: Tables) -> Drawn:
        cells = [(s, g) for s in tables.scenarios for g in tables.sources(s)]
        # Inches: rows of four maps, and the curves below them.
        heights = [2.7 * -(-max(1, len(tables.about(s).doses)) // _ROW) + 3.3 for s, _ in cells]
        figure = look.canvas(sum(heights))
        blocks = figure.subfigures(len(cells), 1, squeeze=False, height_ratios=heights)[:, 0]
        findings: list[str] = []
        numbers: dict[str, Any] = {}
        counts = {}
        for block, (scenario, source) in zip(blocks, cells, strict=True):
            about = tables.about(scenario)
            responses, times = self._responses(tables, scenario, source)
            where = f"{human(scenario)}, {source}: " if len(cells) > 1 else ""
            facts = {d: _facts(r) for d, r in responses.items()}
            _draw(block, about, responses, times, where)
            findings += _findings(about, facts, where)
            numbers.setdefault(scenario, {})[source] = {
                f"{d:g}": {
                    k: v.facts() if isinstance(v, Mean) else v for k, v in f.items() if k[0] != "_"
                }
                for d, f in facts.items()
            }
            n = {len(r.subjects) for r in responses.values()}
            counts[scenario] = f"n = {max(n)} subjects"
        what = (
            "Dopamine signal (reward prediction error as it arrives after the lesion, in units of "
            "the reward) within a trial. Top: mean over subjects by trial and time since the cue, "
            "rewarded trials only. Bottom left: the signal at the cue (solid) and at the reward "
            "(dashed, rewarded trials) over trials. Bottom right: mean time course in the second "
            "half of training on trials with the reward (dashed) and without it (solid); the "
            "dotted line marks when the reward is due. Bands are 95 % intervals"
        )
        return Drawn(figure, caption(tables, what, counts), findings[:3], numbers)

    def _responses(
        self, tables: Tables, scenario: str, source: str
    ) -> tuple[dict[float, _Response], np.ndarray]:
        columns = ("dose", "subject", "trial", "event", "choice", "reward", "terminal", "elapsed")
        rows = Rows(tables.sessions(scenario, source, *columns, "dopamine", "rpe"))
        signal = "dopamine" if rows.parts("dopamine") else "rpe"
        right = "a scenario whose trials have time bins, such as the task pavlovian_trace"
        if not rows.parts(signal):
            raise self.refuse(scenario, "no column dopamine or rpe", right)
        ends = rows["event"][rows["terminal"]]
        bins = int(ends.min() if len(ends) else 0) + 1
        if bins < 2 or rows["choice"].any():
            raise self.refuse(scenario, "trials without time bins", right)
        bin_ = rows["event"].astype(int) % bins
        if not np.array_equal(rows["terminal"], bin_ == bins - 1):
            raise self.refuse(scenario, "trials of unequal length", right)
        values = rows.spread(signal).mean(axis=1)
        trial, dose = rows["trial"].astype(int) - 1, rows["dose"]
        out = {}
        for d in sorted(set(dose.tolist())):
            here = dose == d
            subjects, at = np.unique(rows["subject"][here], return_inverse=True)
            full = np.full((len(subjects), trial.max() + 1, bins), np.nan)
            full[at, trial[here], bin_[here]] = values[here]
            reward = np.zeros(full.shape)
            reward[at, trial[here], bin_[here]] = rows["reward"][here]
            out[d] = _Response(subjects, full, reward[:, :, -1] != 0)
        step = np.array([rows["elapsed"][bin_ == b].mean() for b in range(bins)])
        return out, np.cumsum(step) - step[0]


def _only(signal: np.ndarray, which: np.ndarray) -> np.ndarray:
    return np.where(which.reshape(which.shape + (1,) * (signal.ndim - which.ndim)), signal, np.nan)


def _over(x: np.ndarray) -> np.ndarray:
    """Mean over trials, the second axis, of what is there."""
    there = np.isfinite(x)
    n = there.sum(axis=1)
    total = np.where(there, x, 0.0).sum(axis=1)
    return np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)


def _facts(it: _Response) -> dict[str, Any]:
    trials = it.signal.shape[1]
    cue, reward = it.signal[:, :, 0], _only(it.signal[:, :, -1], it.rewarded)
    late = slice(trials - max(1, trials // 10), None)
    half = slice(trials // 2, None)
    ahead = np.flatnonzero(mean(cue).value > mean(reward).value)
    omitted = _over(_only(it.signal[:, half, -1], ~it.rewarded[:, half]))
    return {
        "cue_late": mean(_over(cue[:, late])),
        "reward_late": mean(_over(reward[:, late])),
        "reward_first": mean(_over(reward[:, :1])),
        "omission_late": mean(omitted),
        "crossing_trial": int(ahead[0]) + 1 if len(ahead) else None,
        "late_trials": trials - late.start,
        "_cue": Units(it.subjects, _over(cue[:, late])),
    }


def _draw(
    block: Any, about: About, responses: dict[float, _Response], times: np.ndarray, where: str
) -> None:
    doses = list(responses)
    columns = min(len(doses), _ROW)
    rows = -(-len(doses) // columns)
    top, bottom = block.subfigures(2, 1, height_ratios=[2.7 * rows, 3.3])
    maps = look.grid(top, len(doses), columns, sharey=True)
    means = {d: mean(_only(r.signal, r.rewarded)).value for d, r in responses.items()}
    most = max(np.abs(m[np.isfinite(m)]).max(initial=0.0) for m in means.values()) or 1.0
    half = (times[1] - times[0]) / 2
    for i, (ax, (dose, m)) in enumerate(zip(maps, means.items(), strict=True)):
        ax.set_facecolor("#DDDDDD")
        box = (times[0] - half, times[-1] + half, len(m) + 0.5, 0.5)
        picture = ax.imshow(
            m,
            look.SIGNED,
            extent=box,
            aspect="auto",
            vmin=-most,
            vmax=most,
            interpolation="nearest",
        )
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set_title(where + dose_name(about, dose))
        ax.set_xlabel("time since the cue (s)" if i + columns >= len(maps) else "")
        ax.set_ylabel("trial" if i % columns == 0 else "")
        where = ""
    bar = top.colorbar(picture, ax=maps, shrink=0.9, pad=0.02)
    bar.set_label("dopamine signal")
    bar.outline.set_visible(False)

    omits = any((~r.rewarded[:, r.rewarded.shape[1] // 2 :]).any() for r in responses.values())
    panels = bottom.subplots(1, 2 if omits else 1, squeeze=False)[0]
    labels = []
    for dose, r in responses.items():
        color = look.dose_color(dose, doses)
        trial = np.arange(r.signal.shape[1]) + 1
        cue, reward = mean(r.signal[:, :, 0]), mean(_only(r.signal[:, :, -1], r.rewarded))
        look.band(panels[0], trial, cue, color)
        look.band(panels[0], trial, reward, color, look.LINES[1])
        name = dose_name(about, dose)
        labels += [look.Label(_end(cue), f"cue, {name}", color)]
        labels += [look.Label(_end(reward), f"reward, {name}", color)]
    look.zero(panels[0])
    panels[0].set(xlabel="trial", ylabel="dopamine signal", xlim=(1, len(trial)))
    panels[0].set_title("At the cue and at the reward")
    if omits:
        _omission(panels[1], about, responses, times)
    look.end_labels((panels[0], labels))


def _end(it: Mean) -> float:
    """Where a curve ends; NaN if it is nowhere."""
    there = np.flatnonzero(np.isfinite(it.value))
    return float(it.value[there[-1]]) if len(there) else np.nan


def _omission(ax: Any, about: About, responses: dict[float, _Response], times: np.ndarray) -> None:
    doses, names = list(responses), []
    for dose, r in responses.items():
        color = look.dose_color(dose, doses)
        half = slice(r.signal.shape[1] // 2, None)
        late, paid = r.signal[:, half], r.rewarded[:, half]
        look.band(ax, times, mean(_over(_only(late, paid))), color, look.LINES[1], linewidth=1.1)
        look.band(ax, times, mean(_over(_only(late, ~paid))), color, marker="o", markersize=3)
        names.append((f"left out, {dose_name(about, dose)}", color, "-", "o"))
    if len(doses) > 4:
        names = names[:1] + names[-1:]
    names.append(("rewarded", look.GREY, look.LINES[1], ""))
    look.zero(ax)
    ax.axvline(times[-1], color="#999999", linewidth=0.8, linestyle=":", zorder=0)
    ax.set(xlabel="time since the cue (s)", ylabel="dopamine signal")
    ax.set_title("When the reward is left out")
    look.line_names(ax, names, loc="lower left", bbox_to_anchor=(0.06, 0.02))


def _findings(about: About, facts: dict[float, dict[str, Any]], where: str) -> list[str]:
    first = baseline(list(facts))
    it = facts[first]
    last = f"over the last {it['late_trials']} trials"
    crossing = it["crossing_trial"]
    moved = (
        f"the signal at the cue first exceeded that at the reward on trial {crossing}"
        if crossing
        else "the signal at the cue never exceeded that at the reward"
    )
    out = [
        f"{where}{dose_name(about, first)}, {moved}; {last} it was {between(it['cue_late'])} at "
        f"the cue and {between(it['reward_late'])} at the reward (units of the reward)."
    ]
    if np.isfinite(it["omission_late"].value):
        out.append(
            f"{where}leaving the reward out late in training gave {between(it['omission_late'])} "
            "at its usual time."
        )
    far = extreme(list(facts))
    if far != first:
        lost = change(facts[far]["_cue"], it["_cue"])
        out.append(
            f"{where}{dose_name(about, far)} changed the late cue response by {between(lost)} to "
            f"{num(facts[far]['cue_late'].value)}."
        )
    return [text[0].upper() + text[1:] for text in out]
