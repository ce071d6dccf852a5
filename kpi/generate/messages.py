"""Group and private messages: simulated day by day in numpy and streamed to disk.

One day at a time is in memory. ``MessageTally`` sees the same arrays that are written and keeps,
per day and community, what the message metrics need; its rules are those of the definitions,
applied to the arrays and not to the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kpi.generate.clock import DAY, HOUR, local_date, stamp
from kpi.generate.config import TEXT_LIMIT, Config
from kpi.generate.contents import Bodies, Body, Contents
from kpi.generate.exports import Sink
from kpi.generate.files import source_file
from kpi.generate.keys import digits, fixed_strings, mix64
from kpi.generate.texts import EMPTY, PLACED, SHORT, least_lengths, set_phrases, word_list
from kpi.generate.world import World, day_factor, seconds_of_day

DAY_MS = DAY * 1000
MINUTE_MS = 60_000

TYPES = (
    "text", "image", "voice", "video", "emotion", "link", "weapp", "mixed", "redpacket", "vote",
    "card", "file", "revoke", "agree", "disagree", "",
)  # fmt: skip
TYPE_ID = {name: i for i, name in enumerate(TYPES)}
TEXT, VOICE, MIXED, REVOKE = (TYPE_ID[t] for t in ("text", "voice", "mixed", "revoke"))
CONSENTS = (TYPE_ID["agree"], TYPE_ID["disagree"])
NOT_COUNTED = (REVOKE, TYPE_ID["agree"], TYPE_ID["disagree"])
TYPE_P = np.array([0.72, 0.09, 0.035, 0.01, 0.05, 0.02, 0.025, 0.02, 0.008, 0.006, 0.004, 0.012])
SEND, RECALL, SWITCH = 0, 1, 2
ACTIONS = ("send", "recall", "switch")

# content ids: [0, STOPS) stop phrases, [STOPS, POOL) phrases many people use, above: said once
STOPS, POOL = 40, 600
TERM_COUNT = 24  # words of the term list that people use here
NO_ROOM, FOREIGN_ROOM = -1, -2  # 1:1 chats; a group that is in no export

COLS = (
    ("action", np.int8), ("sender", np.int64), ("room", np.int64), ("ms", np.int64),
    ("kind", np.int8), ("voice", np.int32), ("length", np.int32), ("content", np.uint64),
    ("solitaire", np.int8), ("stop", np.int8), ("terms", np.int32),
)  # fmt: skip


@dataclass
class MessageTally:
    """Message facts per day and community, arrays of shape (days, communities).

    ``speakers_day`` is (days, communities): distinct persons with an effective message that day.
    """

    days: int
    communities: int
    h0_ms: int
    counted: np.ndarray  # (senders,) bool: role customer or kol
    messages: np.ndarray = field(init=False)
    customer: np.ndarray = field(init=False)
    effective: np.ndarray = field(init=False)
    speakers_day: np.ndarray = field(init=False)
    _tail: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.days, self.communities)
        for name in ("messages", "customer", "effective", "speakers_day"):
            setattr(self, name, np.zeros(shape, np.int64))
        self._tail = np.zeros((0, 4), np.int64)

    def add(self, day: int, block: dict[str, np.ndarray], recalled: np.ndarray) -> None:
        """Count the rows of one simulated day (rows outside that local day are ignored).

        block: columns of equal length n as in ``COLS``, one row per msgid. recalled: (n,) bool,
        True where a recall row names the message.
        """
        low = self.h0_ms + day * DAY_MS
        ok = (block["action"] == SEND) & (block["room"] >= 0) & ~recalled
        ok &= ~np.isin(block["kind"], NOT_COUNTED)
        ok &= (block["ms"] >= low) & (block["ms"] < low + DAY_MS)
        room = block["room"]
        width = self.communities
        self.messages[day] += np.bincount(room[ok], minlength=width)
        known = block["sender"] >= 0
        ok &= known & self.counted[np.maximum(block["sender"], 0)]
        self.customer[day] += np.bincount(room[ok], minlength=width)
        text = np.isin(block["kind"], (TEXT, MIXED)) & (block["length"] >= 2)
        text &= (block["solitaire"] != 1) & (block["stop"] != 1)
        voice = (block["kind"] == VOICE) & (block["voice"] >= 2)
        ok &= text | voice
        now = np.stack(
            [
                block["sender"][ok],
                room[ok],
                block["content"][ok].view(np.int64),
                block["ms"][ok],
            ],
            axis=1,
        )
        both = np.concatenate([self._tail, now])
        order = np.lexsort((both[:, 3], both[:, 2], both[:, 1], both[:, 0]))
        s = both[order]
        same = np.zeros(len(s), bool)
        same[1:] = (s[1:, :3] == s[:-1, :3]).all(axis=1) & (s[1:, 3] - s[:-1, 3] <= DAY_MS)
        first = s[~same & (s[:, 3] >= low)]
        self._tail = now
        # at most five per sender, group and clock minute
        pair = first[:, 1] * self.counted.size + first[:, 0]
        minute = (first[:, 3] - low) // MINUTE_MS
        slots, count = np.unique(pair * 1440 + minute, return_counts=True)
        rooms = slots // (1440 * self.counted.size)
        self.effective[day] += np.bincount(rooms, weights=np.minimum(count, 5), minlength=width).astype(np.int64)
        talking = np.unique(pair) // self.counted.size
        self.speakers_day[day] += np.bincount(talking, minlength=width)


class MessageLog:
    """Single messages for later: bodies of polls and red packets, kept messages for the truth.

    ``kept`` are the messages of known groups on covered days that nobody recalled. ``numeric`` and
    ``serial`` order message ids of one millisecond as their texts do.
    """

    FIELDS = ("sender", "room", "ms", "kind", "voice", "length", "content", "solitaire", "stop", "terms")

    def __init__(self, cfg: Config) -> None:
        self.bodies = Bodies(cfg)
        self.consents: list[Body] = []  # agree and disagree messages
        self.term_texts: list[str] = []
        self.contents: Contents
        self._h0_ms, self._with_kept = cfg.h0 * 1000, cfg.with_truth
        self._parts: list[dict[str, np.ndarray]] = []

    def add(
        self, day: int, block: dict[str, np.ndarray], recalled: np.ndarray, seq: int
    ) -> dict[int, tuple[Body, dict[str, Any]]]:
        """Remember the rows of one day; ``seq`` is the running number of its first row.

        Returns the polls, red packets and consents by row: the message and what it says.
        """
        said = {}
        low = self._h0_ms + day * DAY_MS
        rows = np.flatnonzero(np.isin(block["kind"], (TYPE_ID["vote"], TYPE_ID["redpacket"], *CONSENTS)))
        for i, msgid in zip(rows.tolist(), _msgids(block["ms"][rows], seq + rows, low).to_pylist(), strict=True):
            where = (int(block[name][i]) for name in ("sender", "room", "ms"))
            body = Body(day, msgid, *where, TYPES[int(block["kind"][i])], bool(recalled[i]))
            if int(block["kind"][i]) in CONSENTS:
                self.consents.append(body)
                said[i] = body, {}
            else:
                said[i] = body, self.bodies.add(body)
        if not self._with_kept:
            return said
        ok = (block["action"] == SEND) & (block["room"] >= 0) & ~recalled & ~np.isin(block["kind"], NOT_COUNTED)
        ok &= (block["ms"] >= low) & (block["ms"] < low + DAY_MS)
        part = {name: block[name][ok] for name in self.FIELDS}
        part["serial"] = seq + np.flatnonzero(ok)
        self._parts.append(part)
        return said

    def kept(self) -> dict[str, np.ndarray]:
        """Columns of all kept messages, by day."""
        out = {name: np.concatenate([p[name] for p in self._parts]) for name in (*self.FIELDS, "serial")}
        out["numeric"] = out["serial"] % 3 == 0
        out["polarity"] = np.where(out["length"] >= 0, polarity(out["content"]), 0)  # blank without text
        return out


def polarity(content: np.ndarray) -> np.ndarray:
    """(n,) -1, 0 or 1 of content ids; equal contents have equal polarity."""
    share = mix64(content ^ np.uint64(0x5EED)) % np.uint64(100)
    sign = np.where(share < 7, -1, np.where(share < 27, 1, 0))
    quiet = (content < STOPS) | ((content >= EMPTY) & (content < 2 * SHORT))  # no room for a word of tone
    return np.where(quiet, 0, sign).astype(np.int8)


class _Simulator:
    """Draws the rows of one day after the other."""

    def __init__(self, w: World) -> None:
        self.w, self.cfg, self.rng = w, w.cfg, w.cfg.rng("messages")
        rng, n = self.rng, w.n_people
        # 1-9-90: one in a hundred talks all the time, nine sometimes, the rest hardly ever
        tier = rng.random(n)
        self.weight = np.where(tier < 0.012, 34.0, np.where(tier < 0.11, 9.0, 0.75))
        self.weight *= np.exp(rng.normal(0, 0.5, n))
        self.weight[[p for p, r in w.roles.items() if r in ("shill", "kol")]] = 30.0
        self.alive = np.array([[c.created, c.dismissed] for c in w.communities], dtype=np.int64)
        lively = {"flash": 3.0, "vip": 1.2, "knowledge": 1.5, "brand_fan": 1.2}
        self.lively = np.array([lively.get(c.kind, 1.0) for c in w.communities])
        self.owner = np.array([c.owner for c in w.communities])
        self.n_senders = n + w.n_staff + len(w.bots)
        self.staff0, self.bot0 = n, n + w.n_staff
        self.next_content = POOL
        self.next_short = SHORT
        self.pool_length = np.maximum(2, rng.poisson(6, POOL))
        rng.integers(1, 4, STOPS)
        self.pool_length[:STOPS] = [len(phrase) for phrase in set_phrases()[:STOPS]]
        words = word_list("terms")[:TERM_COUNT]
        combos = ["", *words]
        combos += [f"{words[i]} {words[j]}" for i, j in rng.integers(0, len(words), (60, 2)) if i != j]
        self.term_texts = combos
        self.terms = pa.array(combos)
        common = np.arange(POOL, dtype=np.uint64)
        none = np.zeros(POOL, np.int64)
        least = least_lengths(combos, none, polarity(common), none)
        self.pool_length[STOPS:] = np.maximum(self.pool_length, least)[STOPS:]
        self.before: dict[str, np.ndarray] | None = None
        self.daily = self._plan()

    def _plan(self) -> np.ndarray:
        """(days,) rows per day; proportional to rhythm and to the people inside."""
        w, cfg = self.w, self.cfg
        edges = cfg.h0 + np.arange(cfg.days) * DAY
        inside = np.searchsorted(np.sort(w.t_in), edges) - np.searchsorted(np.sort(w.t_out), edges)
        shape = day_factor(cfg) * np.maximum(inside, 20) ** 0.8
        base = cfg.message_target / 1.025
        cum = np.round(np.cumsum(shape) / shape.sum() * base).astype(np.int64)
        return np.diff(cum, prepend=0)

    def day(self, d: int) -> dict[str, np.ndarray]:
        """Rows sent on day ``d`` (before recalls and quirks), unsorted, columns as ``COLS``."""
        w, rng = self.w, self.rng
        n = int(self.daily[d])
        start = self.cfg.h0 + d * DAY
        open_ = np.flatnonzero((w.t_in < start + DAY) & (w.t_out > start))
        if open_.size == 0:
            n = 0
        low = np.maximum(w.t_in[open_], start)
        high = np.minimum(w.t_out[open_], start + DAY)
        weight = self.weight[w.person[open_]] * self.lively[w.comm[open_]]
        weight = weight * ((high - low) / DAY) ** 0.7
        u = rng.random(n)
        n_private = int((u < 0.012).sum())
        n_staff = int(((u >= 0.012) & (u < 0.132)).sum())
        n_bot = int(((u >= 0.132) & (u < 0.165)).sum())
        n_people = n - n_private - n_staff - n_bot

        def stays(k: int) -> np.ndarray:
            if k == 0:
                return np.zeros(0, np.int64)
            cum = np.cumsum(weight)
            at = np.searchsorted(cum, rng.random(k) * cum[-1])
            return np.minimum(at, open_.size - 1)

        at = stays(n_people)
        sec = start + seconds_of_day(rng, n_people)
        out = (sec < low[at]) | (sec >= high[at])
        sec[out] = low[at][out] + (rng.random(out.sum()) * (high - low)[at][out]).astype(np.int64)
        about = w.comm[open_[stays(n_staff + n_bot + n_private)]]
        sec2 = start + seconds_of_day(rng, about.size)
        sec2 = np.maximum(sec2, np.minimum(self.alive[about, 0], start + DAY - 1))
        sec2 = np.minimum(sec2, np.maximum(self.alive[about, 1] - 1, start))
        staff, bot, private = np.split(np.arange(about.size), [n_staff, n_staff + n_bot])
        talk = w.person[open_[stays(n_private)]] if n_private else np.zeros(0, np.int64)
        mine = rng.random(n_private) < 0.5
        sender = np.concatenate(
            [
                w.person[open_[at]],
                self.staff0 + self.owner[about[staff]],
                self.bot0 + about[bot],
                np.where(mine, self.staff0 + self.owner[about[private]], talk),
            ]
        )
        room = np.concatenate([w.comm[open_[at]], about[staff], about[bot], np.full(n_private, NO_ROOM)])
        ms = np.concatenate([sec, sec2]) * 1000 + rng.integers(0, 1000, n)
        block = self._bodies(sender, room, ms)
        if n >= 2:
            self._copies(block, d)
        # a copy into a group that ended before today fell out of the day
        today = (block["ms"] >= start * 1000) & (block["ms"] < start * 1000 + DAY_MS)
        return _take(block, np.flatnonzero(today))

    def _bodies(self, sender: np.ndarray, room: np.ndarray, ms: np.ndarray) -> dict[str, np.ndarray]:
        rng, n = self.rng, sender.size
        kind = rng.choice(TYPE_P.size, size=n, p=TYPE_P / TYPE_P.sum()).astype(np.int8)
        bot = sender >= self.bot0
        kind[bot & (rng.random(n) < 0.8)] = TEXT
        worded = (kind == TEXT) | (kind == MIXED)
        u = rng.random(n)
        content = self.next_content + np.arange(n)
        self.next_content += n
        content = np.where(worded & (u < 0.1), rng.integers(0, STOPS, n), content)
        content = np.where(worded & (u >= 0.1) & (u < 0.24), STOPS + rng.integers(0, POOL - STOPS, n), content)
        length = 2 + np.exp(rng.normal(2.1, 0.8, n)).astype(np.int64)
        length = np.where(content < POOL, self.pool_length[np.minimum(content, POOL - 1)], length)
        length = np.where((content >= POOL) & (rng.random(n) < 0.03), rng.integers(0, 2, n), length)
        solitaire = worded & (content >= POOL) & (rng.random(n) < 0.02)
        voice = np.where(kind == VOICE, 1 + rng.geometric(0.12, n) - (rng.random(n) < 0.3), -1)
        terms = np.where(
            worded & (content >= POOL) & (rng.random(n) < 0.2),
            1 + rng.integers(0, len(self.terms) - 1, n),
            0,
        )
        content = content.astype(np.uint64)
        # what a text has to say needs room; one that is too short to say it says nothing
        short = worded & (content >= POOL) & (length < 2) & ~solitaire
        terms[short] = 0
        content[worded & short & (length == 0)] = EMPTY
        single = np.flatnonzero(short & (length == 1))
        content[single] = self.next_short + np.arange(single.size, dtype=np.uint64)
        self.next_short += single.size
        own = worded & (content >= POOL) & ~short
        length = np.where(
            own, np.maximum(length, least_lengths(self.term_texts, terms, polarity(content), solitaire)), length
        )
        return {
            "action": np.zeros(n, np.int8),
            "sender": sender.astype(np.int64),
            "room": room.astype(np.int64),
            "ms": ms.astype(np.int64),
            "kind": kind,
            "voice": voice.astype(np.int32),
            "length": np.where(worded, length, -1).astype(np.int32),
            "content": content,
            "solitaire": np.where(worded, solitaire, -1).astype(np.int8),
            "stop": np.where(worded, content < STOPS, -1).astype(np.int8),
            "terms": terms.astype(np.int32),
        }

    def _copies(self, b: dict[str, np.ndarray], d: int) -> None:
        """Make some rows repeats of others (same day or the day before) and some minute bursts."""
        w, rng, n = self.w, self.rng, b["sender"].size
        person = b["sender"] < self.staff0
        k = max(1, n // 60)
        body = ("kind", "voice", "length", "content", "solitaire", "stop", "terms")
        src, dst = rng.integers(0, n, k), rng.integers(0, n, k)
        fit = person[src] & person[dst] & (b["room"][src] >= 0) & (b["room"][dst] >= 0)
        fit &= src != dst
        src, dst = src[fit], dst[fit]
        _, once = np.unique(dst, return_index=True)
        src, dst = src[once], dst[once]
        safe = ~np.isin(src, dst)
        src, dst = src[safe], dst[safe]
        for name in (*body, "sender", "room"):
            b[name][dst] = b[name][src]
        # anywhere between the original and three hours later, but inside the day and the stay
        start_ms = (self.cfg.h0 + d * DAY) * 1000
        shift = b["ms"][src] + rng.integers(0, 3 * HOUR * 1000, src.size)
        b["ms"][dst] = np.minimum(shift, start_ms + DAY_MS - 1)
        self._keep_inside(b, dst)
        if self.before is not None and self.before["sender"].size:
            k = max(1, n // 100)
            src = rng.integers(0, self.before["sender"].size, k)
            dst = np.unique(rng.integers(0, n, k))
            src = src[: dst.size]
            dst = dst[: src.size]
            fit = person[dst] & (b["room"][dst] >= 0)
            fit &= (self.before["sender"][src] < self.staff0) & (self.before["room"][src] >= 0)
            src, dst = src[fit], dst[fit]
            for name in (*body, "sender", "room"):
                b[name][dst] = self.before[name][src]
            jitter = rng.integers(-5 * HOUR * 1000, 2 * HOUR * 1000, src.size)
            moved = self.before["ms"][src] + DAY_MS + jitter
            moved[::6] = self.before["ms"][src][::6] + DAY_MS  # exactly 24 h later: still a repeat
            moved[3::6] = self.before["ms"][src][3::6] + DAY_MS + 1
            b["ms"][dst] = np.clip(moved, start_ms, start_ms + DAY_MS - 1)
            self._keep_inside(b, dst)
        burst = max(1, n // 2500) if n >= 2500 or d % 5 == 0 else 0
        talkers = np.flatnonzero(person & (b["room"] >= 0))
        for _ in range(burst):
            size = int(rng.integers(5, 9))
            if talkers.size < 20:
                break
            rows = np.unique(talkers[rng.integers(0, talkers.size, size)])
            head, size = rows[0], rows.size
            b["sender"][rows], b["room"][rows] = b["sender"][head], b["room"][head]
            minute = b["ms"][head] // MINUTE_MS * MINUTE_MS
            b["ms"][rows] = minute + rng.integers(0, MINUTE_MS, size)
            self._keep_inside(b, rows)
        del w

    def _keep_inside(self, b: dict[str, np.ndarray], rows: np.ndarray) -> None:
        """Nobody writes into a group that does not exist yet or any more."""
        room = b["room"][rows]
        low, high = self.alive[room, 0] * 1000, self.alive[room, 1]
        high = np.where(high < 2**53, high * 1000, 2**62) - 1
        b["ms"][rows] = np.clip(b["ms"][rows], low, high)


def _take(block: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in block.items()}


def _rows(**columns: list[int]) -> dict[str, np.ndarray]:
    """Block of hand-made rows; columns that are not given get their blank value."""
    n = len(columns["sender"])
    blank = {"voice": -1, "length": -1, "solitaire": -1, "stop": -1}
    return {name: np.array(columns.get(name, [blank.get(name, 0)] * n)).astype(kind) for name, kind in COLS}


def _quirk_rows(sim: _Simulator, d: int) -> dict[str, np.ndarray] | None:
    """Hand-placed rows of the first weeks and of the last day."""
    w, cfg = sim.w, sim.cfg
    h0 = cfg.h0 * 1000
    start = h0 + d * DAY_MS
    long_here = [
        int(p)
        for p, c, a, b in zip(
            w.person.tolist(), w.comm.tolist(), w.t_in.tolist(), w.t_out.tolist(), strict=True
        )
        if c == 0 and a < cfg.h0 and b > cfg.h0 + 30 * DAY and p not in w.roles
    ] if d in (0, 4, 5, 6, 7, cfg.days - 1) else []  # fmt: skip
    content = PLACED + d * 100  # far from every other content id

    def texts(people: list[int], at: list[int], ids: list[int], room: int = 0,
              kind: int = TEXT, length: int = 8) -> dict[str, np.ndarray]:  # fmt: skip
        n = len(people)
        return _rows(
            sender=people, room=[room] * n, ms=at, kind=[kind] * n, length=[length] * n,
            content=[content + i for i in ids], solitaire=[0] * n, stop=[0] * n,
        )  # fmt: skip

    if d == 0 and len(long_here) > 2:
        a, b = long_here[:2]
        w.note("message at H 00:00:00.000 and at 1 ms before (outside)", w.wm[a])
        return texts([a, a], [h0, h0 - 1], [0, 1])
    if d == 4 and len(long_here) > 5:
        a, b, c = long_here[2:5]
        noon = start + 12 * HOUR * 1000
        w.note("seven messages in one minute, two of them in one ms (5 count)", w.wm[a])
        w.note("59.999 s and 60.000 s are two minutes (6 messages, all count)", w.wm[b])
        w.note("identical text after 24 h and after 24 h + 1 ms", w.wm[c])
        return texts(
            [a] * 7 + [b] * 6 + [c],
            [noon + k * 7000 for k in (0, 1, 2, 3, 4, 5, 5)]
            + [noon + MINUTE_MS - 1 - k for k in range(3)]
            + [noon + MINUTE_MS + k for k in range(3)]
            + [noon],
            [*range(13), 90],
        )
    if d == 5 and len(long_here) > 5:
        c = long_here[4]
        noon = start + 12 * HOUR * 1000
        # +24 h: a repeat of yesterday's. Another +24 h + 1 ms is on the next day.
        return texts([c], [noon], [90 - 100])
    if d == 6 and len(long_here) > 5:
        c = long_here[4]
        noon = start + 12 * HOUR * 1000
        block = texts([c], [noon + 1], [90 - 200])
        foreign = texts([c, c], [noon + 5000, noon + 9000], [1, 2], room=FOREIGN_ROOM)
        w.note("messages in a group that no export knows", "2 rows, roomid wrInternal0Group")
        consent = _rows(
            sender=[c, c], room=[0, 0], ms=[noon + 20_000, noon + 25_000],
            kind=[TYPE_ID["agree"], TYPE_ID["disagree"]], content=[content + 3, content + 4],
        )  # fmt: skip
        w.note("msgtype agree and disagree (not counted)", "1 row each")
        return {k: np.concatenate([block[k], foreign[k], consent[k]]) for k in block}
    if d == 7 and len(long_here) > 2:
        w.note("messages exactly at local midnight", f"{w.wm[long_here[0]]} day 8 00:00:00.000")
        return texts([long_here[0]], [start], [0])
    if d == cfg.days - 1 and len(long_here) > 2:
        a = long_here[0]
        late = h0 + cfg.days * DAY_MS
        w.note("message at as_of 23:59:59.999 and on as_of+1 (outside)", w.wm[a])
        return texts([a] * 3, [late - 1, late, late + 600_000], [0, 1, 2])
    return None


def write_messages(
    w: World, folder: Path, progress: Callable[[int], None] | None = None
) -> tuple[MessageTally, MessageLog, int]:
    """Simulate, write and tally all messages. Returns the tally, the log and the number of rows.

    progress: called after every day with the rows written so far.
    """
    cfg, sim = w.cfg, _Simulator(w)
    rng = cfg.rng("quirks")
    counted = np.zeros(sim.n_senders, bool)
    counted[: w.n_people] = True
    counted[[p for p, r in w.roles.items() if r not in ("customer", "kol")]] = False
    tally = MessageTally(cfg.days, cfg.communities, cfg.h0 * 1000, counted)
    log = MessageLog(cfg)
    log.contents = contents = Contents(w.keys, sim.term_texts, cfg.message_target < TEXT_LIMIT, cfg.with_originals)
    log.term_texts = sim.term_texts
    senders = pa.array([*w.wm, *w.staff, *w.bots, ""])
    rooms = pa.array([*(c.chat_id for c in w.communities), "wrInternal0Group", ""])
    kinds, actions = pa.array(TYPES), pa.array(ACTIONS)
    seq = 0
    again: list[tuple[int, list[pa.Array], str]] = []
    with Sink(folder, "wecom__messages", cfg.fmt) as sink:
        for d in range(cfg.days):
            block = sim.day(d)
            extra = _quirk_rows(sim, d)
            if extra is not None:
                block = {k: np.concatenate([block[k], extra[k]]) for k in block}
            block = _take(block, np.argsort(block["ms"], kind="stable"))
            sim.before = block
            n = block["sender"].size
            recalled = (rng.random(n) < 0.012) & (block["kind"] != REVOKE)
            recalled &= (block["content"] < PLACED) | (block["content"] >= EMPTY)  # the hand-placed rows stay
            tally.add(d, block, recalled)
            said = log.add(d, block, recalled, seq)
            arrays, exported, stem, lines = _encode(
                sim, d, block, np.flatnonzero(recalled), seq, senders, rooms, kinds, actions, rng, contents, said
            )
            total = len(arrays[0])
            seq += total
            meta = _meta(stem, exported, total)
            sink.write_batch([*arrays, *meta])
            # about 1 % come again in a second file a few days later
            repeat = np.flatnonzero(rng.random(total) < 0.01)
            if repeat.size:
                picked = [a.take(pa.array(repeat)) for a in arrays]
                again.append((d + 3, picked, f"{stem}_r"))
            made = cfg.h0 + min(d + 3, cfg.days) * DAY + 2 * HOUR
            for row, (body, _) in said.items():
                body.line = int(lines[row])
                place = int(np.searchsorted(repeat, body.line - 1))
                if place < repeat.size and repeat[place] == body.line - 1:
                    body.again = f"{stem}_r", made, place + 1
            while again and (again[0][0] <= d or d == cfg.days - 1):
                due, picked, name = again.pop(0)
                made = cfg.h0 + min(due, cfg.days) * DAY + 2 * HOUR
                sink.write_batch([*picked, *_meta(name, made, len(picked[0]))])
            if progress is not None:
                progress(sink.rows)
        rows = sink.rows
    return tally, log, rows


def _meta(stem: str, exported: int, n: int) -> list[pa.Array]:
    """Lineage of the lines of one archive file."""
    return [
        pa.repeat(pa.scalar(source_file("wecom__messages", stem, exported)), n),
        pc.cast(pa.array(np.arange(1, n + 1)), pa.string()),
        pa.repeat(pa.scalar(stamp(exported)), n),
    ]


def _text_or_blank(values: np.ndarray) -> pa.Array:
    """Decimal text, blank for negatives."""
    text = pc.cast(pa.array(values.astype(np.int64)), pa.string())
    return pc.if_else(pa.array(values < 0), pa.scalar(""), text)


def _polarity_text(content: np.ndarray, length: np.ndarray) -> pa.Array:
    """Polarity of messages with text, blank for all others."""
    text = pc.cast(pa.array(polarity(content).astype(np.int64)), pa.string())
    return pc.if_else(pa.array(length < 0), pa.scalar(""), text)


def _encode(
    sim: _Simulator, d: int, block: dict[str, np.ndarray], recalled: np.ndarray, seq: int,
    senders: pa.Array, rooms: pa.Array, kinds: pa.Array, actions: pa.Array,
    rng: np.random.Generator, contents: Contents, said: dict[int, tuple[Body, dict[str, Any]]],
) -> tuple[list[pa.Array], int, str, np.ndarray]:  # fmt: skip
    """String columns of one day: sends, recalls and the odd rows of some days, by time.

    Also returns when and in which file they were exported, and the line of each row of ``block`` in it.
    """
    cfg = sim.cfg
    n = block["sender"].size
    start_ms = (cfg.h0 + d * DAY) * 1000
    back = _take(block, recalled)
    back["action"] = np.full(recalled.size, RECALL, np.int8)
    back["kind"] = np.full(recalled.size, REVOKE, np.int8)
    back["ms"] = back["ms"] + rng.integers(2000, 115_000, recalled.size)
    for name in ("voice", "length", "solitaire", "stop"):
        back[name] = np.full(recalled.size, -1, block[name].dtype)
    back["terms"] = np.zeros(recalled.size, np.int32)
    parts = [block, back]
    pre = np.concatenate([np.full(n, -1), recalled])
    odd = []
    if d == 10:  # quarantined: no time at all
        odd.append(_rows(sender=[sim.staff0], room=[0], ms=[0], kind=[TEXT],
                         length=[9], content=[1 << 50], solitaire=[0], stop=[0]))  # fmt: skip
    if d in (12, cfg.days // 2, cfg.days - 9):
        odd.append(_rows(action=[SWITCH], sender=[sim.n_senders], room=[NO_ROOM],
                         ms=[start_ms + 9 * HOUR * 1000], kind=[TYPE_ID[""]]))  # fmt: skip
    for part in odd:
        parts.append(part)
        pre = np.concatenate([pre, [-1]])
    full = {k: np.concatenate([p[k] for p in parts]) for k in block}
    total = full["sender"].size
    ids = _msgids(full["ms"], seq + np.arange(total), start_ms)
    pre_ids = pc.if_else(pa.array(pre >= 0), ids.take(pa.array(np.maximum(pre, 0))), pa.scalar(""))
    order = np.lexsort((np.arange(total), full["ms"] + (full["ms"] == 0) * (start_ms + 1000)))
    is_switch = full["action"] == SWITCH
    hashed = (full["action"] == SEND) & ~np.isin(full["kind"], NOT_COUNTED)
    # the last two entries of ``rooms`` are the unknown group and "no room"
    room_at = np.where(full["room"] >= 0, full["room"], len(rooms) + full["room"])
    room_at = np.where(full["room"] == FOREIGN_ROOM, len(rooms) - 2, room_at)
    columns = [
        ids,
        pc.cast(pa.array(seq + 100_000 + np.argsort(order)), pa.string()),
        actions.take(pa.array(full["action"])),
        senders.take(pa.array(full["sender"])),
        rooms.take(pa.array(room_at)),
        _text_or_blank(np.where(is_switch, -1, full["ms"])),
        kinds.take(pa.array(full["kind"])),
        pre_ids,
        _text_or_blank(np.where(is_switch, full["ms"], -1)),
        _text_or_blank(full["voice"]),
        _text_or_blank(full["length"]),
        pc.if_else(pa.array(hashed), _content(full, hashed, contents, said), pa.scalar("")),
        _text_or_blank(full["solitaire"]),
        _text_or_blank(full["stop"]),
        sim.terms.take(pa.array(full["terms"])),
        _polarity_text(full["content"], full["length"]),
    ]
    by_time = pa.array(order)
    columns = [c.take(by_time) for c in columns]
    exported = cfg.h0 + (d + 1) * DAY + 2 * HOUR
    return columns, exported, f"msg_{local_date(cfg.h0 + d * DAY):%Y%m%d}", np.argsort(order) + 1


def _content(
    full: dict[str, np.ndarray], hashed: np.ndarray, contents: Contents, said: dict[int, tuple[Body, dict[str, Any]]]
) -> pa.Array:
    """Content keys of the rows that have a content; null for the others."""
    rows = np.flatnonzero(hashed)
    place = np.cumsum(hashed) - 1
    part = _take(full, rows)
    bodies = {int(place[row]): body for row, (_, body) in said.items() if hashed[row]}
    keys = contents.keys_of(part, TYPES, np.where(part["length"] >= 0, polarity(part["content"]), 0), bodies)
    return keys.take(pa.array(np.maximum(place, 0)))


def _msgids(ms: np.ndarray, serial: np.ndarray, start_ms: int) -> pa.Array:
    """Unique message ids: a third are 21 digits, the rest 12 digits + ``_external``.

    The digits are time (ms) and a running number, so they exceed 64 bit integers and doubles.
    """
    n = ms.size
    when = digits(np.where(ms > 0, ms, start_ms), 13)
    numeric = np.concatenate([when, digits(serial, 8)], axis=1)
    tail = np.tile(np.frombuffer(b"_external", dtype=np.uint8), (n, 1))
    short = np.concatenate([digits(serial + 10**8, 12), tail], axis=1)
    external = serial % 3 != 0
    return pc.if_else(pa.array(external), fixed_strings(short), fixed_strings(numeric))
