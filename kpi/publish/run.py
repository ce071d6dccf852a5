"""Writing the published file: a draft beside it, then one rename.

A reader with the old file open goes on reading it, and a run that is killed at any moment leaves it as it was.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from filelock import FileLock, Timeout

from kpi.ingest.manifest import sync
from kpi.privacy.disclosure import K
from kpi.publish import draft as shared
from kpi.publish.choice import person_entities
from kpi.publish.draft import STORAGE, Published, PublishError
from kpi.publish.keys import with_keys
from kpi.publish.star import copy_tables, reasons_wanted
from kpi.sql import literal
from kpi.warehouse import alarms, attach, last_build, require_whole

if TYPE_CHECKING:
    from kpi.publish.asked import AskedBefore
    from kpi.publish.metrics import Exported
    from kpi.semantic import SemanticLayer

MAGIC = b"DUCK"  # from the ninth byte on
UNPUBLISHED = {"staging", "intermediate"}  # schemas that only a warehouse has


def publish(
    warehouse: Path,
    file: Path,
    manifest: dict[str, Any],
    ask: Callable[[], SemanticLayer | AskedBefore] | None,
    *,
    nodes: dict[str, Any] | None = None,
    fingerprint: str | None = None,
    k: int = K,
    with_facts: bool = False,
    with_persons: bool = False,
) -> Published:
    """Write the file that BI tools read.

    Args:
        warehouse: the built warehouse; closed again before ``ask`` is called.
        file: where to publish.
        manifest: content of ``target/semantic_manifest.json``.
        ask: starts the semantic layer, which counts persons; None leaves the metrics out.
        nodes: ``nodes`` of ``target/manifest.json``; without them no dimension is published.
        fingerprint: of the definitions; metrics exported under other ones are refused.
        k: fewest persons behind a figure.
        with_facts: publish facts too that hold no key of a person.
        with_persons: publish everything.

    Raises:
        PublishError: when its metrics are not exported or of another build, or the file cannot be written.
        WarehouseError: when the warehouse is missing, half built or held by another process.
    """
    with duckdb.connect() as db:  # says in full why it cannot be read, before anything is written
        attach(db, warehouse, "built")
    if file.exists() and file.samefile(warehouse):
        raise PublishError(f"{file}: that is the warehouse itself. Publish to another file.")
    if file.is_dir():
        raise PublishError(f"{file}: a directory. Name the file in it, e.g. {file / 'bi.duckdb'}.")
    if what := _not_published(file):
        raise PublishError(f"{file}: 不是发布的文件,不予覆盖 {what}, which is not replaced. Publish to another file.")
    draft = file.with_name(f".{file.name}.draft")
    lock = FileLock(file.with_name(f".{file.name}.lock"))
    wanted = reasons_wanted(with_facts=with_facts, with_persons=with_persons)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=0):
            _remove(draft)  # of a run that was killed
            done = Published()
            try:
                tables = with_keys(nodes or {})
                exported = _copy(warehouse, draft, manifest, tables, done, wanted, fingerprint, ask is not None)
                if ask is not None and exported is not None:
                    _add_metrics(draft, exported, ask, manifest, done, k)
                shared.reached("replace")
                _put_into_place(draft, file)
            finally:
                _remove(draft)  # while the lock is held: without it the draft is another run's
            return done
    except Timeout:
        raise PublishError(f"{file}: another kpi publish is writing it. Run again when it has ended.") from None
    except OSError as error:
        raise PublishError(f"{file}: cannot be written ({error.strerror}). Publish to another place.") from error
    except duckdb.Error as error:
        raise PublishError(f"{file}: cannot be published ({error}). Is a build at work? Run again then.") from error


def _not_published(file: Path) -> str | None:
    """What stands in the place of the file, where that was not published; None where it may be replaced."""
    try:
        with file.open("rb") as there:
            head = there.read(12)
    except OSError:  # nothing is there; what else is wrong shows when the file is written
        return None
    if head and head[8:] != MAGIC:
        return "there is a file that is no database of DuckDB"
    with contextlib.suppress(duckdb.Error), duckdb.connect(str(file), read_only=True) as db:
        schemas = {name for (name,) in db.execute("select schema_name from duckdb_schemas()").fetchall()}
        return "there is another warehouse" if UNPUBLISHED & schemas else None
    return None


def _remove(draft: Path) -> None:
    for path in (draft, draft.with_name(f"{draft.name}.wal")):
        path.unlink(missing_ok=True)


def _put_into_place(draft: Path, file: Path) -> None:
    if file.exists():
        shutil.copymode(file, draft)  # who may read it has been decided
    sync(draft)
    draft.replace(file)
    shared.reached("replaced")
    sync(file.parent)  # the name lasts too


def _opened(draft: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute("set TimeZone = 'Asia/Shanghai'")
    db.execute(f"attach {literal(draft)} as draft (storage_version '{STORAGE}')")
    return db


def _copy(
    warehouse: Path,
    draft: Path,
    manifest: dict[str, Any],
    nodes: dict[str, Any],
    done: Published,
    wanted: set[str],
    fingerprint: str | None,
    with_metrics: bool,
) -> Exported | None:
    with _opened(draft) as db:
        attach(db, warehouse, "built")
        db.execute("use built")
        require_whole(db, warehouse)
        done.alarms, build = alarms(db), last_build(db)
        db.execute("use memory")
        exported = None
        if with_metrics:
            from kpi.publish.metrics import read_exported  # needs pyarrow

            exported = read_exported(db, fingerprint, nodes, build)
        copy_tables(db, person_entities(manifest), nodes, done, wanted)
        return exported


def _add_metrics(
    draft: Path,
    exported: Exported,
    ask: Callable[[], SemanticLayer | AskedBefore],
    manifest: dict[str, Any],
    done: Published,
    k: int,
) -> None:
    from kpi.publish.metrics import withhold_metrics, write_metrics

    try:
        with ask().connected() as layer:  # all persons of one build
            shown = withhold_metrics(exported, layer, manifest, done, k)
    except Exception as error:  # the engine's own errors are of many kinds
        raise PublishError(
            f"nobody can say who stands behind the metrics ({error}). Run dbt build and kpi export, then publish again."
        ) from error
    with _opened(draft) as db:
        write_metrics(db, exported, shown, done)
