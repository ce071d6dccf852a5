"""The staff side: contact and group statistics of the member tool, targets, demographic profiles.

The statistics are what the platform shows an app: only staff of its visible range, at most 180 days
back, and before 06:00 of the next day nothing but zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from kpi.generate.clock import DAY, HOUR, local_date, month_starts, stamp_minutes
from kpi.generate.engagement import slashed
from kpi.generate.exports import Row
from kpi.generate.files import Lines
from kpi.generate.messages import MessageTally
from kpi.generate.names import PROVINCES
from kpi.generate.world import World, day_factor

KEPT_DAYS = 180
DEPARTMENTS = tuple(f"华{x}社群部" for x in "东南北")
MONTH, WEEK = "月", "周"


@dataclass
class Contact:
    """One staff member's private chats of one day, as one call shows them; blanks are None."""

    staff: int
    day: int
    pulled: int
    applies: int = 0
    contacts: int = 0
    chats: int = 0
    messages: int = 0
    reply: int | None = None  # hundredths of a percent
    minutes: int | None = None
    lost: int = 0


@dataclass
class GroupDay:
    """One owner's groups at the end of one day; counters in the order of the export."""

    staff: int
    day: int
    counters: tuple[int, ...]


@dataclass
class Target:
    """One hand kept target. ``comm`` and ``staff`` -1: the whole business."""

    number: str
    metric: str
    cycle: str
    start: date
    value: str
    comm: int
    staff: int
    exported: int


@dataclass
class Staffing:
    """All rows of these exports."""

    contacts: list[Contact] = field(default_factory=list)
    group_days: list[GroupDay] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)


def department(staff: int) -> str:
    """Department of a staff member, as ``wecom__staff`` shows it."""
    return DEPARTMENTS[staff % 3]


def visible_staff(w: World) -> range:
    """Staff members the statistics app may see."""
    return range(min(w.n_staff - 2, max(6, w.n_staff // 2)))


def build_staffing(w: World, tally: MessageTally) -> Staffing:
    """Simulate everything this module exports."""
    s = Staffing()
    _contacts(w, s)
    _group_days(w, tally, s)
    _targets(w, s)
    return s


def stat_days(w: World) -> range:
    """Days the statistics cover: at most 180 back from as_of, which itself is not ready yet."""
    return range(max(0, w.cfg.days - KEPT_DAYS), w.cfg.days - 1)


def _contacts(w: World, s: Staffing) -> None:
    cfg, rng = w.cfg, w.cfg.rng("contact_statistics")
    factor = day_factor(cfg)
    days, staff = stat_days(w), visible_staff(w)
    n = len(days)
    early = {days[n // 4]: len(staff), days[n // 2]: len(staff), days[3 * n // 4]: 3}  # pulled at 02:30
    never = {days[n // 2]: range(len(staff)), days[3 * n // 4]: range(2)}  # and not again
    calm = days[n // 3]  # pulled at 05:30, right all the same
    for d in days:
        for i in staff:
            busy = factor[d] * (1.3 if i % 3 == 0 else 0.9)
            row = Contact(i, d, cfg.h0 + (d + 1) * DAY + 7 * HOUR)
            draw = rng.random(3)
            row.chats = int(rng.poisson(9 * busy))
            if (d + i) % 7 == 6:
                row.chats = 0 if draw[0] < 0.6 else row.chats  # a day off
            if d == calm:
                row.chats += 1
            row.applies = int(rng.poisson(1.5)) if row.chats else 0
            row.contacts = int(rng.poisson(2.2 * busy)) if row.chats else 0
            row.messages = row.chats * 3 + int(rng.integers(0, 12)) if row.chats else 0
            row.lost = int(rng.poisson(0.35)) if row.chats else 0
            if row.chats and draw[1] < 0.94:
                row.reply = 10_000 if draw[2] < 0.12 else int(rng.integers(5_500, 10_000))
                row.minutes = int(rng.integers(1, 45))
                if draw[1] > 0.9:
                    row.minutes = None
            if d == calm:
                row.pulled -= 90 * 60
            if i < early.get(d, 0):
                s.contacts.append(Contact(i, d, cfg.h0 + (d + 1) * DAY + 150 * 60))
                if i in never.get(d, ()):
                    continue
                row.pulled += DAY
            s.contacts.append(row)
    for d in early:
        w.note("contact statistics pulled too early", f"{local_date(cfg.h0 + d * DAY)}, {early[d]} rows")
    for d, missing in never.items():
        w.note("contact statistics never pulled again", f"{local_date(cfg.h0 + d * DAY)}, {len(missing)} rows")
    s.contacts.sort(key=lambda r: (r.pulled, r.day, r.staff))


def _group_days(w: World, tally: MessageTally, s: Staffing) -> None:
    """Stocks count staff and bots too, and a person once per group."""
    cfg, rng = w.cfg, w.cfg.rng("group_statistics")
    h0, width = cfg.h0, cfg.communities
    base = rng.integers(2_000, 9_000, w.n_staff)
    silent = rng.uniform(0.25, 0.5, w.n_staff)
    owners = np.array([c.owner for c in w.communities])
    created = np.array([c.created for c in w.communities])
    dismissed = np.array([c.dismissed for c in w.communities])
    helper = np.array([t for _, _, t in w.staff_in]), np.array([k for k, _, _ in w.staff_in])
    said = np.cumsum(tally.messages, axis=0)
    days = stat_days(w)
    seen = dict.fromkeys(visible_staff(w), 0)
    for d in days:
        low, high = h0 + d * DAY, h0 + (d + 1) * DAY
        live = (created < high) & (dismissed >= high)
        open_ = (w.t_in < high) & (w.t_out >= high)
        stock = np.bincount(w.comm[open_], minlength=width)
        stock += np.bincount(helper[1][helper[0] < high], minlength=width)
        if 20 <= d < 24:
            stock[0] -= 1  # one operator is out of the first group for four days
        joins = np.bincount(w.comm[(w.t_in >= low) & (w.t_in < high)], minlength=width)
        for i in visible_staff(w):
            mine = (owners == i) & live
            if not (owners[created < high] == i).any():
                continue
            total = int(stock[mine].sum())
            seen[i] = max(seen[i], min(total, int(total * silent[i]) + d // 3))
            yours = owners == i
            s.group_days.append(GroupDay(i, d, (
                int((yours & (created >= low) & (created < high)).sum()),
                int(mine.sum()),
                int((mine & (said[d] > 0)).sum()),
                int(joins[yours].sum()),
                total,
                min(seen[i], total) if total < seen[i] else seen[i],
                int(base[i]) + int(said[d][yours].sum()),
            )))  # fmt: skip


def _targets(w: World, s: Staffing) -> None:
    cfg, rng = w.cfg, w.cfg.rng("targets")
    scale = cfg.members / 2000
    end = cfg.end

    def add(metric: str, cycle: str, start: date, value: float | str, comm: int = -1, staff: int = -1) -> None:
        text = value if isinstance(value, str) else str(max(1, round(value)))
        s.targets.append(Target(f"MB{len(s.targets) + 1:03d}", metric, cycle, start, text, comm, staff, end))

    firsts = [m for m in month_starts(cfg.start, cfg.as_of) if m >= cfg.start]
    for m in firsts:
        for k in range(2):
            add("new_memberships", MONTH, m, rng.uniform(15, 60) * scale, comm=k)
        add("net_sales", MONTH, m, f"{rng.uniform(30_000, 60_000) * scale:.2f}")
        add("successful_referrals", MONTH, m, rng.uniform(6, 16) * scale)
        add("leave_rate", MONTH, m, f"{rng.uniform(0.06, 0.09):.3f}")
        if (m - cfg.start).days >= stat_days(w)[0]:
            for i in (0, 1):
                add("new_contacts", MONTH, m, rng.uniform(40, 80), staff=i)
            add("staff_chats", MONTH, m, rng.uniform(180, 320), staff=2)
    monday = cfg.as_of - timedelta(days=cfg.as_of.weekday())
    for k in range(4, -1, -1):  # the last week is not over
        week = monday - timedelta(days=7 * k)
        if week >= cfg.start:
            add("orders", WEEK, week, rng.uniform(60, 120) * scale)
            add("messages", WEEK, week, rng.uniform(20, 60) * scale, comm=2)
    # a target was raised later: two exports, the later one counts
    former = s.targets[0]
    s.targets.insert(0, Target(**{**vars(former), "value": "9", "exported": end - 30 * DAY}))
    w.note("target raised in a later export", former.number)
    add("gmv", MONTH, firsts[-1] if firsts else cfg.start, "88000")
    w.note("target of an unknown metric", s.targets[-1].number)


# -- rows ------------------------------------------------------------------------------------------


def _call_file(pulled: int) -> str:
    """Calls of one minute are collected in one file."""
    return "contacts_" + stamp_minutes(pulled, "").replace(" ", "_").replace(":", "")


def _contact_rows(w: World, s: Staffing) -> Iterator[Row]:
    num = Lines("wecom__contact_statistics")
    for r in s.contacts:
        reply = "" if r.reply is None else f"{r.reply / 100:.2f}".rstrip("0").rstrip(".")
        yield (
            w.staff[r.staff], str(w.cfg.h0 + r.day * DAY), str(r.applies), str(r.contacts), str(r.chats),
            str(r.messages), reply, "" if r.minutes is None else str(r.minutes), str(r.lost),
            *num.tag(_call_file(r.pulled), r.pulled),
        )  # fmt: skip


def _group_rows(w: World, s: Staffing) -> Iterator[Row]:
    num = Lines("wecom__group_statistics")
    for g in s.group_days:
        made = w.cfg.h0 + (g.day + 1) * DAY + 7 * HOUR
        yield (
            w.staff[g.staff], str(w.cfg.h0 + g.day * DAY), *map(str, g.counters),
            *num.tag(f"owners_{local_date(made):%Y%m%d}", made),
        )  # fmt: skip


def _target_rows(w: World, s: Staffing) -> Iterator[Row]:
    num = Lines("manual__targets")
    for t in s.targets:
        yield (
            t.number, t.metric, t.cycle, slashed(t.start), t.value,
            w.communities[t.comm].chat_id if t.comm >= 0 else "——", w.staff[t.staff] if t.staff >= 0 else "——",
            *num.tag(f"targets_{local_date(t.exported):%Y%m%d}", t.exported),
        )  # fmt: skip


def _profile_rows(w: World) -> Iterator[Row]:
    """A fifth of the customers told their age band and province; used only where it is allowed."""
    num, rng = Lines("scrm__customer_demographics"), w.cfg.rng("demographics")
    bands = ("18-24", "25-34", "35-44", "45-54", "55+")
    known = sorted({r.person for r in w.customers})
    for p in known:
        draw = rng.random(4)
        if draw[0] < 0.2:
            yield (
                w.wm[p], bands[int(np.searchsorted((0.18, 0.55, 0.8, 0.93), draw[1]))],
                str(0 if draw[2] < 0.1 else 1 if draw[2] < 0.3 else 2),
                PROVINCES[int(draw[3] * len(PROVINCES))], *num.tag("profiles", w.cfg.end),
            )  # fmt: skip


def staffing_rows(w: World, s: Staffing) -> dict[str, Iterator[Row]]:
    """Rows per export name."""
    return {
        "wecom__contact_statistics": _contact_rows(w, s),
        "wecom__group_statistics": _group_rows(w, s),
        "manual__targets": _target_rows(w, s),
        "scrm__customer_demographics": _profile_rows(w),
    }
