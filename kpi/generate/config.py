"""What a run of the generator is asked for, and the seeded random streams it draws from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from kpi.generate.clock import DAY, HOUR, midnight, month_starts

TOPICS = (
    "communities",
    "people",
    "memberships",
    "quirks",
    "customers",
    "channels",
    "products",
    "orders",
    "clicks",
    "referrals",
    "costs",
    "ads",
    "events",
    "messages",
)

# Numbers of the topics that came later; a new topic never moves the stream of another one.
NUMBERED = (
    {
        name: 101 + i
        for i, name in enumerate(
            (
                "polls",
                "red_packets",
                "check_ins",
                "content",
                "articles",
                "surveys",
                "contact_statistics",
                "group_statistics",
                "targets",
                "demographics",
            )
        )
    }
    | {name: 201 + i for i, name in enumerate(("group_buying", "payments", "coupons", "campaigns", "live", "courses"))}
    | {name: 301 + i for i, name in enumerate(("videos", "notes", "personal_bills"))}
)

DEFAULT_START = date(2025, 11, 1)
MESSAGES_PER_MEMBER = 7
TEXT_LIMIT = 1_000_000  # runs below this number of messages have words, larger ones stand-ins for them
FORM_NAMES = ("landed", "original", "both")


class GenerateError(ValueError):
    """The request cannot be carried out; the message says what to change."""


@dataclass(frozen=True)
class Config:
    """Arguments of one run.

    members: distinct people who are ever inside a group (>= 100).
    communities: groups, flash and overflow groups included (6..2000).
    days: simulated days (35..1000). seed: any integer >= 0. start: first simulated day H.
    messages: target number of rows of ``wecom__messages`` (None: 7 per member).
    fmt: ``csv`` or ``parquet``. form: ``landed``, ``original`` or ``both``.
    Raises GenerateError when a value is out of range.
    """

    out: Path
    members: int = 2000
    communities: int = 12
    days: int = 200
    seed: int = 7
    start: date = DEFAULT_START
    messages: int | None = None
    fmt: str = "csv"
    truth: Path | None = None
    with_truth: bool = True
    form: str = "landed"

    def __post_init__(self) -> None:
        for name, low, high in (
            ("members", 100, 20_000_000),
            ("communities", 6, 2_000),
            ("days", 35, 1_000),
            ("seed", 0, 2**63 - 1),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise GenerateError(f"--{name} must be between {low} and {high}, got {value}")
        if self.messages is not None and self.messages < 1_000:
            raise GenerateError(f"--messages must be at least 1000, got {self.messages}")
        if self.fmt not in ("csv", "parquet"):
            raise GenerateError(f"--format must be csv or parquet, got {self.fmt!r}")
        if self.form not in FORM_NAMES:
            raise GenerateError(f"--form must be one of {', '.join(FORM_NAMES)}, got {self.form!r}")
        if self.with_originals and self.message_target >= TEXT_LIMIT:
            raise GenerateError(
                f"--form {self.form} writes the words of every message; that is for fewer than {TEXT_LIMIT:,} "
                f"messages, and this run has {self.message_target:,}. Choose --messages or --form landed."
            )
        if self.start.year < 2016:
            raise GenerateError("--start must be 2016-01-01 or later")

    @property
    def with_originals(self) -> bool:
        """True when the files of the platforms are written, too."""
        return self.form != "landed"

    @property
    def h0(self) -> int:
        """Epoch seconds of H 00:00 local."""
        return midnight(self.start)

    @property
    def as_of(self) -> date:
        """Last simulated (complete) day."""
        return self.start + timedelta(days=self.days - 1)

    @property
    def end(self) -> int:
        """Epoch seconds of the final export, as_of+1 02:00 local."""
        return self.h0 + self.days * DAY + 2 * HOUR

    @property
    def message_target(self) -> int:
        """Number of message rows aimed at."""
        return self.messages if self.messages is not None else MESSAGES_PER_MEMBER * self.members

    def snapshot_times(self) -> list[int]:
        """Epoch seconds of the member list pulls: H, each 1st 03:00, as_of+1 02:00."""
        firsts = [m for m in month_starts(self.start, self.as_of) if m > self.start]
        return [self.h0, *(midnight(m) + 3 * HOUR for m in firsts), self.end]

    def rng(self, topic: str) -> np.random.Generator:
        """Independent stream of a topic, the same for the same seed."""
        number = NUMBERED[topic] if topic in NUMBERED else TOPICS.index(topic)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(number,)))
