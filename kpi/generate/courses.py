"""Paid courses: a trial group, a group of paying members, and what learners finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from kpi.generate.clock import DAY, HOUR, midnight
from kpi.generate.commerce import Commerce
from kpi.generate.world import World

NAMES = ("敏感肌养护21天", "成分党入门课", "换季修护营")


@dataclass
class Course:
    """One course; ``trial`` and ``paid`` are communities."""

    course_id: str
    name: str
    trial: int
    paid: int
    first: date
    last: date


@dataclass
class Learner:
    """One enrolment. ``key`` is what the course tool shows, ``person`` -1 for staff and strangers."""

    course: Course
    key: str
    person: int
    kind: str  # trial | paid
    enrolled: int
    total: int
    steps: list[int] = field(default_factory=list)  # instants at which a lesson was finished
    unsigned: bool = False  # all lessons, but the tool recorded no finish

    def finished_at(self, at: int) -> int | None:
        """Instant of completion as of a pull."""
        done = len(self.steps) >= self.total and self.steps[self.total - 1] <= at
        return self.steps[self.total - 1] if done and not self.unsigned else None

    def lessons(self, at: int) -> int:
        """Lessons finished as of a pull."""
        return sum(1 for t in self.steps if t <= at)


def build_courses(w: World, c: Commerce) -> None:
    """Add courses and their learners to ``c``."""
    rng, cfg = w.cfg.rng("courses"), w.cfg
    stop = cfg.h0 + cfg.days * DAY
    base = [x for x in w.communities if x.kind != "flash" and x.overflow_of < 0]
    trials = [x for x in base if x.kind == "knowledge"][:2]
    trials += [x for x in reversed(base) if x not in trials and x.kind != "vip"]
    vip = next((x for x in base if x.kind == "vip"), base[0])
    begin = (0.3, 0.55, 0.88)
    serial = 0
    for k, (name, trial) in enumerate(zip(NAMES, trials, strict=False)):
        first = cfg.start + timedelta(days=int(cfg.days * begin[k]))
        if midnight(first) < trial.created:
            first = cfg.start + timedelta(days=int((trial.created - cfg.h0) // DAY) + 3)
        last = first + timedelta(days=max(9, min(28, int(cfg.days * 0.14))))
        course = Course(f"KC{k + 1:02d}", name, trial.idx, vip.idx, first, last)
        c.courses.append(course)
        opened, shut = midnight(first) + 20 * HOUR, midnight(last)
        stays = sorted(
            (int(a), int(p))
            for p, m, a, b in zip(w.person.tolist(), w.comm.tolist(), w.t_in.tolist(), w.t_out.tolist(), strict=True)
            if m == trial.idx and cfg.h0 <= a < shut and b > a + DAY
        )
        once: dict[int, int] = {}
        for a, p in stays:
            once.setdefault(p, a)
        pick = sorted(once.items(), key=lambda x: (x[1], x[0]))
        size = max(6, round(cfg.members * 0.02))
        chosen = [pick[i] for i in sorted(rng.permutation(len(pick))[:size].tolist())]

        def enrol(key: str, person: int, kind: str, at: int, total: int, done: int, *, of: Course = course,
                  opened: int = opened, shut: int = shut) -> None:  # fmt: skip
            start = max(at, opened)
            span = max(HOUR, shut + 3 * DAY - start)
            steps = sorted(start + int(x * span) for x in rng.random(done))
            c.learners.append(Learner(of, key, person, kind, at, total, steps))

        for i, (p, joined) in enumerate(chosen):
            at = joined + 600 + int(rng.exponential(2 * DAY))
            if at >= stop:
                continue
            key = w.un[p] if i % 6 == 5 and w.union[p] else w.wm[p]
            enrol(key, p, "trial", at, 2, int(rng.integers(0, 3)))
            if rng.random() < 0.45:
                bought = max(at, opened - int(rng.integers(1, 9)) * DAY) + int(rng.integers(HOUR, 2 * DAY))
                if bought < stop:
                    enrol(key, p, "paid", bought, 8, 8 if rng.random() < 0.6 else int(rng.integers(0, 8)))
        # buyers who were never in the trial group, one of them paid before he joined it
        others = [p for p in range(w.n_people) if p not in once]
        for i in rng.permutation(len(others))[: max(3, size // 5)].tolist():
            at = opened - int(rng.integers(1, 6)) * DAY
            if cfg.h0 <= at < stop:
                enrol(w.wm[others[i]], others[i], "paid", at, 8, int(rng.integers(4, 9)))
        early = next(((p, a) for p, a in reversed(pick) if a - DAY > cfg.h0 and (p, a) not in chosen), None)
        if early is not None and early[1] - 3 * HOUR < stop:
            enrol(w.wm[early[0]], early[0], "paid", early[1] - 3 * HOUR, 8, 8)
            w.note("paid course bought before joining the trial group", w.wm[early[0]])
        for j in range(2):
            at = min(opened, stop - DAY) - 5 * DAY + j * HOUR
            enrol(w.staff[(k + j) % w.n_staff], -1, "paid", at, 8, 8)
            w.note("staff in a course (does not count)", w.staff[(k + j) % w.n_staff])
        serial += 1
        stranger = w.keys.key("un", f"learner{serial}")
        enrol(stranger, -1, "paid", min(opened, stop - DAY) - 2 * DAY, 8, 8 if k == 0 else 3)
        w.note("learner known by unionid only", stranger)
        whole = next(
            (x for x in c.learners if x.course is course and x.kind == "paid" and len(x.steps) == 8 and x.person >= 0),
            None,
        )
        if whole is not None:
            whole.unsigned = True
            w.note("all lessons but no completion recorded", whole.key)
    shill = next((p for p in sorted(w.roles) if w.roles[p] == "shill"), None)
    if shill is not None:
        course = c.courses[0]
        c.learners.append(
            Learner(course, w.wm[shill], shill, "paid", midnight(course.first) + 9 * HOUR, 8,
                    [midnight(course.first) + (10 + k) * HOUR for k in range(8)])
        )  # fmt: skip
        w.note("shill in a course (does not count)", w.wm[shill])
    latest = {}
    for x in c.learners:  # a person enrols once in a kind of a course
        latest.setdefault((x.course.course_id, x.key, x.kind), x)
    c.learners = sorted(latest.values(), key=lambda x: (x.enrolled, x.key, x.kind))
