"""What all pages share: their templates, and pictures that travel inside them."""

import re
import urllib.parse
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from .errors import InputError, Problem


_UNDRAWN = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)


def environment() -> jinja2.Environment:
    """Where templates are found and how they are filled in."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["coded"] = _coded
    return made


def _coded(text: str) -> Markup:
    """Escaped text with names between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(p) if i % 2 else escape(p) for i, p in enumerate(parts))


def address(svg: Path) -> str:
    """The picture as an address: no id in it can clash with the page, no script can run."""
    try:
        text = svg.read_text(encoding="utf-8")
    except ValueError:
        raise InputError([Problem(str(svg), "not an SVG file", "draw it again")]) from None
    # A page of some megabytes stays blank where it is shown inside another report, so nothing
    # travels that is not drawn, and most characters stand as they are, which is shorter than
    # Base64.
    text = _UNDRAWN.sub("", text)
    text = " ".join(text.split()).replace("> <", "><")
    return "data:image/svg+xml," + urllib.parse.quote(text, safe=" !$()*+,-./:;=?@[]^_`{|}~'")
