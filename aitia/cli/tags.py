"""`aitia tags`: which machine, point, quantity, unit and range each tag of an export has, and how the files were read."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.core.words import Component
    from aitia.tools.sources.exports.asked import Samples
    from aitia.tools.sources.exports.export import Export
    from aitia.tools.tags.feeds import Feed
    from aitia.tools.tags.point import TagEntry


def tags(
    place: Annotated[Path, typer.Argument(help="An export: a file or a folder.", metavar="FILE|FOLDER")],
    write: Annotated[
        Path | None,
        typer.Option(
            help="Write the map here (tags.csv beside the data is read).", metavar="CSV", show_default=False
        ),
    ] = None,
    samples: Annotated[
        str, typer.Option(help="Print time and value of this tag as CSV.", metavar="TAG", show_default=False)
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Keep in the dictionary what a tag is: 'TI3301 asset=P-101 quantity=temperature'; repeatable.",
            metavar="'TAG FIELD=VALUE …'",
        ),
    ] = None,
    dictionary: Annotated[
        Path, typer.Option("--dictionary", help="The site's dictionary.", dir_okay=False)
    ] = Path("dictionary.yaml"),
    orders: Annotated[
        Path | None,
        typer.Option(
            help="Work orders (CSV) whose functional locations say what is part of what.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    topology: Annotated[
        Path | None,
        typer.Option(
            help="Write the asset tree here, for a source of type topology.",
            metavar="YAML",
            show_default=False,
        ),
    ] = None,
    timezone: Annotated[str, typer.Option(help="Zone of times without one.", show_default=False)] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Show the tag map of an export as it is: tag, machine, point, quantity, unit, range, and how each was told.

    What is wrong is corrected in the written `tags.csv`, which decides beside the data, or with --set in the site's dictionary,
    which a diagnosis, a question and a fleet read where aitia.yaml names it.
    """
    from aitia.cli.console import note, print_json
    from aitia.tools.tags.feeds import feeds_of, with_feeds
    from aitia.tools.tags.tree import placed_in, tree_lines, tree_of

    export = _read(place, timezone, dictionary)
    if set_:
        _keep(export, set_, dictionary)
        export = _read(place, timezone, dictionary)
    if samples:
        _print_samples(export, samples)
        return
    if write is not None:
        _write(export, write, force=force)
    proposed = feeds_of(export.entries, {s.tag.name: (s.t, s.v) for s in export.series})
    tree = with_feeds(tree_of(export.entries, placed_in(orders) if orders else ()), proposed)
    if topology is not None:
        _write_tree(tree, proposed, topology, force=force)
    if as_json:
        rows = [_row(e, s) for e, s in zip(export.entries, export.series, strict=True)]
        print_json(
            {"tags": rows, "guessed": export.said, "notes": export.notes, "zoned": export.zoned,
             "feeds": [asdict(f) | {"sure": f.sure} for f in proposed],
             "tree": [c.model_dump(mode="json", exclude_defaults=True) for c in tree]}
        )  # fmt: skip
        return
    _show(export)
    if any(c.links for c in tree):
        print("\nasset tree, by spelling" + (" and work orders" if orders else "") + ":")
        for line in tree_lines(tree):
            print(f"  {line}")
    _show_feeds(proposed)
    for word in [*export.said, *export.notes]:
        note(word)
    if not export.zoned:
        note("times without a zone are read as UTC (else add --timezone)")


def _show_feeds(proposed: Sequence[Feed]) -> None:
    """What feeds what, those by names first, those to confirm marked."""
    if proposed:
        print("\nwhat feeds what, proposed (a ? is to be confirmed: --topology writes it as a comment):")
    for feed in sorted(proposed, key=lambda f: (not f.sure, f.source, f.to)):
        print(f"  {' ' if feed.sure else '?'} {feed.source} feeds {feed.to}  ({feed.by}: {feed.why})")


def _read(place: Path, timezone: str, dictionary: Path) -> Export:
    from datetime import UTC, datetime

    from aitia.cli.logs_diff import zone_named
    from aitia.core.config import SourceConfig
    from aitia.core.errors import BadInput
    from aitia.probe_files import is_measured
    from aitia.tools.sources.exports.asked import Asked
    from aitia.tools.sources.exports.export import read_export
    from aitia.tools.sources.exports.tag_files import read_map
    from aitia.tools.sources.paths import iter_files

    if not place.exists():
        raise BadInput(f"{str(place)!r} does not exist. Give an export: a file or a folder.")
    config = SourceConfig(name="export", kind="metrics", type="table", path=str(place.absolute()))
    zone = zone_named(timezone) if timezone else UTC
    asked = Asked(near=datetime.now(UTC), zone=zone, zone_given=bool(timezone))
    root = place if place.is_dir() else place.parent
    files = [f for f in iter_files(config, Path("/")) if f == place.absolute() or is_measured(f)]
    known = read_map(dictionary) if dictionary.is_file() else {}
    return read_export(files, asked, root=root.absolute(), known=known)


def _keep(export: Export, told: Sequence[str], file: Path) -> None:
    """Write what a person says of tags into the dictionary, beside what it holds. Raises BadInput."""
    from pydantic import ValidationError

    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.tools.meaning.dictionary import Dictionary, Tag, read_dictionary, write_dictionary

    found = read_dictionary(file) if file.exists() else Dictionary()
    tags = dict(found.tags)
    held = {s.tag.name for s in export.series}
    for text in told:
        tag, fields = _said(text)
        if tag not in held and not (fields.get("formula") or tags.get(tag, Tag()).formula):
            raise BadInput(f"There is no tag {tag!r}. Give --set one of: {', '.join(sorted(held)[:8])}.")
        before = tags.get(tag, Tag()).model_dump()
        try:
            tags[tag] = Tag.model_validate(before | fields)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadInput(
                f"Fix {'.'.join(map(str, first['loc']))} in --set {text!r}: {first['msg']}."
            ) from None
    write_dictionary(file, found.model_copy(update={"tags": tags}))
    note(f"{len(told)} of {len(tags)} tags of {file} set; aitia.yaml reads it as a source of type dictionary")


def _said(text: str) -> tuple[str, dict[str, str]]:
    """The tag and the fields of `TAG FIELD=VALUE …`; a tag may hold blanks, and a value too."""
    import re

    from aitia.core.errors import BadInput
    from aitia.tools.meaning.dictionary import Tag

    parts = re.split(rf"\s+({'|'.join(Tag.model_fields)})=", text.strip())
    if len(parts) < 3 or not parts[0]:
        raise BadInput(
            f"Write --set as 'TAG FIELD=VALUE …' with fields {', '.join(Tag.model_fields)}, not {text[:80]!r}."
        )
    return parts[0], dict(zip(parts[1::2], (v.strip() for v in parts[2::2]), strict=True))


def _row(entry: TagEntry, samples: Samples) -> dict[str, Any]:
    """An entry with what it holds: known samples, first and last time, and how its unit becomes the canonical one."""
    import numpy as np

    from aitia.core.words import from_epoch
    from aitia.tools.meaning.unit_table import unit_named

    known = np.isfinite(samples.v)
    t = samples.t[known]
    ends = (
        [from_epoch(float(x)).isoformat().replace("+00:00", "Z") for x in (t.min(), t.max())]
        if t.size
        else ["", ""]
    )
    unit = unit_named(entry.unit)
    told = {"unit": unit.to, "factor": unit.factor, "offset": unit.offset} if unit else None
    return asdict(entry) | {"samples": int(known.sum()), "first": ends[0], "last": ends[1], "canonical": told}


def _write(export: Export, file: Path, *, force: bool) -> None:
    from aitia.cli.console import note
    from aitia.core.errors import BadInput
    from aitia.tools.sources.exports.tag_files import write_csv

    if file.exists() and not force:
        raise BadInput(f"{str(file)!r} already exists. Add --force to overwrite it.")
    write_csv(file, export.entries)
    note(f"{len(export.entries)} tags written to {file}; correct it and keep it beside the data as tags.csv")


def _write_tree(tree: Sequence[Component], proposed: Sequence[Feed], file: Path, *, force: bool) -> None:
    import yaml

    from aitia.cli.console import note
    from aitia.core.disk import write_whole
    from aitia.core.errors import BadInput

    if file.exists() and not force:
        raise BadInput(f"{str(file)!r} already exists. Add --force to overwrite it.")
    body = {"components": [c.model_dump(mode="json", exclude_defaults=True) for c in tree]}
    head = "# Proposed by `aitia tags` from the spelling of tags: read it, and add what feeds what.\n"
    head += "".join(
        f"# To confirm: {f.source} feeds {f.to} ({' '.join(f.why.split())})\n" for f in proposed if not f.sure
    )
    write_whole(file, (head + yaml.safe_dump(body, sort_keys=False, allow_unicode=True)).encode())
    note(f"{len(tree)} components written to {file}")


def _print_samples(export: Export, tag: str) -> None:
    import math

    from aitia.core.errors import BadInput
    from aitia.core.words import from_epoch

    found = [s for s in export.series if s.tag.name == tag]
    if not found:
        names = ", ".join(sorted({s.tag.name for s in export.series})[:8])
        raise BadInput(f"There is no tag {tag!r}. Give --samples one of: {names}.")
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("time", "value"))
    for one in found:
        for t, v in zip(one.t.tolist(), one.v.tolist(), strict=True):
            rows.writerow(
                (from_epoch(t).isoformat().replace("+00:00", "Z"), "" if math.isnan(v) else repr(v))
            )


def _show(export: Export) -> None:
    from rich.table import Table
    from rich.text import Text

    from aitia.cli.console import stdout_console

    table = Table(box=None, pad_edge=False)
    for title in ("tag", "asset", "point", "quantity", "unit", "range", "samples", "by"):
        table.add_column(title, overflow="fold")
    for entry, samples in zip(export.entries, export.series, strict=True):
        limits = [f"{v:g}" if v is not None else "" for v in (entry.low, entry.high)]
        span = "..".join(limits) if any(limits) else ""
        count = _row(entry, samples)["samples"]
        cells = (entry.tag, entry.asset, entry.point, entry.quantity, entry.unit, span, str(count), entry.by)
        table.add_row(*(Text(cell) for cell in cells))
    stdout_console().print(table)
