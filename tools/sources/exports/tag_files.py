"""Lists of tags: `tags.csv`, `tags.yaml`, the site's dictionary, or any table of tags without times."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from aitia.core.bounds import load_yaml, read_text
from aitia.core.config import SourceConfig
from aitia.core.disk import write_whole
from aitia.core.errors import AitiaError, BadInput, SourceError
from aitia.core.trust import checked
from aitia.tools.meaning.dictionary import read_dictionary
from aitia.tools.meaning.names import lexicon
from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.meaning.vibration_zones import CLASSES, boundaries_of
from aitia.tools.sources.exports.formula import LONGEST, sides
from aitia.tools.sources.exports.long_rows import INDEX
from aitia.tools.sources.exports.sheets import MOST_BYTES, Sheet
from aitia.tools.sources.exports.words import called, key_of
from aitia.tools.sources.text_form import encoding_of, text_of
from aitia.tools.tags.map import PERSON, propose
from aitia.tools.tags.names import parts_of
from aitia.tools.tags.point import Point, TagEntry

NAMES: Final = ("tags.csv", "tags.yaml", "tags.yml")
_SIBLINGS: Final = 20  # files of a folder that are looked into
_LIST_BYTES: Final = 1 << 20
_KEPT: Final = 4  # lists that are held in memory: a fleet reads one for each of its assets
FIELDS: Final = ("tag", "asset", "point", "quantity", "unit", "low", "high", "description", "formula", "zone")
_KNOWN: Final = {
    "quantity": ("quantity", "grosse", "messgrosse", "magnitud"),
    "point": ("point", "measuring_point", "punkt", "punto"),
}


def map_of(config: SourceConfig, root: Path) -> dict[str, TagEntry]:
    """What the file that `options: {tags: FILE}` names says of tags; {} without it. Raises SourceError, BadInput."""
    file = str(config.options.get("tags", ""))
    if not file:
        return {}
    path = checked(root / Path(file).expanduser(), config.within)
    if not path.is_file():
        raise SourceError(f"Fix options.tags of source {config.name!r}: {file!r} does not exist.")
    return read_map(path)


def read_map(path: Path) -> dict[str, TagEntry]:
    """The entries of a list of tags, by tag. Raises BadInput that names what is wrong."""
    stat = path.stat()
    return dict(_read_map(path, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=_KEPT)
def _read_map(path: Path, size: int, changed: int) -> Mapping[str, TagEntry]:
    """The same; `size` and `changed` (ns) tell one state of the file from another."""
    if path.suffix.lower() != ".csv":
        return read_yaml(path)
    try:
        text = text_of(path, encoding_of(path), MOST_BYTES).removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Fix {path.name!r}: it cannot be read ({error}).") from None
    mark = max(
        ";\t,|", key=text.partition("\n")[0].count
    )  # it has a line of names, and hardly a number to tell it by
    rows = [[c.strip() for c in row] for row in csv.reader(io.StringIO(text), delimiter=mark)]
    found = listed(Sheet(name=path.stem, path=path.name, rows=rows))
    if not found and any(map(any, rows[1:])):
        raise BadInput(f"Name the columns of {path.name!r} in its first line: {', '.join(FIELDS)}.")
    return found


def beside(paths: Sequence[Path]) -> dict[str, TagEntry]:
    """What a list in the folder of the first file says of tags; {} where there is none. Raises BadInput."""
    found = next((f for name in NAMES if paths and _is_own(f := paths[0].parent / name)), None)
    return read_map(found) if found is not None else {}


def list_beside(path: Path) -> Path | None:
    """A file beside a table, of whatever name, that lists tags; None where there is none or it is called as `NAMES`."""
    others = sorted(p for p in path.parent.glob("*.csv") if p != path and p.name.lower() not in NAMES)
    return next((p for p in others[:_SIBLINGS] if tags_listed(p)), None)


def tags_listed(path: Path) -> int:
    """How many tags a file lists, with a column of tags beside what is said of each and none of times; 0 for no list."""
    try:
        if not _is_own(path) or path.stat().st_size > _LIST_BYTES:
            return 0
        found = read_map(path)
        head = text_of(path, encoding_of(path), MOST_BYTES).partition("\n")[0]
    except (AitiaError, OSError, UnicodeDecodeError):
        return 0
    names = re.split(r"[;\t,|]", head.removeprefix("\ufeff"))
    return 0 if any(called(n.strip(), w) for n in names for w in ("time", "value", "clock")) else len(found)


def _is_own(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def listed(sheet: Sheet) -> dict[str, TagEntry]:
    """The tags of a sheet that lists them: a column of tags beside machines, units or descriptions, and no times."""
    for at, row in enumerate(sheet.rows[:20]):
        columns = _columns(row)
        pairs = {"asset", "point"} <= columns.keys()
        if ("tag" in columns or pairs) and {
            "index",
            "asset",
            "unit",
            "description",
            "quantity",
            "low",
            "high",
            "formula",
            "zone",
        } & columns.keys():
            return _entries(sheet.rows[at + 1 :], columns, sheet.path)
    return {}


def is_list(sheet: Sheet) -> bool:
    """Whether a sheet is a list of tags by numbers, whatever times it holds: each tag once, and no column of values."""
    head = next((r for r in sheet.rows if any(r)), [])
    columns = _columns(head)
    if not {"tag", "index"} <= columns.keys() or any(called(c, "value") for c in head):
        return False
    tags = [r[columns["tag"]] for r in sheet.rows[1:] if columns["tag"] < len(r)]
    return bool(tags) and len(set(tags)) == len(tags)


def listed_above(place: str, rows: Sequence[list[str]], names: Set[str]) -> dict[str, TagEntry]:
    """What a list of tags above a table says of the series that are read there; {} where none stands there."""
    told = [r for r in rows[:-1] if not names.isdisjoint(r) or any(called(c, "tag") for c in r)]
    try:
        found = listed(Sheet(name="", path=place, rows=told)) if len(told) > 1 else {}
    except BadInput:  # a line of names, and not of limits
        return {}
    return {tag: entry for tag, entry in found.items() if tag in names}


def _columns(row: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, name in enumerate(row):
        role = key_of(name) if key_of(name) in FIELDS else ""
        role = role or next((f for f, words in _KNOWN.items() if key_of(name) in words), "")
        role = role or next(
            (r for r in ("tag", "asset", "unit", "description", "low", "high") if called(name, r)), ""
        )
        role = "index" if key_of(name) in (*INDEX, "id") or key_of(name).endswith(INDEX[0]) else role
        if role and role not in found:
            found[role] = at
    return found


def _entries(rows: Sequence[Sequence[str]], columns: Mapping[str, int], place: str) -> dict[str, TagEntry]:
    found = {}
    for row in rows:
        cells = {f: row[at].strip() if at < len(row) else "" for f, at in columns.items()}
        if cells.get("tag") and cells.get("index"):
            found[cells["index"]] = _named(cells, place)
        tag = cells.get("tag", "") or ".".join(filter(None, (cells.get("asset", ""), cells.get("point", ""))))
        tag = tag or sides(cells.get("formula", ""))[0]
        if tag:
            found[tag] = _entry(cells | {"tag": tag}, place)
    return found


def _named(cells: Mapping[str, str], place: str) -> TagEntry:
    """The entry of a tag that the data call by a number: its machine and point are those of its name."""
    point = Point(tag=cells["tag"], unit=cells.get("unit", ""), description=cells.get("description", ""))
    read = propose([point])[0]
    told = {"point": read.point, "quantity": read.quantity, "unit": read.unit} | {
        k: v for k, v in cells.items() if v
    }
    told |= {} if cells.get("asset") else {"asset": parts_of(cells["tag"]).asset}
    return _entry(told | {"tag": cells["index"]}, place)


def _entry(raw: Mapping[str, Any], place: str) -> TagEntry:
    said, description = str(raw.get("quantity") or ""), str(raw.get("description") or "")
    quantity = said if said in lexicon().quantities else quantity_in(said)
    if said and not quantity:  # a word of the site's own: it is read with the description
        description = f"{description} {said}".strip()
    return TagEntry(
        tag=str(raw["tag"]), asset=str(raw.get("asset") or ""), point=str(raw.get("point") or ""), quantity=quantity,
        unit=str(raw.get("unit") or ""), low=_limit(raw, "low", place), high=_limit(raw, "high", place),
        description=description, formula=_formula(raw, place), zone=_zone(raw, place), by=f"{PERSON} ({place})",
    )  # fmt: skip


def _limit(raw: Mapping[str, Any], field: str, place: str) -> float | None:
    text = str(raw.get(field) if raw.get(field) is not None else "").strip()
    if not text or text in ("-", "--"):
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise BadInput(
            f"Set {field} of {str(raw['tag'])[:60]!r} in {place!r} to a number, not {text[:40]!r}."
        ) from None


def _formula(raw: Mapping[str, Any], place: str) -> str:
    formula = str(raw.get("formula") or "").strip()
    if len(formula) > LONGEST:
        raise BadInput(
            f"Shorten the formula of {str(raw['tag'])[:60]!r} in {place!r} to {LONGEST} characters."
        )
    return formula


def _zone(raw: Mapping[str, Any], place: str) -> str:
    zone = str(raw.get("zone") or "").strip()
    if zone and boundaries_of(zone) is None:
        raise BadInput(f"Set zone of {str(raw['tag'])[:60]!r} in {place!r} to {CLASSES}, not {zone[:40]!r}.")
    return zone


def read_yaml(path: Path) -> dict[str, TagEntry]:
    """The entries of `tags.yaml`: TAG: {asset, point, quantity, unit, low, high}. Raises BadInput."""
    try:
        raw = load_yaml(read_text(path)) or {}
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"Fix {path.name!r}: {str(error)[:200]}") from None
    if isinstance(raw, dict) and {"names", "tags"} <= raw.keys():  # the site's dictionary
        said = read_dictionary(path).tags
        return {t: _entry({"tag": t, **e.model_dump()}, path.name) for t, e in said.items()}
    if not isinstance(raw, dict) or not all(isinstance(v, dict) for v in raw.values()):
        raise BadInput(f"{path.name!r} needs a mapping: TAG: {{asset: P-101, quantity: flow, unit: m3/h}}.")
    return {str(tag): _entry({"tag": str(tag), **of}, path.name) for tag, of in raw.items()}


def write_csv(path: Path, entries: Sequence[TagEntry]) -> None:
    """The map as `tags.csv`, for a person to correct; the file is whole at any time."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(FIELDS)
    for entry in entries:
        rows.writerow(["" if (v := getattr(entry, f)) is None else v for f in FIELDS])
    write_whole(path, text.getvalue().encode())
