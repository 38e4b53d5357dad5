"""Published constants of dopamine in rodents: regions and receptors, each with its source.

Two families of kinetic constants disagree on the tonic level: the toolbox of Dreyer has 43 nM in
dorsal and 56 nM in ventral striatum at 4 Hz, the release sites of Ejdrup 8 and 24 nM
(microdialysis finds .3 to 15 nM). Both are kept, and what belongs to one is never combined with
what belongs to the other. All constants are from rodents, none from humans.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Preset(NamedTuple):
    """Constants that belong together.

    `values` by the names of the fields they fill: nM, nM/s, nM per spike, 1/s. What has no
    `family` goes with every family.
    """

    name: str
    family: str
    species: str
    source: str
    values: Mapping[str, float]
    note: str = ""


_DREYER = "Dreyer's dopamine simulation toolbox (Lundbeck-Biometrics, public code)"
_EJDRUP = "Ejdrup et al., striatal dopamine modelling (public code)"
_AUTO = {"gain": 3.0, "ec50": 100.0, "k_off": 0.3}
# Affinity and rate of the D2 receptor in that source, which has no autoreceptor.
_NO_AUTO = {"gain": 0.0, "ec50": 7.0, "k_off": 0.2}


def _table(*presets: Preset) -> Mapping[str, Preset]:
    return MappingProxyType({p.name: p for p in presets})


REGIONS = _table(
    Preset(
        "ds",
        "dreyer",
        "rodent",
        _DREYER,
        {"vmax": 4000.0, "release": 400.0, "km": 160.0, "k_out": 0.04, **_AUTO},
        "Nigral terminals in dorsal striatum. Release is set high: the autoreceptor halves it.",
    ),
    Preset(
        "nac",
        "dreyer",
        "rodent",
        _DREYER,
        {"vmax": 1500.0, "release": 200.0, "km": 160.0, "k_out": 0.04, **_AUTO},
        "Tegmental terminals in nucleus accumbens. Release is set high, as in `ds`.",
    ),
    Preset(
        "pfc",
        "dreyer",
        "rodent",
        "jaxda, after the rows of the striatum",
        {**_AUTO, "vmax": 200.0, "release": 20.0, "km": 160.0, "k_out": 0.04, "gain": 1.0},
        "Cortex has almost no transporter; an order of magnitude, not a measurement.",
    ),
    Preset(
        "ds_ej",
        "ejdrup",
        "rodent",
        _EJDRUP,
        {"vmax": 6000.0, "release": 56.9, "km": 210.0, "k_out": 0.0, **_NO_AUTO},
        "Dorsal striatum: one varicosity in 25 µm³, 6 % release per spike, 3000 molecules.",
    ),
    Preset(
        "vs_ej",
        "ejdrup",
        "rodent",
        _EJDRUP,
        {"vmax": 2000.0, "release": 51.2, "km": 210.0, "k_out": 0.0, **_NO_AUTO},
        "Ventral striatum: 90 % of the varicosities of dorsal striatum.",
    ),
)

SOMATA = _table(
    Preset(
        "soma",
        "dreyer",
        "rodent",
        _DREYER,
        {"vmax": 200.0, "release": 20.0, "km": 160.0, "inhibition": 10.0, "ec50": 1e3, "k_off": 10},
        "Midbrain. Uptake is 20 times slower than in striatum; Rice & Cragg 2008 find 200 times.",
    ),
)

_D1_LIKE_D2 = "The source gives one affinity to both; the rate of D2 is taken to be that of D1."
RECEPTORS = _table(
    Preset(
        "fast",
        "dreyer",
        "rodent",
        _DREYER,
        {"d1_kd": 1e3, "d1_k_off": 10.0, "d2_kd": 1e3, "d2_k_off": 10.0},
        _D1_LIKE_D2,
    ),
    Preset(
        "ejdrup",
        "ejdrup",
        "rodent",
        _EJDRUP,
        {"d1_kd": 1e3, "d1_k_off": 19.5, "d2_kd": 7.0, "d2_k_off": 0.2},
        "D2 receptors follow a pause of one second, D1 receptors a burst.",
    ),
    Preset(
        "classic",
        "",
        "rodent",
        "textbook affinities of low- and high-affinity binding",
        {"d1_kd": 1e3, "d2_kd": 10.0},
        "Affinities alone; how fast they are followed is left open.",
    ),
    Preset(
        "slow",
        "",
        "rodent",
        "Hunger, Kumar & Schmidt 2020, J. Neurosci. 40:2868",
        {"d1_kd": 1600.0, "d1_k_off": 0.5 / 60, "d2_kd": 25.0, "d2_k_off": 0.5 / 60},
        "Half of the receptors let go in 83 s: neither kind can read a single burst.",
    ),
)

# Loss of dopamine from the extracellular space other than by uptake, per s, as a share of
# vmax / km: with it the tonic level is 80 % of normal when 85 % of the terminals are gone.
CALIBRATED_LEAK = 0.046


def find(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        ValueError: if there is none.
    """
    for table in (REGIONS, SOMATA):
        if name in table:
            return table[name]
    raise ValueError(f"no preset {name!r}; there are {', '.join((*REGIONS, *SOMATA))}.")


def find_receptors(name: str) -> Preset:
    """The preset of receptors called `name`.

    Raises:
        ValueError: if there is none.
    """
    if name not in RECEPTORS:
        raise ValueError(f"no receptors {name!r}; there are {', '.join(RECEPTORS)}.")
    return RECEPTORS[name]


def one_family(*families: str) -> str:
    """The family that all of `families` are of; "" goes with every other.

    Raises:
        ValueError: if there are several.
    """
    known = sorted({f for f in families if f})
    if len(known) > 1:
        raise ValueError(
            f"constants of the families {' and '.join(known)} cannot be combined: "
            "their tonic levels disagree. Take all of them from one."
        )
    return known[0] if known else ""
