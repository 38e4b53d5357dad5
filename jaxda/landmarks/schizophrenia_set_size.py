"""Working memory in schizophrenia, by the size of the set."""

from typing import ClassVar

import numpy as np

from ..assays._set_size import LATE, MEDIANS, SHOWINGS, SIZES, learning, simulated
from ..assays.set_size import SetSize
from ..keys import named_keys
from ._base import (
    AbstractLandmark,
    Measured,
    Panel,
    agree,
    at_least,
    at_most,
    equal,
    line,
    points,
)


_PEOPLE = 2_000
_NAMES = {"HC": "healthy", "SZ": "schizophrenia"}
# Of people (public data, 36 healthy and 49 patients): accuracy by set size, over all showings
# and from the sixth on, and in showings 2 to 5 of sets of 6.
_ALL = {"HC": (0.885, 0.873, 0.798, 0.784, 0.772), "SZ": (0.850, 0.777, 0.735, 0.694, 0.666)}
_LATE = {"HC": (0.981, 0.973, 0.938, 0.920, 0.889), "SZ": (0.941, 0.899, 0.852, 0.818, 0.752)}
_EARLY = {"HC": (0.607, 0.637, 0.757, 0.779), "SZ": (0.510, 0.562, 0.614, 0.632)}
_OVERALL = 0.725 - 0.807
# Healthy medians with less capacity, showings 2 to 9, in sets of 6 and of 3.
_CAPACITY = (4.0, 3.0, 2.0, 1.0)
_REDUCED = {6: (0.795, 0.765, 0.732, 0.712), 3: (0.917, 0.918, 0.849, 0.756)}
# What a single change to healthy medians costs: each is another reading of the same deficit.
_READINGS = (
    ("weight", {"rho_wm": MEDIANS["SZ"]["rho_wm"]}),
    ("decay", {"phi": MEDIANS["SZ"]["phi"]}),
    ("lapse", {"epsilon": MEDIANS["SZ"]["epsilon"]}),
    ("neglect", {n: MEDIANS["SZ"][n] for n in ("b_wm", "b_rl")}),
    ("slow rate", {"alpha": MEDIANS["SZ"]["alpha"]}),
    ("capacity 2", {"capacity": 2.0}),
)


class SchizophreniaSetSize(AbstractLandmark):
    """Learning curves of both groups, what single changes cost, and less capacity."""

    title: ClassVar = "Working memory in schizophrenia"
    claim: ClassVar = (
        "Medians fitted to patients have a memory that counts less and decays faster, with a slow "
        "learner little changed; they reproduce the late accuracy of both groups in small and "
        "large sets, and the larger effect of set size. Less capacity lowers accuracy too."
    )
    source: ClassVar = (
        "Collins et al. 2014, J. Neurosci. 34:13747 (public data, refitted); Collins & Frank "
        "2012, Eur. J. Neurosci. 35:1024"
    )
    models: ClassVar = ("rlwm",)
    caution: ClassVar = (
        "Medians of groups, nobody's own. Capacity, decay, weight and neglect of errors trade off: "
        "the authors report a smaller capacity, here capacity did not differ and neglect of "
        "errors differed most. The variant that is fitted decides which. Medians are no mean of "
        "simulated people: early learning in large sets is slower than that of the groups."
    )

    def measure(self) -> Measured:
        keys = named_keys(0, [("schizophrenia_set_size", str(i + 1)) for i in range(_PEOPLE)])

        def curves(**change: float) -> np.ndarray:
            agent, given = simulated(MEDIANS["HC"] | change)
            return np.asarray(learning(keys, agent, given, 0.1)[0]).mean(axis=-1)

        groups = {name: curves(**values) for name, values in MEDIANS.items()}
        shares = np.asarray(SIZES) / sum(SIZES)
        overall = {name: float(shares @ c.mean(axis=1)) for name, c in groups.items()}
        late = {name: c[:, LATE - 1 :].mean(axis=1) for name, c in groups.items()}
        ends = [SIZES.index(2), SIZES.index(6)]
        healthy, patients = MEDIANS["HC"], MEDIANS["SZ"]
        weights = [SetSize(group=g).run(keys[:2])["wm_weight_six"][0] for g in MEDIANS]
        checks = [
            at_most("rho_wm, patients less healthy", 0, patients["rho_wm"] - healthy["rho_wm"]),
            at_least("phi, patients less healthy", 0, patients["phi"] - healthy["phi"]),
            agree("weight of memory in sets of 6, to medians of people", (0.497, 0.434), weights, 0.02),
        ]
        for name, curve in late.items():
            people = np.asarray(_LATE[name])[ends]
            label = f"late accuracy, {_NAMES[name]}, sets of 2 and 6, to people"
            checks.append(agree(label, people, curve[ends], 0.02))
        effect = [late[name][0] - late[name][-1] for name in MEDIANS]
        people = [_LATE[name][0] - _LATE[name][-1] for name in MEDIANS]
        checks += [
            agree("effect of set size, healthy and patients, to people", people, effect, 0.03),
            equal(
                "accuracy of all trials, patients less healthy, to people",
                _OVERALL,
                overall["SZ"] - overall["HC"],
                0.02,
            ),
        ]
        less = {k: curves(capacity=k) for k in _CAPACITY}
        learned = {k: c[:, 1:].mean(axis=1) for k, c in less.items()}
        for size, expected in _REDUCED.items():
            got = [learned[k][SIZES.index(size)] for k in _CAPACITY]
            checks.append(
                agree(f"capacity 4, 3, 2, 1: accuracy in sets of {size}", expected, got, 0.02)
            )
        cost = {}
        for label, change in _READINGS:
            changed = curves(**change)
            cost[label] = overall["HC"] - float(shares @ changed.mean(axis=1))
        checks.append(at_least("least cost of a single change to memory", 0.0, min(
            cost[n] for n in ("weight", "decay", "neglect", "capacity 2"))))
        checks.append(
            at_least("cost of less capacity over that of faster decay", 0.0, cost["capacity 2"] - cost["decay"])
        )
        print(groups, late, cost)
        return Measured(checks, [], "")
