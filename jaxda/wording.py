"""Numbers and lists in sentences, as a reader of reports and terminals sees them."""

import math
from collections.abc import Iterable


def share(x: float | None) -> str:
    """A share in per cent; what is not quite none or all is not rounded to it."""
    if x is None or not math.isfinite(x):
        return "–"
    if 0 < x < 0.005:
        return "< 1\u00a0%"
    if 0.995 < x < 1:
        return "> 99\u00a0%"
    return f"{100 * x:.0f}\u00a0%"


def number(x: float | None, digits: int = 3) -> str:
    """A number with `digits` significant digits and no exponent that a reader must decode."""
    if x is None or not math.isfinite(x):
        return "–"
    x = x + 0.0
    if x and abs(x) < 1e-4:
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = f"{float(mantissa):g} × 10{raised}"
    elif abs(float(f"{x:.{digits}g}")) >= 10**digits:
        text = f"{x:,.0f}"
    else:
        text = f"{x:.{digits}g}"
    return text.replace("-", "−")


def fixed(x: float | None, decimals: int = 2) -> str:
    """A number with `decimals` places, for columns and correlations."""
    if x is None or not math.isfinite(x):
        return "–"
    text = f"{x:,.{decimals}f}"
    return (text.lstrip("-") if float(text.replace(",", "")) == 0 else text).replace("-", "−")


def signed(x: float | None, decimals: int = 2) -> str:
    """A difference with `decimals` places and its sign, if it has one at these places."""
    text = fixed(x, decimals)
    return f"+{text}" if x is not None and x > 0 and float(text.replace(",", "")) else text


def level(dose: float) -> str:
    """A dose as it was given."""
    return number(dose, 6)


def places(error: float) -> int:
    """Decimals up to the second digit of an error."""
    if not (math.isfinite(error) and error > 0):
        return 2
    return max(0, 1 - math.floor(math.log10(error)))


def estimate(mean: float, error: float) -> str:
    """`mean ± error`, both to the second digit of the error."""
    return f"{fixed(mean, places(error))} ± {fixed(error, places(error))}"


def correlation(r: float | None) -> str:
    """`r = 0.87`; one that is not quite perfect is not rounded to 1."""
    text = "> 0.99" if r is not None and 0.995 <= r < 1 - 1e-9 else f"= {fixed(r)}"
    return f"r {text}".replace(" ", "\u00a0")


def plural(n: int, what: str) -> str:
    """`1 subject`, `1,200 subjects`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
