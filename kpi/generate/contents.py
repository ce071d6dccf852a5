"""What messages hold: bodies of polls, red packets, pictures and the rest, and the keys of contents.

A content key is the keyed hash of what makes a content: the normalised text, else kind and id of the
file or link, else the body itself in canonical JSON. Texts are composed only in runs below
``config.TEXT_LIMIT`` messages; larger ones get stand-ins that are as unique and much faster.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kpi.generate.clock import DAY, HOUR, local_date
from kpi.generate.keys import Keys, content_keys
from kpi.generate.names import PRODUCTS
from kpi.generate.raw_ids import mix64, raw_id
from kpi.generate.texts import compose

if TYPE_CHECKING:
    from kpi.generate.config import Config

LAUNCH, VOTE = 101, 102
FILES = ("image", "voice", "video", "emotion", "file")
STABLE = ("md5sum", "sdkfileid", "link_url", "voteid", "userid")


@dataclass
class Body:
    """One message whose body is an export of its own (a poll or a red packet).

    ``line`` and ``again`` say where it stands: line of the day's file; (file, time, line) of the second
    file that holds it once more, if one does.
    """

    day: int
    msgid: str
    sender: int
    room: int
    ms: int
    kind: str
    recalled: bool
    line: int = 0
    again: tuple[str, int, int] | None = None


@dataclass
class Poll:
    """Archive body of one vote message."""

    body: Body
    vote_id: str
    kind: int  # LAUNCH or VOTE


@dataclass
class RedPacket:
    """Archive body of one red packet; ``amount`` in fen."""

    body: Body
    kind: int
    packets: int
    amount: int


def archive_places(cfg: Config, body: Body) -> list[tuple[str, int, int]]:
    """(File, when it was made, line) of every file of the archive that holds a message."""
    day = cfg.h0 + body.day * DAY
    first = f"msg_{local_date(day):%Y%m%d}", day + DAY + 2 * HOUR, body.line
    return [first] if body.again is None else [first, body.again]


class Bodies:
    """Draws what polls and red packets say, message by message in the order of time."""

    def __init__(self, cfg: Config) -> None:
        self.bodies: list[Body] = []
        self.polls: list[Poll] = []
        self.red_packets: list[RedPacket] = []
        self._people = cfg.members
        self._polls, self._packets = cfg.rng("polls"), cfg.rng("red_packets")
        self._open: dict[int, str] = {}
        self._launched = 0

    def add(self, body: Body) -> dict[str, Any]:
        """Draw the body of one message; returns it as the archive holds it."""
        self.bodies.append(body)
        if body.kind == "vote":
            self.polls.append(self._poll(body))
            return poll_body(self.polls[-1].vote_id, self.polls[-1].kind)
        rng = self._packets
        packets = int(rng.integers(1, 31))
        each = int(rng.integers(1, 200))
        kind = int(rng.choice(3, p=[0.25, 0.65, 0.1])) + 1
        self.red_packets.append(RedPacket(body, kind, packets, packets * each + int(rng.integers(0, packets))))
        x = self.red_packets[-1]
        return red_packet_body(x.kind, x.packets, x.amount)

    def _poll(self, body: Body) -> Poll:
        draw = float(self._polls.random())
        if body.room in self._open and not (body.sender >= self._people and draw < 0.75):
            return Poll(body, self._open[body.room], VOTE)
        self._launched += 1
        vote_id = f"vt{self._launched:06d}"
        if not body.recalled:
            self._open[body.room] = vote_id
        return Poll(body, vote_id, LAUNCH)


def poll_body(vote_id: str, kind: int) -> dict[str, Any]:
    """Body of a vote message: all choices when it is launched, the chosen one when somebody votes."""
    choices = ["周五晚上", "周六上午", "周日下午"]
    chosen = choices if kind == LAUNCH else [choices[int(vote_id[2:]) % 3]]
    return {"votetitle": f"直播时间投票{int(vote_id[2:])}", "voteitem": chosen, "votetype": kind, "voteid": vote_id}


def red_packet_body(kind: int, packets: int, amount: int) -> dict[str, Any]:
    """Body of a red packet; ``amount`` in fen."""
    return {"type": kind, "wish": "恭喜发财，大吉大利", "totalcnt": packets, "totalamount": amount}


def body_of(kind: str, content: int, seconds: int, seed: int) -> dict[str, Any]:
    """Body of a message without text, a function of its content id. seconds: of a voice message."""
    one, two = mix64(np.array([content, content ^ 0x5EED_F11E], dtype=np.uint64) + np.uint64(seed % 2**32)).tolist()
    number, product = one % 100_000, PRODUCTS[one % len(PRODUCTS)][0]
    if kind in FILES:
        file = {"md5sum": f"{one:016x}{two:016x}", "sdkfileid": f"CtYBMzA2OTAyMDEwMjA0{two:016x}NDkwMzk{one:016x}"}
        size = 2_000 + number
        return {
            "image": {**file, "filesize": size},
            "voice": {**file, "voice_size": size, "play_length": seconds},
            "video": {**file, "filesize": size * 40, "play_length": 5 + number % 50},
            "emotion": {**file, "type": 1 + number % 2, "width": 198, "height": 198, "imagesize": size},
            "file": {**file, "filename": f"{product}说明{number}.pdf", "fileext": "pdf", "filesize": size},
        }[kind]
    if kind == "link":
        url = f"https://shop.example.com/p/{one:016x}"
        return {"title": product, "description": "点开看看", "link_url": url, "image_url": f"{url}.jpg"}
    if kind == "card":
        return {"corpname": "示例护肤品牌", "userid": raw_id("st", one % 5, seed)}
    return {"title": f"{product} 团购{number}", "description": f"{two:016x}", "username": "gh_5f1e2d3c4b5a@app",
            "displayname": "示例护肤商城"}  # fmt: skip


def stable_part(kind: str, body: dict[str, Any]) -> str:
    """What of a body makes the content: kind and the id in it, else the body in canonical JSON."""
    named = next((str(body[name]) for name in STABLE if body.get(name)), "")
    return f"{kind}:{named or json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(',', ':'))}"


class Contents:
    """Content keys of one run. With ``remember`` it keeps what is behind each key it made.

    ``shown`` maps a content key to the text as people see it, or to the body of another message.
    """

    def __init__(self, keys: Keys, terms: list[str], composed: bool, remember: bool) -> None:
        self.shown: dict[str, str | dict[str, Any]] = {}
        self._keys, self._terms = keys, terms
        self._composed, self._remember = composed, remember
        self._known: dict[tuple[int, str], str] = {}

    def keys_of(self, block: dict[str, np.ndarray], kinds: tuple[str, ...], tone: np.ndarray,
                bodies: dict[int, dict[str, Any]]) -> pa.Array:  # fmt: skip
        """Content keys of the rows of a block. bodies: those of polls and red packets, by row."""
        if not self._composed:
            return content_keys(block["content"])
        columns = (
            block[name].tolist() for name in ("kind", "content", "length", "terms", "solitaire", "stop", "voice")
        )
        return pa.array(
            [
                self._key(kinds[row[0]], *row[1:], sign, bodies.get(i))
                for i, (*row, sign) in enumerate(zip(*columns, tone.tolist(), strict=True))
            ],
            pa.string(),
        )

    def _key(self, kind: str, content: int, length: int, terms: int, solitaire: int, stop: int, seconds: int,
             sign: int, body: dict[str, Any] | None) -> str:  # fmt: skip
        sort = "" if length >= 0 else kind
        if body is None and (content, sort) in self._known:
            return self._known[content, sort]
        if length >= 0:
            place = content if stop == 1 else -1
            text = compose(content, length, self._terms[terms], sign, solitaire == 1, place)
            key, shown = self._keys.content(text.plain) if text.plain else "", text.shown
        else:
            shown = body or body_of(kind, content, seconds, self._keys.seed)
            key = self._keys.content(stable_part(kind, shown))
        if body is None:
            self._known[content, sort] = key
        if self._remember and key:
            self.shown[key] = shown
        return key
