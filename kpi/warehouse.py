"""Where the warehouse is, who holds it when it cannot be opened, and whether the last builds left it whole."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from kpi.errors import WarehouseError
from kpi.sql import literal, quoted

DEFAULT = Path("warehouse/community_metrics.duckdb")
_LOCKED = re.compile(r"Could not set lock on file|being used by another process")
_HOLDER = re.compile(r"PID (\d+)")
_PAUSE = 0.2  # seconds between two attempts to open a file that somebody holds
_SHOWN = 100  # characters of a command that are shown
_NAMED = 5  # unfinished tables that a message names


class LockedWarehouseError(WarehouseError):
    """Another process has the file open."""


@dataclass(frozen=True)
class Holder:
    """A process that has the warehouse open.

    Attributes:
        pid: process id.
        command: its command line, shortened; empty where the system does not tell.
        user: whose process it is; empty where the system does not tell.
        since: when the process started, local time; ``None`` where the system does not tell.
    """

    pid: int
    command: str = ""
    user: str = ""
    since: datetime | None = None

    def __str__(self) -> str:
        """Such as ``PID 4711, superset run -p 8088, user li, since 2026-05-20 09:14``."""
        parts = [f"PID {self.pid}", self.command, self.user and f"user {self.user}"]
        return ", ".join([*filter(None, parts), *([f"since {self.since:%Y-%m-%d %H:%M}"] if self.since else [])])


def warehouse_path(project: Path = Path()) -> Path:
    """The file that ``COMMUNITY_METRICS_DB`` names, else the default; relative paths start at the project."""
    return project / (os.environ.get("COMMUNITY_METRICS_DB") or DEFAULT)


def who_holds(path: Path | str, error: Exception | None = None) -> list[Holder]:
    """The other processes that have a file open.

    Args:
        path: the file.
        error: what DuckDB said when it could not open it; names one of them even where the system lists none.

    Returns:
        The processes that this user may see, by age; empty when nobody was found.
    """
    import psutil  # only who cannot open the file waits for it

    file = os.path.realpath(path)
    pids = {int(pid) for pid in _HOLDER.findall(str(error or ""))}
    for process in psutil.process_iter():
        try:
            if any(opened.path == file for opened in process.open_files()):
                pids.add(process.pid)
        except (psutil.Error, OSError):  # gone by now, or another user's
            continue
    found = (_describe(pid) for pid in pids - {os.getpid()})
    return sorted(found, key=lambda holder: (holder.since or datetime.max, holder.pid))


def _describe(pid: int) -> Holder:
    import psutil

    try:
        process = psutil.Process(pid)
        command = " ".join(" ".join(process.cmdline()).split()) or process.name()
        shown = command if len(command) <= _SHOWN else command[: _SHOWN - 1] + "…"
        return Holder(pid, shown, process.username(), datetime.fromtimestamp(process.create_time()))
    except (psutil.Error, KeyError, OSError):  # ended, another container's, or a user without a name
        return Holder(pid)


def locked_message(path: Path | str, holders: list[Holder]) -> str:
    """What a locked warehouse says in Chinese and English: who holds it and what to do."""
    names = "\n".join(f"  {holder}" for holder in holders) or "  (PID ?)"
    return (
        f"{path}: 仓库文件正被占用 the warehouse is held by\n{names}\n"
        "怎么办:若是另一次构建,等它结束;若是 BI 等客户端,关闭其连接,今后用 kpi publish 发布副本给它读。\n"
        "What to do: another build: wait until it has ended. A BI tool or another client: close its connection;\n"
        "from then on publish a copy with kpi publish and let it read that."
    )


def connect(
    path: Path | str,
    *,
    read_only: bool = True,
    wait: float = 0,
    tell: Callable[[str], None] | None = None,
    config: dict[str, str] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open the warehouse.

    Args:
        path: the file.
        read_only: readers share the file among each other, but not with a build.
        wait: seconds to go on trying while another process holds it.
        tell: is given one line when the waiting begins.
        config: options of DuckDB.

    Raises:
        WarehouseError: when a file to be read is not there.
        LockedWarehouseError: when another process holds it all the time.
    """
    if read_only:
        _require_file(path)
    until = time.monotonic() + wait
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=config or {})
        except duckdb.IOException as error:
            if not _LOCKED.search(str(error)):
                raise
            if time.monotonic() >= until:
                raise LockedWarehouseError(locked_message(path, who_holds(path, error))) from error
            if tell:
                holder = next(iter(who_holds(path, error)), "PID ?")
                tell(f"{path}: 等待最多 waiting up to {wait:g} s: {holder}")
                tell = None
            time.sleep(_PAUSE)


def attach(
    db: duckdb.DuckDBPyConnection, path: Path | str, name: str, *, read_only: bool = True, wait: float = 0
) -> None:
    """Attach the warehouse to an open connection.

    Args:
        db: a connection, usually to a database in memory.
        path: the file.
        name: under which it is attached.
        read_only: see `connect`.
        wait: seconds to go on trying while another process holds it.

    Raises:
        WarehouseError: when the file is not there or is none of DuckDB's.
        LockedWarehouseError: when another process holds it.
    """
    _require_file(path)
    until = time.monotonic() + wait
    while True:
        try:
            db.execute(f"attach {literal(path)} as {quoted(name)}{' (read_only)' if read_only else ''}")
            return
        except duckdb.Error as error:
            if not _LOCKED.search(str(error)):
                raise WarehouseError(f"{path}: {str(error).strip().splitlines()[0]}") from error
            if time.monotonic() >= until:
                raise LockedWarehouseError(locked_message(path, who_holds(path, error))) from error
            time.sleep(_PAUSE)


def _require_file(path: Path | str) -> None:
    if not Path(path).exists():
        raise WarehouseError(f"{path}: 没有仓库文件 no warehouse. 先运行 make build; run `make build` first.")


def unfinished_tables(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables that a build set out to replace and did not end well for, sorted; macros/build_state.sql keeps them.

    A warehouse without the mark was last built before there was one, and counts as whole.
    """
    return _marked(db, "unfinished")


def alarms(db: duckdb.DuckDBPyConnection) -> list[str]:
    """Data tests that failed when they were last run, sorted: the tables are complete, somebody should look."""
    return _marked(db, "alarm")


def alarms_said(names: list[str]) -> str:
    """What the commands say of alarms: which data tests failed, and what to do."""
    some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return (
        f"{len(names)} 项数据检验未通过,数据仍照常输出 data tests failed, figures are written all the same: {some}. "
        "Look at the rows: dbt test --select " + " ".join(names[:_NAMED])
    )


def last_build(db: duckdb.DuckDBPyConnection) -> str | None:
    """The id that dbt gave to the last run that replaced tables; None for a warehouse without the mark."""
    return next(iter(_marked(db, "build")), None)


def _marked(db: duckdb.DuckDBPyConnection, state: str) -> list[str]:
    try:
        rows = db.execute("select name from quality.build_state where state = $1 order by name", [state]).fetchall()
    except duckdb.CatalogException:
        return []
    return [name for (name,) in rows]


def require_whole(db: duckdb.DuckDBPyConnection, path: Path | str) -> None:
    """Refuse to take anything out of a warehouse in which a build was killed or failed half way.

    Args:
        db: an open connection to the warehouse.
        path: what the message calls it.

    Raises:
        WarehouseError: when tables of an unfinished build stand beside older ones.
    """
    refuse_unfinished(unfinished_tables(db), path)


def refuse_unfinished(names: list[str], path: Path | str, build: str = "dbt build") -> None:
    """Refuse a warehouse with unfinished tables.

    Args:
        names: the unfinished tables.
        path: what the message calls the warehouse.
        build: the command that builds it.

    Raises:
        WarehouseError: where there are any.
    """
    if names:
        some = ", ".join(names[:_NAMED]) + (f", … ({len(names)})" if len(names) > _NAMED else "")
        raise WarehouseError(
            f"{path}: 上次构建未完成,新旧表混杂 the last build did not finish, new tables stand beside old ones:\n"
            f"  {some}\n"
            f"怎么办:重新运行 {build},成功后再来;此前发布的文件不受影响。\n"
            f"What to do: run {build} again and come back when it has succeeded; what was published before stands."
        )
