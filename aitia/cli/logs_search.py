"""`aitia logs search`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json
from aitia.cli.logs_diff import Since, Until, Zone, near_of, spans_of, zone_named

if TYPE_CHECKING:
    from aitia.core.redact import Redactor
    from aitia.tools.logs.search.mining import Mined
    from aitia.tools.logs.search.query import Found
    from aitia.tools.logs.search.store import Store

Paths = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders, globs, - for stdin; or .parquet files that --save wrote.", metavar="PATH..."
    ),
]
Words = Annotated[
    str, typer.Option("--text", metavar="WORDS", help="Words that must all occur; case is ignored.")
]
Regex = Annotated[bool, typer.Option("--regex", help="--text is a regular expression (RE2).")]
Template = Annotated[
    str, typer.Option("--template", metavar="ID|TEXT", help="Only this template, by id or part of its text.")
]
Level = Annotated[str, typer.Option("--level", help="Minimum severity: debug, info, warning, error, fatal.")]
Component = Annotated[
    str, typer.Option("--component", help="Only this component: a file's or rotated set's name.")
]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field", metavar="KEY=VALUE", help="A header field: thread, logger, pid, host, trace_id …"
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option("--value", metavar="'NAME>N'", help="A value in the message, found by the word before it."),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Rows shown.")]
By = Annotated[
    str,
    typer.Option(
        "--count-by", metavar="KEY", help="Count by template, level, component, minute, file or a field."
    ),
]
Save = Annotated[Path | None, typer.Option("--save", metavar="FILE.parquet", help="Save the records.")]
Sql = Annotated[
    str, typer.Option("--sql", metavar="QUERY", help="One SELECT over the table records (DuckDB).")
]


def search(
    paths: Paths,
    text: Words = "",
    regex: Regex = False,
    template: Template = "",
    level: Level = "",
    component: Component = "",
    field: Fields = None,
    value: Values = None,
    since: Since = "",
    until: Until = "",
    limit: Limit = 20,
    count_by: By = "",
    save: Save = None,
    sql: Sql = "",
    timezone: Zone = "UTC",
    as_json: Json = False,
) -> None:
    """Records of logs by template, field, text, value and time."""
    from aitia.cli.logs_search_show import put
    from aitia.cli.logs_show import redactor
    from aitia.core.errors import BadInput
    from aitia.tools.logs.search import query as asked
    from aitia.tools.logs.search.sandbox import ask

    query = asked.Query(
        text=text, regex=regex, template=template, level=level, component=component,
        fields=tuple(field or ()), values=tuple(value or ()),
    )  # fmt: skip
    if sql and (query != asked.Query() or count_by):
        raise BadInput(
            "Only --since and --until can be combined with --sql. Put all other conditions into the SQL."
        )
    if save and save.suffix != ".parquet":
        raise BadInput(f"Give --save a name that ends in .parquet, not {str(save)!r}.")
    safe = redactor()
    only_saved = save is not None and query == asked.Query() and not (sql or count_by)
    with _records(paths, (since, until), zone_named(timezone), save, safe) as (store, told):
        found: Found | None = None
        if sql:
            found = ask(store, sql, limit)
        elif count_by:
            found = asked.count_by(store, query, count_by, limit)
        elif not only_saved:
            found = asked.search(store, query, limit)
        hidden = safe.text(text) if safe.text(text) != text else ""
        put(found, store, told | {"hidden": hidden}, as_json=as_json)


@contextmanager
def _records(
    paths: Sequence[str], span: tuple[str, str], zone: tzinfo, save: Path | None, safe: Redactor
) -> Iterator[tuple[Store, dict[str, Any]]]:
    """The records, closed to all else, and what is told of where they come from."""
    from aitia.core.errors import BadInput
    from aitia.tools.logs.search import store as stores
    from aitia.tools.logs.search.sandbox import locked

    saved = [Path(p) for p in paths if p.endswith(".parquet")]
    if saved and (len(saved) < len(paths) or save):
        raise BadInput(
            "Logs and Parquet files cannot be mixed. Give either logs, with or without --save, or only "
            "Parquet files."
        )
    with stores.workplace(save) as (db, folder):
        told: dict[str, Any] = {}
        mined: Mined | None = None
        if saved:
            readable = [folder / f"saved-{i}.parquet" for i in range(len(saved))]
            every = stores.of_saved(db, readable, saved)
            told["first"], told["last"] = every.first, every.last
            window = spans_of(*span, "", _utc(every.last))[0]
        else:
            every, mined, window = _mined(db, folder, paths, span, zone, safe, told)
            readable = mined.parts
        store = stores.within(every, window)
        told["left_out"] = every.undated - store.undated
        if save and mined:
            told["saved"] = {"path": str(save), "bytes": stores.save(db, folder, save, mined)}
        locked(db, readable)
        yield store, told


def _mined(
    db: Any,
    folder: Path,
    paths: Sequence[str],
    span: tuple[str, str],
    zone: tzinfo,
    safe: Redactor,
    told: dict[str, Any],
) -> tuple[Store, Mined, tuple[float, float]]:
    from aitia.cli.logs_show import reading
    from aitia.tools.logs.search.mining import extent, mine
    from aitia.tools.logs.search.store import of_mined
    from aitia.tools.text.reading import Skipped, gather

    skipped = Skipped()
    sets = gather(paths, skipped=skipped, zone=zone)
    every = [p for s in sets for p in s.paths]
    near = near_of(every)
    ends = extent(every, zone, near)
    told["first"], told["last"] = ends or (None, None)
    window = spans_of(*span, "", _utc(told["last"]))[0]
    with reading(sets) as on_block:
        mined = mine(sets, folder, db, redactor=safe, window=window, zone=zone, near=near, on_block=on_block)
    skipped += mined.skipped
    told["skipped"] = skipped.say()
    return of_mined(db, mined, safe), mined, window


def _utc(at: datetime | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
