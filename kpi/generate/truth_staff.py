"""Truth of the staff side: private chats and targets."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from kpi.generate.clock import DAY, HOUR, next_month
from kpi.generate.staffing import MONTH, Contact, Target, department
from kpi.generate.truth import R_REMOVED, R_SELF, R_UNKNOWN, Period
from kpi.generate.truth_people import Facts

STAFF_METRICS = {
    "new_contacts": "contacts",
    "staff_chats": "chats",
    "staff_messages": "messages",
    "lost_contacts": "lost",
}
DEPARTMENT = "staff__department"


def staff_cells(f: Facts) -> None:
    """Put all cells of these metrics into the book."""
    rows = sound_contacts(f)
    for p in f.plan:
        mine = [r for r in rows if p.lo <= r.day <= p.hi]
        _contact_cells(f, p, mine, ("", ""))
        if p.grain == "month":
            for name in sorted({department(r.staff) for r in mine}):
                _contact_cells(f, p, [r for r in mine if department(r.staff) == name], (DEPARTMENT, name))
    _targets(f, rows)


def sound_contacts(f: Facts) -> list[Contact]:
    """Latest row per staff member and day; zeros pulled before 06:00 of the next day are no data."""
    best: dict[tuple[int, int], Contact] = {}
    for r in sorted(f.side.staffing.contacts, key=lambda r: r.pulled):
        ready = f.w.cfg.h0 + (r.day + 1) * DAY + 6 * HOUR
        counts = (r.applies, r.contacts, r.chats, r.messages, r.lost)
        if r.pulled < ready and not any(counts) and r.reply is None and r.minutes is None:
            continue
        best[r.staff, r.day] = r
    return list(best.values())


def _contact_cells(f: Facts, p: Period, rows: list[Contact], other: tuple[str, str]) -> None:
    for metric, name in STAFF_METRICS.items():
        f.book.put(metric, p, str(sum(getattr(r, name) for r in rows)) if rows else "", other=other)
    replied = [r for r in rows if r.reply is not None]
    top = Fraction(sum(r.reply * r.chats for r in replied), 10_000)  # type: ignore[operator]
    chats = sum(r.chats for r in replied)
    value = repr(float(top / chats)) if chats else ""
    f.book.put("staff_reply_rate", p, value, num=repr(float(top)), den=str(chats), other=other)
    timed = [r for r in rows if r.minutes is not None]
    waited = sum(r.minutes * r.chats for r in timed)  # type: ignore[operator]
    f.book.ratio("first_reply_minutes", p, waited, sum(r.chats for r in timed), other=other)


def _targets(f: Facts, contacts: list[Contact]) -> None:
    """Targets by the month their period starts in; NULL where several metrics would be mixed."""
    current: dict[str, Target] = {}
    for t in sorted(f.side.staffing.targets, key=lambda t: t.exported):
        current[t.number] = t
    for p in f.plan:
        if p.grain != "month":
            continue
        by_metric: dict[str, list[Target]] = defaultdict(list)
        for t in current.values():
            if t.start.replace(day=1) == p.start:
                by_metric[t.metric].append(t)
        if len(by_metric) != 1:
            f.book.put("target_value", p, "")
            f.book.put("target_attainment_rate", p, "")
        for metric, mine in by_metric.items():
            wanted = sum(Fraction(t.value) for t in mine)
            known = [(t, actual(f, t, contacts)) for t in mine]
            known = [(t, x) for t, x in known if x is not None]
            top, base = sum(x for _, x in known), sum(Fraction(t.value) for t, _ in known)
            for other in (("", ""),) * (len(by_metric) == 1) + (("target__target_metric", metric),):
                f.book.put("target_value", p, _plain(wanted), other=other)
                if known:
                    f.book.put(
                        "target_attainment_rate", p, repr(float(Fraction(top) / base)), num=_plain(Fraction(top)),
                        den=_plain(base), other=other,
                    )  # fmt: skip
                else:
                    f.book.put("target_attainment_rate", p, "", other=other)


def _plain(x: Fraction) -> str:
    """Shortest decimal text of a number with at most three decimals."""
    return str(x.numerator) if x.denominator == 1 else f"{float(x):.3f}".rstrip("0")


def actual(f: Facts, t: Target, contacts: list[Contact]) -> Fraction | None:
    """What was reached in the period of a target up to as_of; None where that is not defined."""
    first = (t.start - f.w.cfg.start).days
    last = (next_month(t.start) - f.w.cfg.start).days - 1 if t.cycle == MONTH else first + 6
    last = min(last, f.w.cfg.days - 1)

    def here(day: int, comm: int) -> bool:
        return first <= day <= last and t.comm in (-1, comm)

    if t.metric in STAFF_METRICS:
        name = STAFF_METRICS[t.metric]
        rows = [r for r in contacts if first <= r.day <= last and t.staff in (-1, r.staff)]
        return Fraction(sum(getattr(r, name) for r in rows)) if rows and t.comm < 0 else None
    if t.staff >= 0:
        return None
    spells = [s for mine in f.stays.values() for s in mine]
    if t.metric == "new_memberships":
        return Fraction(sum(f.day(s.start) >= 0 and here(f.day(s.start), s.comm) for s in spells))
    if t.metric == "leaves":
        gone = [s for s in spells if s.to is not None and s.reason in (R_SELF, R_REMOVED, R_UNKNOWN)]
        return Fraction(sum(here(f.day(s.to), s.comm) for s in gone))  # type: ignore[arg-type]
    if t.metric == "messages":
        span = f.tally.messages[max(first, 0) : last + 1]
        return Fraction(int((span if t.comm < 0 else span[:, t.comm]).sum()))
    sales = [s for s in f.sales if here(s.day, s.comm)]
    if t.metric == "orders":
        return Fraction(sum(s.valid for s in sales))
    if t.metric == "gross_sales":
        return Fraction(sum(s.amount for s in sales), 100)
    if t.metric == "net_sales":
        return Fraction(sum(s.amount - s.refunded for s in sales), 100)
    if t.metric == "successful_referrals" and t.comm < 0:
        days = [t.start + timedelta(days=i) for i in range(last - first + 1)]
        cells = [f.book.get(t.metric, Period("day", day, 0, 0)) for day in days]
        return sum((x for x in cells if x is not None), Fraction(0))
    return None
