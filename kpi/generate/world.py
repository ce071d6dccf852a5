"""The simulated world: groups, people, their stays, and the files that mirror them.

Everything that reaches an export is kept here as arrays; ``truth.py`` reads the same arrays, never
the written files. Quirks that are placed on purpose are written down in ``World.notes``.

Index spaces: person 0..P-1 (external people), community 0..C-1, staff 0..S-1, channel state 0..K-1
(-1 none). Instants are epoch seconds; INF marks "never".
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kpi.generate.clock import DAY, HOUR, OFFSET, local_date
from kpi.generate.config import Config
from kpi.generate.keys import Keys
from kpi.generate.names import CITIES, NEW_TYPES, OLD_TYPES, TYPE_WORD

INF = np.int64(2**62)
JOIN, LEAVE = 0, 1
SELF, REMOVED, DISSOLVED = 0, 1, 2
B62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

# Share of a day's activity per hour: night lull, peaks at 8-10 and 20-22.
HOUR_WEIGHTS = np.array([
    0.8, 0.4, 0.2, 0.15, 0.15, 0.3, 1.1, 3.0, 6.4, 6.8, 4.8, 4.3,
    5.0, 4.4, 3.6, 3.8, 4.0, 4.2, 4.6, 5.6, 8.2, 8.8, 6.2, 2.4,
])  # fmt: skip
WEEKDAY_WEIGHTS = np.array([1.0, 1.02, 1.0, 1.04, 1.12, 0.92, 0.9])  # Monday first
# Chinese New Year's Day per year: the fortnight around it is quiet.
CNY = {2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26)}


@dataclass
class Community:
    """One group. ``dismissed`` is INF unless a dismiss event exists."""

    idx: int
    chat_id: str
    name: str  # manual name
    group_name: str  # name in the member tool, may be blank
    kind: str
    family: str
    promo: str
    created: int
    dismissed: int = int(INF)
    owner: int = 0
    overflow_of: int = -1

    def exists_at(self, t: int) -> bool:
        """True when a pull at ``t`` returns the group."""
        return self.created < t < self.dismissed


@dataclass
class Channel:
    """One state code of ``manual__channels``."""

    state: str
    channel_id: str
    channel_name: str
    channel_type: str
    system: str = ""
    source_id: str = ""
    community: int = -1


@dataclass
class CustomerRow:
    """One row of ``wecom__customers`` in one pull."""

    pull: int
    person: int
    follower: int
    created: int
    add_way: int
    state: str
    unionid: bool
    phones: tuple[int, ...]  # raw phone numbers (running)
    kind: int = 1


@dataclass
class World:
    """All simulated facts, in the shape in which they are exported."""

    cfg: Config
    keys: Keys
    communities: list[Community] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    n_staff: int = 0
    roles: dict[int, str] = field(default_factory=dict)  # person -> shill/kol/test
    # raw stays, parallel arrays
    person: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    comm: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    t_in: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    t_out: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    quit: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    scene: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    state: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    invitor: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    lost_in: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    lost_out: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    blank_in: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    blank_out: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    staff_in: list[tuple[int, str, int]] = field(default_factory=list)  # community, key, time
    union: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))  # has a unionid
    union_members: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    union_customers: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    customers: list[CustomerRow] = field(default_factory=list)
    extra_leaves: list[tuple[int, int, int, int]] = field(default_factory=list)
    phone_cases: dict[str, list[int]] = field(default_factory=dict)  # case -> persons
    notes: list[str] = field(default_factory=list)
    wm: list[str] = field(default_factory=list)
    un: list[str] = field(default_factory=list)
    staff: list[str] = field(default_factory=list)
    bots: list[str] = field(default_factory=list)

    @property
    def n_people(self) -> int:
        """Number of external people."""
        return self.cfg.members

    def note(self, quirk: str, where: str) -> None:
        """Remember where a deliberate quirk was put."""
        self.notes.append(f"{quirk}: {where}")


def day_factor(cfg: Config) -> np.ndarray:
    """(days,) relative activity of each simulated day: weekday rhythm times holiday dip."""
    out = np.empty(cfg.days)
    for d in range(cfg.days):
        day = local_date(cfg.h0 + d * DAY)
        factor = WEEKDAY_WEIGHTS[day.weekday()]
        if day.year in CNY:
            month, dom = CNY[day.year]
            away = (day - day.replace(month=month, day=dom)).days
            if -3 <= away <= 7:
                factor *= 0.4
            elif -8 <= away <= 11:
                factor *= 0.7
        out[d] = factor
    return out


def seconds_of_day(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n,) seconds after midnight, with the daily rhythm."""
    hours = rng.choice(24, size=n, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    return hours * HOUR + rng.integers(0, HOUR, n)


def build_world(cfg: Config) -> World:
    """Simulate communities, people, stays and customer rows of one run."""
    world = World(cfg, Keys(cfg.seed, cfg.with_originals))
    world.n_staff = max(8, min(cfg.communities, 200))
    world.wm = world.keys.many("wm", cfg.members)
    world.un = world.keys.many("un", cfg.members)
    world.staff = world.keys.many("st", world.n_staff)
    world.bots = world.keys.many("wb", cfg.communities)
    _communities(world)
    _channels(world)
    _people(world)
    _stays(world)
    _quirks(world)
    _customers(world)
    return world


def _communities(w: World) -> None:
    cfg, rng = w.cfg, w.cfg.rng("communities")
    total = cfg.communities
    n_flash = 2 if total < 24 else total // 12
    n_over = 1 if total < 40 else total // 40
    n_base = total - n_flash - n_over
    n_old = -(-n_base * 6 // 10)
    seen: set[str] = set()

    def chat_id() -> str:
        while True:
            text = "wr" + "".join(B62[i] for i in rng.integers(0, 62, 14))
            if text not in seen:
                seen.add(text)
                return text

    for i in range(total):
        base, over = i < n_base, n_base <= i < n_base + n_over
        city, round_ = CITIES[i % len(CITIES)], i // len(CITIES)
        parent = -1
        if base and i < n_old:
            kind = OLD_TYPES[i % len(OLD_TYPES)]
            age = int(rng.integers(70, 420))
            created = cfg.h0 - age * DAY + int(rng.integers(9, 18)) * HOUR + int(rng.integers(3600))
        elif base:
            kind = NEW_TYPES[(i - n_old) % len(NEW_TYPES)]
            step = (i - n_old + 0.5) / (n_base - n_old)
            day = int(cfg.days * 0.6 * step)
            created = cfg.h0 + day * DAY + 10 * HOUR + int(rng.integers(3600))
        elif over:
            parent = i - n_base
            kind, city = w.communities[parent].kind, CITIES[parent % len(CITIES)]
            created = cfg.h0 + int(cfg.days * 0.5) * DAY + 14 * HOUR + int(rng.integers(3600))
        else:
            kind = "flash"
            j = i - n_base - n_over
            day = int(cfg.days * (0.04 + 0.585 * j / max(1, n_flash - 1)))
            # a flash group lives between two pulls: only callbacks and the hand list know it
            while any(day - 1 <= (t - cfg.h0) // DAY <= day + 5 for t in cfg.snapshot_times()[1:-1]):
                day += 1
            created = cfg.h0 + day * DAY + 9 * HOUR + int(rng.integers(1800))
        tag = f"{city}{TYPE_WORD[kind]}"
        name = f"{tag}{round_ * 2 + (2 if over else 1)}群"
        community = Community(
            idx=i,
            chat_id=chat_id(),
            name=name,
            group_name=name,
            kind=kind,
            family="",
            promo=f"Q{i + 1:03d}{'FS' if kind == 'flash' else 'SQ'}",
            created=created,
            owner=i % max(1, w.n_staff - 2),
            overflow_of=parent,
        )
        if kind == "flash":
            community.name = community.group_name = f"{city}快闪{i - n_base - n_over + 1}群"
            community.dismissed = created + (3 + (i % 2)) * DAY + 12 * HOUR
        w.communities.append(community)
    for c in w.communities:
        if c.overflow_of >= 0:
            parent_c = w.communities[c.overflow_of]
            parent_c.family = c.family = parent_c.name[:-2]
    # two groups whose ids differ only in the case of one letter
    one, two = w.communities[1], w.communities[n_old]
    pos = next(k for k in range(5, 16) if one.chat_id[k].isalpha())
    two.chat_id = one.chat_id[:pos] + one.chat_id[pos].swapcase() + one.chat_id[pos + 1 :]
    w.note("chat ids equal but for case", f"{one.chat_id} / {two.chat_id}")
    never = w.communities[n_base - 1]
    never.group_name = ""
    w.note("group never named", never.chat_id)
    w.communities[2].group_name = w.communities[2].name + "🎉"
    w.note("emoji in group name", w.communities[2].chat_id)
    w.communities[3].group_name = "课堂讨论"  # the hand kept name differs and wins
    w.communities[min(4, n_base - 1)].promo = ""
    w.note("community without promo code", w.communities[min(4, n_base - 1)].chat_id)


def _channels(w: World) -> None:
    """One row per state: ad units with a source, and plain codes."""
    rng = w.cfg.rng("channels")
    targets = [c.idx for c in w.communities if c.kind != "flash"]
    n_units = max(4, len(targets) // 2)
    for k in range(n_units):
        tencent = k % 2 == 0
        name = ("tx_feed", "腾讯朋友圈广告") if tencent else ("oe_feed", "巨量信息流")
        if tencent and k % 4 == 2:
            name = ("tx_mini", "腾讯小程序广告")
        w.channels.append(
            Channel(
                state=f"{'tx' if tencent else 'oe'}{k:02d}",
                channel_id=f"ch_{name[0]}",
                channel_name=name[1],
                channel_type="paid_ads",
                system="tencent_ads" if tencent else "oceanengine",
                source_id=str(9_100_000_001 + 37 * k if tencent else 7_300_000_000_001 + 91 * k),
                community=-1 if k in (2, 3) else targets[(k * 5 + 1) % len(targets)],
            )
        )
    # extra states of the ad channels without an own ad unit: joining by channel would fan out
    w.channels.append(Channel("txA", "ch_tx_feed", "腾讯朋友圈广告", "paid_ads"))
    w.channels.append(Channel("oeA", "ch_oe_feed", "巨量信息流", "paid_ads"))
    for k in range(2):
        w.channels.append(
            Channel(
                f"lk{k:02d}", "ch_link", "获客助手链接", "private_link", "wecom_link",
                f"cawcde{k:04d}", targets[0] if k else -1,
            )
        )  # fmt: skip
    for k, (cid, cname, ctype) in enumerate(
        (
            ("ch_store", "门店海报", "offline"),
            ("ch_store", "门店海报", "offline"),
            ("ch_store", "门店海报", "offline"),
            ("ch_parcel", "包裹卡", "offline"),
            ("ch_parcel", "包裹卡", "offline"),
            ("ch_refer", "老带新", "referral"),
            ("ch_article", "公众号文章", "content"),
            ("ch_video", "视频号主页", "content"),
        )
    ):
        w.channels.append(Channel(f"of{k:02d}", cid, cname, ctype))
    rng.random()


def _people(w: World) -> None:
    rng, n = w.cfg.rng("people"), w.n_people
    w.union = rng.random(n) < 0.94
    where = rng.random(n)
    w.union_members = w.union & ((where < 0.72) | (where >= 0.9))
    w.union_customers = w.union & (where < 0.86)
    n_special = max(2, n // 400)
    picks = rng.choice(n, size=min(n, 4 * n_special), replace=False)
    for i, p in enumerate(picks):
        k = i // n_special
        w.roles[int(p)] = ("shill", "kol", "kol", "test")[k] if k != 3 or i % 2 else "shill"


def _weibull_more(rng: np.random.Generator, age: np.ndarray, scale: np.ndarray, shape: float = 0.55) -> np.ndarray:
    """(n,) total stay in days given it lasted ``age`` days already (Weibull, falling hazard)."""
    load = (age / scale) ** shape + rng.exponential(size=age.shape)
    return scale * load ** (1 / shape)


STAY_SCALE = {
    "welfare": 330.0,
    "brand_fan": 480.0,
    "group_buy": 360.0,
    "knowledge": 420.0,
    "vip": 900.0,
    "flash": 60.0,
}


def _stays(w: World) -> None:
    cfg, rng = w.cfg, w.cfg.rng("memberships")
    n, h0, end = w.n_people, cfg.h0, cfg.end
    factor = day_factor(cfg)
    flat = [c for c in w.communities if c.kind != "flash"]
    size = np.array(
        [
            (0.3 if c.overflow_of >= 0 else 1.0 if c.created < h0 else 0.75)
            * (0.6 if c.kind == "vip" else 1.0)
            * (0.75 + 0.5 * rng.random())
            for c in flat
        ]
    )
    count = rng.choice([1, 2, 3], size=n, p=[0.8, 0.15, 0.05])
    person = np.repeat(np.arange(n), count)
    comm = np.array([c.idx for c in flat])[rng.choice(len(flat), size=person.size, p=size / size.sum())]
    _, first = np.unique(person * cfg.communities + comm, return_index=True)
    first.sort()
    person, comm = person[first], comm[first]
    t_in = np.empty(person.size, np.int64)
    for c in flat:
        at = np.flatnonzero(comm == c.idx)
        m = at.size
        d0 = max(0, (c.created - h0) // DAY)
        days = np.arange(d0, cfg.days)
        weight = factor[d0:].copy()
        phase = 0.4 + 2.6 * np.exp(-(days - d0) / 9) if c.created >= h0 else 1 + 0.0 * days
        phase = phase * (1 + 0.25 * np.sin(days / 17 + c.idx))
        cum = np.cumsum(weight * phase)
        day = d0 + np.searchsorted(cum, rng.random(m) * cum[-1])
        t = h0 + np.minimum(day, cfg.days - 1) * DAY + seconds_of_day(rng, m)
        low = c.created + 120
        t = np.where(t < low, low + rng.integers(0, 8 * HOUR, m), t)
        if c.created < h0:
            before = rng.random(m) < 0.44
            span = (h0 - c.created) // DAY
            back = np.minimum((span * rng.beta(1.0, 1.6, m)).astype(np.int64) + 1, span)
            old = h0 - back * DAY + seconds_of_day(rng, m)
            t = np.where(before, np.maximum(old, low), t)
        t_in[at] = t
    kinds = [c.kind for c in w.communities]
    scale = np.array([STAY_SCALE[k] for k in kinds])[comm]
    age = np.maximum(0, h0 - t_in) / DAY
    t_out = _out_times(rng, t_in, _weibull_more(rng, age, scale))
    t_out = np.where((t_in < h0) & (t_out <= h0), h0 + rng.integers(1, 5 * DAY, t_in.size), t_out)
    quit_ = np.where(rng.random(t_in.size) < 0.22, REMOVED, SELF)

    # rejoins, about half of them within the grace of 24 h
    again = np.flatnonzero((rng.random(t_in.size) < 0.09) & (t_out < end - 3 * DAY) & (t_out >= h0))
    quick = rng.random(again.size) < 0.5
    gap = np.where(
        quick,
        rng.integers(300, 23 * HOUR, again.size),
        rng.integers(30 * HOUR, 45 * DAY, again.size),
    )
    back_in = t_out[again] + gap
    back_out = _out_times(rng, back_in, _weibull_more(rng, np.zeros(again.size), scale[again]))
    person = np.concatenate([person, person[again]])
    comm = np.concatenate([comm, comm[again]])
    t_in = np.concatenate([t_in, back_in])
    t_out = np.concatenate([t_out, back_out])
    quit_ = np.concatenate([quit_, np.where(rng.random(again.size) < 0.15, REMOVED, SELF)])

    parts = [[person], [comm], [t_in], [t_out], [quit_]]
    for c in w.communities:
        if c.kind == "flash":
            m = max(20, n // 52)
            who = rng.choice(n, size=min(n, m), replace=False)
            came = c.created + 60 + (rng.beta(1, 2.4, who.size) * 40 * HOUR).astype(np.int64)
            gone = _out_times(rng, came, _weibull_more(rng, np.zeros(who.size), np.full(who.size, 60.0)))
            gone_quit = np.where(rng.random(who.size) < 0.1, REMOVED, SELF)
            for part, values in zip(parts, (who, np.full(who.size, c.idx), came, gone, gone_quit), strict=True):
                part.append(values)
    person, comm, t_in, t_out, quit_ = (np.concatenate(p).astype(np.int64) for p in parts)

    # moves into the overflow group
    keep = np.ones(person.size, bool)
    moved: list[tuple[int, int, int, int, int]] = []
    for c in w.communities:
        if c.overflow_of < 0:
            continue
        inside = set(person[comm == c.idx].tolist())
        start = c.created + HOUR
        here = np.flatnonzero((comm == c.overflow_of) & (t_in < start - 3 * DAY) & (t_out > start + 5 * DAY))
        here = np.array([i for i in here if int(person[i]) not in inside], dtype=np.int64)
        pick = rng.permutation(here)[: max(6, min(60, round(n * 0.015)))]
        for i in pick:
            went = start + int(rng.integers(0, 3 * DAY))
            lag = int(rng.integers(-2 * HOUR, 20 * HOUR))
            came = max(c.created + 120, went + lag)
            # what would have followed in the old group no longer happens
            keep &= ~((person == person[i]) & (comm == c.overflow_of) & (t_in > t_in[i]))
            t_out[i], quit_[i] = went, REMOVED if rng.random() < 0.5 else SELF
            moved.append((int(person[i]), c.idx, came, int(INF), SELF))
        w.note("moved to overflow group", f"{len(pick)} people into {c.chat_id}")
    extra = np.array(moved, dtype=np.int64).reshape(-1, 5)
    arrays = [person[keep], comm[keep], t_in[keep], t_out[keep], quit_[keep]]
    person, comm, t_in, t_out, quit_ = (np.concatenate([a, extra[:, k]]) for k, a in enumerate(arrays))

    gone_at = np.array([c.dismissed for c in w.communities], dtype=np.int64)[comm]
    cut = t_out >= gone_at
    t_out, quit_ = np.where(cut, gone_at, t_out), np.where(cut, DISSOLVED, quit_)
    t_out = np.where(~cut & (t_out >= end), INF, t_out)
    keep = (t_in < end) & (t_in < gone_at) & (t_in < t_out)
    w.person, w.comm, w.t_in, w.t_out, w.quit = (a[keep] for a in (person, comm, t_in, t_out, quit_))
    # several people in one callback: some share the second of a neighbour in the same group
    _share_seconds(w, rng)
    m = w.person.size
    w.scene = rng.choice([1, 2, 3], size=m, p=[0.25, 0.2, 0.55])
    w.state = np.full(m, -1, np.int64)
    w.invitor = np.where((w.scene != 3) & (rng.random(m) < 0.5), _owners(w)[w.comm], -1)
    general = [k for k, ch in enumerate(w.channels) if ch.community < 0]
    for c in w.communities:
        own = [k for k, ch in enumerate(w.channels) if ch.community == c.idx]
        choices = np.array(own + general)
        weights = np.array([5.0] * len(own) + [1.0] * len(general))
        at = np.flatnonzero((w.comm == c.idx) & (w.scene == 3))
        at = at[rng.random(at.size) < 0.85]
        w.state[at] = choices[rng.choice(choices.size, size=at.size, p=weights / weights.sum())]
    for name in ("lost_in", "lost_out", "blank_in", "blank_out"):
        setattr(w, name, np.zeros(m, bool))
    order = np.lexsort((w.person, w.comm, w.t_in))
    for name in (
        "person", "comm", "t_in", "t_out", "quit", "scene", "state", "invitor",
    ):  # fmt: skip
        setattr(w, name, getattr(w, name)[order])
    for c in w.communities:
        w.staff_in.append((c.idx, w.staff[c.owner], c.created))
        w.staff_in.append((c.idx, w.staff[(c.owner + 1) % w.n_staff], c.created + 30))
        w.staff_in.append((c.idx, w.bots[c.idx], c.created + 45))


def _owners(w: World) -> np.ndarray:
    return np.array([c.owner for c in w.communities], dtype=np.int64)


def _out_times(rng: np.random.Generator, t_in: np.ndarray, stay: np.ndarray) -> np.ndarray:
    """Leave instants after stays in days, moved to a lively hour unless on the joining day."""
    raw = t_in + np.maximum(90, stay * DAY).astype(np.int64)
    raw = np.minimum(raw, t_in + 4000 * DAY)
    day = (raw + OFFSET) // DAY
    lively = day * DAY - OFFSET + seconds_of_day(rng, t_in.size)
    return np.where(day > (t_in + OFFSET) // DAY, lively, raw)


def _share_seconds(w: World, rng: np.random.Generator) -> None:
    """Let about 6 % of window joins (3 % of leaves) fall into the second of the previous one."""
    h0 = w.cfg.h0
    for times, rate, lo_ok in ((w.t_in, 0.06, True), (w.t_out, 0.03, False)):
        order = np.lexsort((times, w.comm))
        prev, this = order[:-1], order[1:]
        ok = (
            (w.comm[prev] == w.comm[this])
            & (times[prev] >= h0 + DAY)
            & (times[this] - times[prev] < 6 * HOUR)
            & (times[this] > times[prev])
            & (times[this] < w.cfg.end)
            & (w.person[prev] != w.person[this])
            & (rng.random(prev.size) < rate)
        )
        if lo_ok:
            # only first stays, so that an earlier leave cannot slip behind the join
            pair = w.person * w.cfg.communities + w.comm
            _, index, count = np.unique(pair, return_inverse=True, return_counts=True)
            ok &= (count[index] == 1)[this]
            times[this[ok]] = times[prev[ok]]
        else:
            ok &= (w.quit[prev] == w.quit[this]) & (w.quit[this] != DISSOLVED)
            ok &= w.t_in[this] < times[prev] - 60
            times[this[ok]] = times[prev[ok]]


STAY_COLUMNS = (
    "person", "comm", "t_in", "t_out", "quit", "scene", "state", "invitor",
    "lost_in", "lost_out", "blank_in", "blank_out",
)  # fmt: skip


class _Picker:
    """Hands out stays that fit a condition, each at most once."""

    def __init__(self, w: World, rng: np.random.Generator) -> None:
        self.w, self.rng = w, rng
        pair = w.person * w.cfg.communities + w.comm
        _, index, count = np.unique(pair, return_inverse=True, return_counts=True)
        customer = np.ones(w.n_people, bool)
        customer[[p for p, r in w.roles.items() if r != "kol"]] = False
        flash = np.array([c.kind == "flash" for c in w.communities])
        family = np.array([c.family != "" for c in w.communities])
        self.free = (count[index] == 1) & customer[w.person]
        self.free &= ~flash[w.comm] & ~family[w.comm]

    def take(self, mask: np.ndarray, k: int) -> list[int]:
        """Up to ``k`` row numbers with ``mask`` true, in random order; they are used up."""
        rows = self.rng.permutation(np.flatnonzero(mask & self.free))[:k]
        self.free[rows] = False
        return [int(r) for r in rows]


def _quirks(w: World) -> None:
    """Loss of callbacks, boundary instants, and other cases that real exports contain."""
    cfg, rng = w.cfg, w.cfg.rng("quirks")
    h0, end = cfg.h0, cfg.end
    pick = _Picker(w, rng)
    snaps = np.array(cfg.snapshot_times(), dtype=np.int64)
    new = w.t_in >= h0 + DAY
    left = (w.t_out < end) & (w.t_out > h0 + DAY) & (w.quit != DISSOLVED)
    stay_long = w.t_out - w.t_in > 3 * DAY
    window_end = h0 + cfg.days * DAY
    added: list[dict[str, int]] = []

    def show(row: int) -> str:
        return f"{w.wm[w.person[row]]} in {w.communities[w.comm[row]].chat_id}"

    def floor_day(t: int) -> int:
        return (t + OFFSET) // DAY * DAY - OFFSET

    def again(row: int, t_in: int, t_out: int = int(INF)) -> None:
        added.append({
            "person": int(w.person[row]), "comm": int(w.comm[row]), "t_in": t_in, "t_out": t_out,
            "quit": SELF, "scene": 1, "state": -1, "invitor": -1,
        })  # fmt: skip

    # boundaries of the local day
    for row in pick.take(new & stay_long & (w.t_in < window_end - 5 * DAY), 4):
        low = w.communities[w.comm[row]].created + DAY
        w.t_in[row] = max(floor_day(int(w.t_in[row])), floor_day(low) + DAY)
        if w.t_in[row] >= w.t_out[row]:
            w.t_out[row] = INF
        w.note("join exactly at midnight", show(row))
    for row in pick.take(left & stay_long & (w.t_out < window_end), 4):
        w.t_out[row] = floor_day(int(w.t_out[row]))
        w.note("leave exactly at midnight", show(row))
    old_comm = np.array([c.created < h0 - DAY for c in w.communities])[w.comm]
    for row in pick.take(old_comm & new & (w.t_in < h0 + 20 * DAY) & stay_long, 1):
        w.t_in[row] = h0
        w.note("join exactly at H 00:00:00, not in the first pull", show(row))
    for row, moment, text in zip(
        pick.take(left & stay_long & (w.t_out > end - 60 * DAY), 3),
        (window_end - 1, window_end, window_end + 1800),
        ("as_of 23:59:59", "as_of+1 00:00:00 (still a member)", "as_of+1 00:30 (still a member)"),
        strict=False,
    ):
        w.t_out[row] = moment
        w.note(f"leave at {text}", show(row))

    # leaves that are followed by a join after a telling gap
    mid = left & stay_long & (w.t_out < window_end - 20 * DAY)
    for gap, text, k in (
        (0, "leave and join in the same second", 3),
        (24 * HOUR, "rejoin after exactly 24 h (same spell)", 1),
        (24 * HOUR + 1, "rejoin after 24 h and 1 s (new spell)", 1),
    ):
        for row in pick.take(mid, k):
            again(row, int(w.t_out[row]) + gap)
            w.note(text, show(row))
    # the leave callback is lost and the person is back before the next pull
    calm = np.searchsorted(snaps, w.t_out) == np.searchsorted(snaps, w.t_out + 3 * DAY)
    for row in pick.take(mid & calm, 3):
        again(row, int(w.t_out[row]) + 2 * DAY)
        w.lost_out[row] = True
        w.note("lost leave, rejoin before the next pull (join while inside)", show(row))

    # callbacks that never came; a pull shows the truth later
    seen_after = np.searchsorted(snaps, w.t_in, side="right") != np.searchsorted(snaps, w.t_out, side="left")
    pull_follows = w.t_out < snaps[-1]
    share = max(1, w.person.size // 2300)
    for row in pick.take(new & seen_after, 9 * share):
        w.lost_in[row] = True
        w.note("lost join callback, pull shows the join", show(row))
    for row in pick.take(left & stay_long & pull_follows, 22 * share):
        w.lost_out[row] = True
        w.note("lost leave callback, pull shows the absence", show(row))
    for row in pick.take(left & stay_long & (w.t_out > snaps[-2]) & (w.t_out < window_end), 2):
        w.lost_out[row] = True
        w.note("lost leave, noticed only by the last pull (counts as open)", show(row))
    for row in pick.take(new & ~seen_after & left & (w.t_out < window_end), 7 * share):
        w.lost_in[row] = True
        w.note("lost join callback, leave seen, never in a pull (unknown start)", show(row))
    early = h0 + 30 * DAY
    for row in pick.take(new & seen_after & (w.t_in < early), 5 * share):
        w.blank_in[row] = True
        w.note("add_member with blank MemChangeList", show(row))
    for row in pick.take(left & stay_long & (w.t_out < early), 5 * share):
        w.blank_out[row] = True
        w.note("del_member with blank MemChangeList", show(row))
    # callbacks without a change behind them
    for row in pick.take(left & (w.t_out < window_end - DAY) & ~w.lost_out & ~w.blank_out, 2):
        w.extra_leaves.append((int(w.person[row]), int(w.comm[row]), int(w.t_out[row]) + 600, REMOVED))
        w.note("second leave callback ten minutes after the first", show(row))
    for c in w.communities:
        if c.kind == "flash":
            row = int(np.flatnonzero((w.comm == c.idx) & (w.quit == DISSOLVED))[0])
            w.extra_leaves.append((int(w.person[row]), c.idx, c.dismissed + 40, REMOVED))
            w.note("del_member 40 s after the dismissal", show(row))
    # moves at the edge of the 24 h of a transfer
    for c in w.communities:
        if c.overflow_of < 0:
            continue
        rows = [
            (int(i), int(j))
            for i in np.flatnonzero((w.comm == c.overflow_of) & (w.t_out < window_end - 3 * DAY))
            for j in np.flatnonzero((w.comm == c.idx) & (w.person == w.person[i]))
            if abs(int(w.t_in[j]) - int(w.t_out[i])) < 22 * HOUR and w.t_out[j] == INF
        ][:2]
        for (i, j), gap in zip(rows, (24 * HOUR, 24 * HOUR + 1), strict=False):
            w.t_in[j] = w.t_out[i] + gap
            w.note(f"overflow joined {gap} s after the leave", show(j))

    # ordinary loss
    rest = rng.random(w.person.size)
    w.lost_out |= pick.free & left & pull_follows & (rest < 0.006)
    m = len(added)
    for name in STAY_COLUMNS:
        old = getattr(w, name)
        tail = np.array([row.get(name, 0) for row in added]).astype(old.dtype)
        setattr(w, name, np.concatenate([old, tail.reshape(m)]))
    order = np.lexsort((w.person, w.comm, w.t_in))
    for name in STAY_COLUMNS:
        setattr(w, name, getattr(w, name)[order])


def _customers(w: World) -> None:
    """Customer x follower rows of two pulls; the later one repeats and corrects the former."""
    cfg, rng = w.cfg, w.cfg.rng("customers")
    n, h0, end = w.n_people, cfg.h0, cfg.end
    mid = h0 + (cfg.days // 2) * DAY + 2 * HOUR
    first_in = np.full(n, INF)
    np.minimum.at(first_in, w.person, w.t_in)
    first_comm = np.zeros(n, np.int64)
    first_comm[w.person[::-1]] = w.comm[::-1]
    states = [c.state for c in w.channels]
    state_w = np.array([1.0 if c.community < 0 else 0.8 for c in w.channels])
    is_customer = rng.random(n) < 0.86
    followers = rng.choice([1, 2, 3], size=n, p=[0.86, 0.11, 0.03])
    has_phone = rng.random(n) < 0.8
    chosen = rng.choice(len(states), size=n, p=state_w / state_w.sum())
    add_way = rng.choice([0, 1, 2, 3, 4, 10, 16, 18, 201, 202], size=n,
                         p=[.04, .42, .04, .08, .16, .06, .14, .02, .02, .02])  # fmt: skip
    lead = rng.integers(-20 * DAY, 2 * DAY, size=n)
    draws = rng.random((n, 3, 4))
    special_way = int(rng.integers(n // 2))
    shared: dict[int, int] = {}
    owners = np.flatnonzero(is_customer & has_phone)
    for i in range(max(1, n // 2000)):
        shared[int(owners[-1 - 2 * i])] = int(owners[-2 - 2 * i])
    done_change = done_blank = done_unknown = False
    for p in range(n):
        if not is_customer[p] or first_in[p] >= INF:
            continue
        home = w.communities[int(first_comm[p])].owner
        for k in range(int(followers[p])):
            created = int(first_in[p]) + int(lead[p]) + k * (5 * DAY + int(draws[p, k, 0] * 30 * DAY))
            if created >= end:
                continue
            state = states[int(chosen[p])] if draws[p, k, 1] < 0.62 else ""
            if k and state:
                state = states[(int(chosen[p]) + k) % len(states)]
            if draws[p, k, 1] > 0.985:
                state = f"wb:{200 + p % 97}"  # written over by an SCRM tool, unknown by hand
            way = int(add_way[p]) if k == 0 else 202 if draws[p, k, 2] < 0.5 else 1
            if not done_unknown and p >= special_way:
                way, done_unknown = 1001, True
                w.note("add_way 1001 (not in the official list)", w.wm[p])
            unionid = bool(w.union_customers[p]) and draws[p, k, 2] < 0.94
            phones: tuple[int, ...] = ()
            if has_phone[p] and (k == 0 or draws[p, k, 3] < 0.4):
                phones = (shared.get(p, p),)
                if p % 97 == 5:
                    phones = (*phones, n + p)
            base = CustomerRow(
                1, p, (home + k) % w.n_staff, created, way, state, unionid, phones,
                2 if p % 211 == 7 else 1,
            )  # fmt: skip
            if created < mid:
                early = phones
                if phones and not done_change and p not in shared and p % 7 == 3:
                    early, done_change = (3 * n + p,), True
                    w.note("phone of a customer differs between the two pulls", w.wm[p])
                    w.phone_cases["changed"] = [p]
                elif phones and draws[p, k, 3] < 0.1:
                    early = ()
                if state and not done_blank and k == 0:
                    done_blank = True
                    w.note("state of a customer row changes between the pulls", w.wm[p])
                    w.customers.append(CustomerRow(0, p, base.follower, created, way, "wb:9", unionid, early))
                else:
                    w.customers.append(
                        CustomerRow(0, p, base.follower, created, way, state, unionid, early,
                                    base.kind)
                    )  # fmt: skip
            w.customers.append(base)
    for p, q in shared.items():
        w.note("two customers with one phone", f"{w.wm[p]} and {w.wm[q]}")
        w.phone_cases.setdefault("shared", []).append(q)
    w.customers.sort(key=lambda r: (r.pull, r.created, r.person, r.follower))
