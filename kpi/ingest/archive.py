"""What is kept of a message of the conversation archive: measurements of its text, a hash of its content.

The text is handed to the text reader and dropped; nothing else of a body is read. Items of a chat record (聊天记录)
are old messages and are not looked at.
"""

from __future__ import annotations

from typing import Any

from kpi.ingest.paths import parsed
from kpi.ingest.units import as_text, json_text

BODY = {"docmsg": "doc", "markdown": "info", "news": "info", "external_redpacket": "redpacket"}
"""Kinds of message whose body stands under another key than their own."""
NOT_HASHED = ("", "revoke", "agree", "disagree")
STABLE = ("md5sum", "sdkfileid", "link_url", "voteid", "userid")
"""What stays the same when a content is sent again; the first that there is. Without one, the whole body."""
NOTHING = {
    "voice_seconds": "", "text_length": "", "content_hash": "", "is_solitaire": "", "is_stop_phrase": "", "terms": "",
    "polarity": "",
}  # fmt: skip


def body_of(message: dict[str, Any]) -> dict[str, Any]:
    """The body of a message; empty where there is none."""
    kind = message.get("msgtype") or ""
    body = message.get(BODY.get(kind, kind))
    return body if isinstance(body, dict) else {}


def text_of(kind: str, body: dict[str, Any]) -> str | None:
    """What somebody wrote: of text, markdown and the text parts of mixed messages; None for other kinds."""
    if kind in ("text", "markdown"):
        content = body.get("content")
        return content if isinstance(content, str) else None
    if kind != "mixed":
        return None
    parts = []
    items = body.get("item")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") == "text":
            inner = parsed(item.get("content"))
            content = inner.get("content") if isinstance(inner, dict) else None
            parts.append(content if isinstance(content, str) else "")
    return "\n".join(parts) if parts else None


def stable_part(kind: str, body: dict[str, Any]) -> str:
    """Text that is equal for equal contents: kind, and checksum, address or id, else the body as canonical JSON."""
    for key in STABLE:
        if body.get(key):
            return f"{kind}:{as_text(body[key])}"
    return f"{kind}:{json_text(body)}"


def prepared(message: dict[str, Any], keys: Any, texts: Any) -> dict[str, str]:
    """Columns that no path can give: length of voice and text, hash, terms, tone and what kind of text it is.

    Args:
        message: One record of the archive.
        keys: Makes ``ct_`` hashes (``content``).
        texts: Makes features of a text (``features``).
    """
    kind = message.get("msgtype")
    if message.get("action") != "send" or not isinstance(kind, str) or kind in NOT_HASHED:
        return NOTHING
    body = body_of(message)
    text = text_of(kind, body)
    if text is not None:
        found = texts.features(text)
        return {
            "voice_seconds": "",
            "text_length": str(found.length),
            "content_hash": found.content_hash,
            "is_solitaire": str(int(found.is_solitaire)),
            "is_stop_phrase": str(int(found.is_stop_phrase)),
            "terms": found.terms,
            "polarity": str(found.polarity),
        }
    content = keys.content(stable_part(kind, body)) if body else ""
    voice = as_text(body.get("play_length")) if kind == "voice" else ""
    return {**NOTHING, "voice_seconds": voice, "content_hash": content}
