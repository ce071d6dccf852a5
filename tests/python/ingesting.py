"""What the tests of ingest share: files written into a folder, decoded, and looked at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kpi.contracts import load_contracts
from kpi.ingest.decode import Decoding, decode
from kpi.ingest.limits import Limits
from kpi.ingest.sources import find_sources


class FakeKeys:
    """Keys that a reader of a test can follow: ``wm_<wmA>``; masked and erased persons have none."""

    def key(self, space: str, raw: str) -> str | None:
        """Readable key, or none."""
        raw = raw.strip()
        if space in ("auto", "auto_un"):
            space = {"wm": "wm", "wo": "wm", "wb": "wb"}.get(raw[:2], "st")
        if not raw or "erased" in raw or (space == "ph" and not raw.isdigit()):
            return None
        return f"{space}_<{raw}>"

    knows_erased = False

    def is_erased_number(self, kind: str, number: str) -> bool:
        """Nobody was."""
        return False

    def content(self, normalised_text: str) -> str:
        """Plain hash."""
        return "ct_" + hashlib.sha256(normalised_text.encode()).hexdigest()[:16]


class FakeTexts:
    """Features that a reader of a test can count."""

    def features(self, text: str) -> Any:
        """One term, one good word."""
        return SimpleNamespace(
            length=len(text),
            content_hash="ct_<text>",
            is_solitaire=text.startswith("#接龙"),
            is_stop_phrase=text == "收到",
            terms="面膜" if "面膜" in text else "",
            polarity=1 if "好" in text else 0,
        )


@dataclass
class Result:
    """One decoded file: rows by export without the lineage columns, the same with them, and the decoding."""

    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    full: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    said: Decoding | None = None

    @property
    def rejected(self) -> list[dict[str, str]]:
        """Rows that did not land."""
        return self.rows.get("ingest__rejected_rows", [])


def decoded(folder: Path, name: str, content: str | bytes | list[Any], limits: Limits | None = None) -> Result:
    """Decode one file; a list is written as JSON lines. The account must add up, whatever it holds."""
    write(folder, {name: content})
    return next(read(source, limits) for source in find_sources(folder, limits) if source.path.name == Path(name).name)


def write(folder: Path, files: Mapping[str, str | bytes | list[Any]]) -> None:
    for name, content in files.items():
        if isinstance(content, list):
            content = "\n".join(line if isinstance(line, str) else json_text(line) for line in content) + "\n"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def read(source: Any, limits: Limits | None = None) -> Result:
    """Decode a source and check what must hold of every decoding."""
    said = decode(source, load_contracts(), FakeKeys(), FakeTexts(), limits)
    result = Result(said=said)
    for export, batch in said:
        assert batch.num_rows <= 65_536
        assert all(column.null_count == 0 for column in batch.columns)
        for row in batch.to_pylist():
            result.full.setdefault(export, []).append(row)
            result.rows.setdefault(export, []).append({k: v for k, v in row.items() if not k.startswith("_")})
    assert said.account.adds_up(), said.account
    assert {export: len(rows) for export, rows in result.rows.items()} == dict(said.account.rows)
    return result
