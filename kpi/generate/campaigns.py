"""Campaigns with phases, the people they reached, their costs, and live sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kpi.generate.clock import DAY, HOUR, local_date, midnight, next_month
from kpi.generate.commerce import Commerce, Cost
from kpi.generate.world import World


@dataclass
class Campaign:
    """One campaign. ``comm`` -1 none; instants in whole minutes, phases (name, from, to)."""

    campaign_id: str
    name: str
    kind: str
    comm: int
    start: int
    end: int
    phases: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def window(self) -> tuple[int, int]:
        """First and last instant (not included) of the campaign with its phases."""
        return min([self.start, *(a for _, a, _ in self.phases)]), max([self.end, *(b for _, _, b in self.phases)])


@dataclass
class Reach:
    """One action of a person in a campaign: reach, sign_up or claim."""

    campaign: Campaign
    key: str
    person: int  # -1: somebody whom no group knows
    action: str
    at: int


@dataclass
class Session:
    """One live session; ``refunds`` (instant, fen)."""

    export_id: str
    start: int
    end: int
    seen: int
    watched: int
    audience: int
    peak: int
    seconds: int
    commenters: int
    sharers: int
    followers: int
    comments: int
    likes: int
    shares: int
    clicked: int
    created: int
    paid_orders: int
    buyers: int
    gmv: int
    refunds: list[tuple[int, int]] = field(default_factory=list)

    def exports(self, w: World) -> list[int]:
        """Next morning, and once more a month later."""
        day = midnight(local_date(self.start)) + DAY + 9 * HOUR
        out = [min(day, w.cfg.end)]
        later = midnight(next_month(local_date(self.start))) + 2 * DAY + 11 * HOUR
        if out[0] < later < w.cfg.end:
            out.append(later)
        return out

    def given_back(self, at: int) -> int:
        """Fen refunded as of an export."""
        return sum(fen for t, fen in self.refunds if t <= at)


def build_campaigns(w: World, c: Commerce) -> None:
    """Add campaigns, reached people, sessions and campaign costs to ``c``."""
    c.campaigns = _campaigns(w, c)
    _phases(c)
    c.reaches = _reaches(w, c)
    c.sessions = _sessions(w, c)
    _costs(w, c)


def _campaigns(w: World, c: Commerce) -> list[Campaign]:
    cfg, out = w.cfg, []

    def add(name: str, kind: str, comm: int, start: int, hours: int | None = None, end: int = 0) -> Campaign:
        start -= start % 60
        end = start + hours * HOUR if hours is not None else end - end % 60
        out.append(Campaign(f"HD{len(out) + 1:03d}", name, kind, comm, start, end))
        return out[-1]

    for x in w.communities:
        if x.kind == "flash":
            add(x.name, "快闪群", x.idx, x.created, end=x.dismissed)
    for k, kind in enumerate(("团购", "直播", "入群诱饵", "团购", "直播")):
        t = cfg.h0 + int(cfg.days * (0.1 + 0.17 * k)) * DAY + 19 * HOUR
        add(f"{kind}专场{k + 1}", kind, 2 if k == 0 else -1, t, 3 if kind == "直播" else 48)

    def at(part: float, hour: int) -> int:
        return cfg.h0 + int(cfg.days * part) * DAY + hour * HOUR

    def place(kinds: tuple[str, ...], at: int) -> int:
        there = [x for x in w.communities if x.kind != "flash" and x.created < at]
        return next((x.idx for x in there if x.kind in kinds), there[0].idx)

    course = c.courses[0]
    add("开课体验周", "知识付费", course.trial, midnight(course.first) - 4 * DAY + 9 * HOUR, 7 * 24)
    add("老客一对一回访", "私聊", -1, at(0.42, 10), 72)
    add("福利群新人礼", "入群诱饵", place(("welfare",), at(0.5, 9)), at(0.5, 9), 96)
    pair = place(("group_buy",), at(0.62, 9))
    add("周末拼团", "团购", pair, at(0.62, 9), 72)
    add("会员日专场", "会员日", -1, at(0.62, 9) + DAY, 36)
    w.note("overlapping campaigns", f"{out[-2].campaign_id} and {out[-1].campaign_id}")
    add("会员群专享日", "会员日", place(("vip",), at(0.9, 0)), at(0.9, 0), 24)
    add("年中会员日", "会员日", -1, cfg.h0 + (cfg.days + 5) * DAY, 48)
    w.note("campaign that starts after as_of", out[-1].campaign_id)
    return out


def _phases(c: Commerce) -> None:
    for x in c.campaigns:
        day = 6 * HOUR if x.kind == "快闪群" else DAY
        if x.kind in ("快闪群", "团购"):
            x.phases = [
                ("预热", x.start - (0 if x.kind == "快闪群" else 2 * DAY), x.start + day // 2),
                ("开团", x.start + day // 2, x.end - day // 2),
                ("结团", x.end - day // 2, x.end),
            ]
            if x.kind == "团购":
                x.phases.append(("追单", x.end, x.end + DAY))
        elif x.kind in ("直播", "知识付费"):
            x.phases = [("预热", x.start - DAY, x.start), ("追单", x.end, x.end + 12 * HOUR)]


def _reaches(w: World, c: Commerce) -> list[Reach]:
    rng, cfg = w.cfg.rng("campaigns"), w.cfg
    stop = cfg.h0 + cfg.days * DAY
    out: list[Reach] = []
    size = max(8, round(cfg.members * 0.011))
    lonely = 0
    for x in c.campaigns:
        low, high = x.window
        if x.kind == "快闪群" or low >= stop:
            continue
        high = min(high, stop)
        bought: dict[int, int] = {}
        for o in c.orders:
            if o.buyer >= 0 and low <= o.paid < high:
                bought[o.buyer] = min(o.paid, bought.get(o.buyer, o.paid))
        buyers = sorted(bought)
        chosen = {buyers[i] for i in rng.permutation(len(buyers))[: size // 3].tolist()}
        chosen |= set(rng.choice(w.n_people, size=size, replace=False).tolist())
        for p in sorted(chosen):
            t = low + int(rng.integers(60, max(61, min(high, bought.get(p, high)) - low)))
            if p in bought and rng.random() < 0.15:
                t = min(bought[p] + 7200, high - 1)  # told of it only after buying
            out.append(Reach(x, w.wm[p], p, "reach", t))
            draw = rng.random()
            later = min(t + int(rng.integers(60, 20 * HOUR)), high - 1)
            if draw < 0.4:
                out.append(Reach(x, w.wm[p], p, "sign_up", later))
            if draw < 0.15:
                out.append(Reach(x, w.wm[p], p, "claim", min(later + 1800, stop - 1)))
            if draw > 0.97:  # a second reach of the same person
                out.append(Reach(x, w.wm[p], p, "reach", later))
        for _ in range(2):
            lonely += 1
            key = w.keys.key("wm", f"reached{lonely}")
            action = "reach" if lonely % 3 else "sign_up"
            out.append(Reach(x, key, -1, action, low + int(rng.integers(60, high - low))))
        # signed up after the campaign was over: reached, no participant
        p = int(rng.integers(w.n_people))
        if x.window[1] + HOUR < stop:
            out.append(Reach(x, w.wm[p], p, "sign_up", x.window[1] + 1800))
    shill = next((p for p in sorted(w.roles) if w.roles[p] == "shill"), None)
    if shill is not None and out:
        out.append(Reach(out[0].campaign, w.wm[shill], shill, "claim", out[0].at + 60))
        w.note("shill in a reach list (does not count)", w.wm[shill])
    out.sort(key=lambda r: (r.campaign.campaign_id, r.at, r.key, r.action))
    return out


def _sessions(w: World, c: Commerce) -> list[Session]:
    rng, cfg = w.cfg.rng("live"), w.cfg
    stop = cfg.h0 + cfg.days * DAY
    times = [(x.start + 900, x.end - 300) for x in c.campaigns if x.kind == "直播"]
    for d in range(6, cfg.days, 9):
        t = cfg.h0 + d * DAY + 20 * HOUR
        if all(abs(t - a) > DAY for a, _ in times):
            times.append((t, t + 2 * HOUR + int(rng.integers(3000))))
    out = []
    for k, (a, b) in enumerate(sorted(times)):
        if b >= stop:
            continue
        watched = 40 + int(rng.gamma(3.0, cfg.members * 0.05))
        buyers = int(rng.binomial(watched, 0.035))
        orders = buyers + int(rng.binomial(buyers, 0.2))
        gmv = sum(int(x) for x in rng.integers(2900, 26000, orders))
        clicked = buyers + int(rng.binomial(watched - buyers, 0.3))
        refunds = [
            (b + int(t * DAY), int(gmv * part))
            for t, part in zip(rng.uniform(0.2, 25, 2), rng.uniform(0.01, 0.05, 2), strict=True)
        ]
        out.append(
            Session(
                f"export/UzFf{k:03d}{int(rng.integers(16**10)):010x}", a, b, int(watched * rng.uniform(3, 9)), watched,
                watched + int(rng.integers(0, 9)), watched // 3, int(rng.integers(90, 900)),
                int(watched * 0.2), int(watched * 0.05), int(watched * 0.02), int(watched * rng.uniform(0.3, 1.2)),
                int(watched * rng.uniform(1, 6)), int(watched * 0.07), clicked,
                buyers + int(rng.binomial(clicked - buyers, 0.2)), orders, buyers, gmv, sorted(refunds),
            )
        )  # fmt: skip
    return out


def _costs(w: World, c: Commerce) -> None:
    """Campaign costs, added behind the list so that the older lines stay as they were."""
    number = len(c.costs)
    scale = (w.cfg.members / 2000) ** 0.5
    kinds = {"团购": ("引流品", 260), "直播": ("奖品", 380), "入群诱饵": ("入群礼", 310), "知识付费": ("人工", 420),
             "会员日": ("红包", 188)}  # fmt: skip

    def day(t: int) -> date:
        return local_date(t)

    for x in c.campaigns:
        if x.kind not in kinds or x.start >= w.cfg.h0 + w.cfg.days * DAY:
            continue
        number += 1
        kind, amount = kinds[x.kind]
        fen = round((amount * scale + 0.13 * number) * 100)
        last = day(max(x.start, x.end - 1))
        c.costs.append(Cost(f"FY{number:04d}", day(x.start), last, kind, x.comm, "", fen, "活动费用", x.campaign_id))
