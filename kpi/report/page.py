"""One HTML file out of a template: styles, scripts and data inlined, and a policy that lets nothing out.

Names of communities, campaigns and topics are other people's strings. They reach the page as text that
jinja escapes or as JSON that cannot end a script, and the policy runs no script but those hashed here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from kpi.report.texts import Text, both
from kpi.report.words import WORDS

HERE = Path(__file__).parent
ECHARTS = "vendor/echarts/echarts.min.js"
STYLES = ("design/tokens.css", "design/base.css")
SCRIPTS = ("design/unpack.js", "design/page.js", "design/theme.js")
LARGE = 100_000  # bytes of data from which on it is packed


def as_json(value: Any) -> Markup:
    """``value`` as JSON that is safe inside ``<script type="application/json">``.

    Raises:
        ValueError: for NaN and infinities, which JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    for character, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, escaped)
    return Markup(text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


@dataclass(frozen=True)
class Packed:
    """A text for ``design/unpack.js``.

    Attributes:
        text: deflated, as base64; as it is when it is short.
        size: bytes that come out; 0 when it is not deflated.
    """

    text: Markup
    size: int


def pack(text: str) -> Packed:
    """``text`` deflated: ECharts and the cells of the explorer shrink to a third, base64 included."""
    raw = text.encode("utf-8")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Packed(Markup(base64.b64encode(deflate.compress(raw) + deflate.flush()).decode()), len(raw))


def packed_json(value: Any) -> Packed:
    """``value`` as JSON, packed when it is large."""
    text = as_json(value)
    return pack(text) if len(text) > LARGE else Packed(text, 0)


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    return str(value)


@cache
def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def _packed(name: str) -> Packed:
    return pack(_file(name))


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["both"] = both
    made.globals["packed_json"] = packed_json
    return made


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode() + "'"


def render(
    template: str, *, styles: tuple[str, ...] = (), scripts: tuple[str, ...] = (), lang: str = "zh", **data: Any
) -> str:
    """The page of ``templates/<template>`` as one string.

    Args:
        template: file in ``templates/``, usually one that extends ``base.html.j2``.
        styles: files below ``kpi/report/`` that come after the shared styles.
        scripts: files below ``kpi/report/`` that come after the shared scripts.
        lang: ``zh`` or ``en``, what the page opens in.
        **data: what the template asks for.
    """
    code = [_file(name) for name in (*SCRIPTS, *scripts)]
    # a library is let in by the hash of what is unpacked
    policy = (
        f"default-src 'none'; script-src {' '.join(_hash(part) for part in (_file(ECHARTS), *code))}; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            styles=[Markup(_file(name)) for name in (*STYLES, *styles)],
            echarts=_packed(ECHARTS),
            scripts=[Markup(part) for part in code],
            policy=policy,
            lang=lang,
            t=WORDS,
            **data,
        )
    )
