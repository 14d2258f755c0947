"""What `aitia logs search` shows: records or counts on stdout, what was searched on stderr."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

    from aitia.tools.logs.search.query import Found
    from aitia.tools.logs.search.store import Store


def put(found: Found | None, store: Store, told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was found."""
    from aitia.cli.console import note, print_json, stdout_console
    from aitia.cli.progress import size
    from aitia.render.text import count
    from aitia.tools.logs.search.query import plain

    if as_json:
        searched = {
            "records": store.records,
            "undated": store.undated,
            "components": store.distinct("component"),
        }
        searched |= {"first": plain(store.first), "last": plain(store.last)}
        out: dict[str, Any] = {"searched": searched, "skipped": told.get("skipped", [])}
        if found is not None:
            out |= {
                "matched": found.matched,
                "more": found.more,
                "columns": found.columns,
                "rows": found.rows,
            }
        print_json(out | ({"saved": told["saved"]} if "saved" in told else {}))
        return
    if found is not None and found.rows:
        console = stdout_console()
        if "message" in found.columns and found.matched is not None:
            for row in found.rows:
                console.print(_record(row), soft_wrap=True)
        else:
            console.print(_table(found))
    for line in _notes(found, store, told):
        note(line)
    if "saved" in told:
        note(
            f"{count(store.records, 'record')} saved in {told['saved']['path']} ({size(told['saved']['bytes'])})"
        )


def _notes(found: Found | None, store: Store, told: Mapping[str, Any]) -> list[str]:
    from aitia.render.text import count

    out = []
    if found is not None and not found.rows:
        out.append(f"nothing found: {_searched(store, told)}")
        if told.get("hidden"):
            out.append(f"secrets are stored under pseudonyms only: search for {told['hidden']!r}")
    elif found is not None and found.matched is not None:
        first = f"the first {len(found.rows):,} of " if found.more and "message" in found.columns else ""
        out.append(f"{first}{count(found.matched, 'record')}")
    if found is not None and found.more:
        out.append("more with --limit")
    if told.get("left_out"):
        out.append(f"{count(told['left_out'], 'record')} without a time: left out")
    return [*out, *told.get("skipped", [])]


def _searched(store: Store, told: Mapping[str, Any]) -> str:
    from aitia.render.text import count
    from aitia.tools.logs.search.query import plain

    components = store.distinct("component")
    named = ", ".join(components[:5]) + (f" and {len(components) - 5} more" if len(components) > 5 else "")
    held = ""
    if told.get("first") is not None:
        held = f"; the logs cover {plain(told['first'])} to {plain(told['last'])}"
    return f"{count(store.records, 'record')} searched{f' of {named}' if named else ''}{held}"


def _record(row: Mapping[str, Any]) -> Text:
    from rich.text import Text

    from aitia.render.text import clean

    at = (row["time"] or "").replace("T", " ")
    exception = f" | {row['exception']}" if row["exception"] else ""
    place = f"{row['file']}:{row['line']}" if row["line"] > 0 else row["file"]
    words = (at, clean(row["component"]), row["level"], clean(row["message"] + exception))
    return Text("  ".join(word for word in words if word)).append(f"  [{clean(place)}]", style="dim")


def _table(found: Found) -> Any:
    from rich.text import Text

    from aitia.cli.tables import plain_table
    from aitia.render.text import clean, clip

    table = plain_table(*map(clean, found.columns))
    for row in found.rows:
        table.add_row(*(Text(clip(clean("" if v is None else str(v)), 200)) for v in row.values()))
    return table
