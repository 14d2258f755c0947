"""Lists of tags beside the data (`tags.csv`, `tags.yaml`, or any table of tags without times): what a person says of each tag."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from aitia.core.bounds import load_yaml, read_text
from aitia.core.disk import write_whole
from aitia.core.errors import BadInput
from aitia.tools.meaning.names import lexicon
from aitia.tools.meaning.plant_words import quantity_in
from aitia.tools.sources.exports.sheets import Sheet
from aitia.tools.sources.exports.words import called, key_of
from aitia.tools.tags.map import PERSON, TagEntry

NAMES: Final = ("tags.csv", "tags.yaml", "tags.yml")
FIELDS: Final = ("tag", "asset", "point", "quantity", "unit", "low", "high", "description")
_KNOWN: Final = {
    "quantity": ("quantity", "grosse", "messgrosse", "magnitud"),
    "point": ("point", "measuring_point", "punkt", "punto"),
}


def listed(sheet: Sheet) -> dict[str, TagEntry]:
    """The tags of a sheet that lists them: a column of tags beside machines, units or descriptions, and no times."""
    for at, row in enumerate(sheet.rows[:20]):
        columns = _columns(row)
        if "tag" in columns and {"asset", "unit", "description", "quantity"} & columns.keys():
            return _entries(sheet.rows[at + 1 :], columns, sheet.path)
    return {}


def _columns(row: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, name in enumerate(row):
        role = key_of(name) if key_of(name) in FIELDS else ""
        role = role or next((f for f, words in _KNOWN.items() if key_of(name) in words), "")
        role = role or next(
            (r for r in ("tag", "asset", "unit", "description", "low", "high") if called(name, r)), ""
        )
        if role and role not in found:
            found[role] = at
    return found


def _entries(rows: Sequence[Sequence[str]], columns: Mapping[str, int], place: str) -> dict[str, TagEntry]:
    found = {}
    for row in rows:
        cells = {f: row[at].strip() if at < len(row) else "" for f, at in columns.items()}
        if cells["tag"]:
            found[cells["tag"]] = _entry(cells, place)
    return found


def _entry(raw: Mapping[str, Any], place: str) -> TagEntry:
    said, description = str(raw.get("quantity") or ""), str(raw.get("description") or "")
    quantity = said if said in lexicon().quantities else quantity_in(said)
    if said and not quantity:  # a word of the site's own: it is read with the description
        description = f"{description} {said}".strip()
    return TagEntry(
        tag=str(raw["tag"]), asset=str(raw.get("asset") or ""), point=str(raw.get("point") or ""), quantity=quantity,
        unit=str(raw.get("unit") or ""), low=_limit(raw, "low", place), high=_limit(raw, "high", place),
        description=description, by=f"{PERSON} ({place})",
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


def read_yaml(path: Path) -> dict[str, TagEntry]:
    """The entries of `tags.yaml`: TAG: {asset, point, quantity, unit, low, high}. Raises BadInput."""
    try:
        raw = load_yaml(read_text(path)) or {}
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"Fix {path.name!r}: {str(error)[:200]}") from None
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
