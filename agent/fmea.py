"""FMEA sheets (CSV, TSV, XLSX; English or German headers) as fault kinds of a site's own.

A row is a kind where it names a component, a failure mode and a cause. What is written once above several rows counts for
all of them, as such sheets are written; a cause never does. A row without one is left out, and said.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from aitia.agent.fmea_symptoms import symptoms_of
from aitia.agent.machine_class import class_of
from aitia.agent.taxonomy_words import Fault, Pattern, Step
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Component
from aitia.tools.sources.column_names import plain
from aitia.tools.sources.text_form import form_of, text_of

SUFFIXES: Final = frozenset({".csv", ".tsv", ".xlsx", ".xlsm"})
MOST_ROWS: Final = 5_000
_MOST_BYTES: Final = 32 << 20
_HEADER: Final = 20  # rows in which the header is looked for
_CELL: Final = 400  # characters of a cell that are kept
_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "asset": ("asset", "equipment", "machine", "system", "anlage", "maschine", "equipo", "technischer_platz",
              "functional_location"),
    "component": ("component", "item", "element", "part", "subsystem", "bauteil", "komponente", "systemelement", "baugruppe",
                  "bauteil_funktion", "component_function", "item_function", "componente", "process_step", "prozessschritt"),
    "function": ("function", "funktion", "función", "funcion"),
    "mode": ("failure_mode", "potential_failure_mode", "failure_modes", "mode_of_failure", "fehlerart", "mögliche_fehlerart",
             "fehlermodus", "möglicher_fehler", "potentieller_fehler", "ausfallart", "fehler", "modo_de_fallo"),
    "cause": ("cause", "causes", "potential_cause", "potential_causes", "cause_of_failure", "failure_cause", "root_cause",
              "potential_cause_of_failure", "causes_of_failure", "fehlerursache", "mögliche_fehlerursache", "ursache", "ursachen",
              "mögliche_ursache", "causa"),
    "effect": ("effect", "effects", "failure_effect", "potential_effect", "potential_effects", "effect_of_failure",
               "effects_of_failure", "fehlerfolge", "mögliche_fehlerfolge", "auswirkung", "auswirkungen", "folge", "efecto"),
    "symptom": ("symptom", "symptoms", "symptome", "anzeichen", "merkmal", "merkmale", "indication", "síntoma"),
    "detection": ("detection_method", "detection", "current_controls_detection", "current_controls", "current_control",
                  "fehlererkennung", "entdeckungsmaßnahme", "entdeckung", "erkennung", "prüfung", "detección"),
    "action": ("action", "actions", "recommended_action", "recommended_actions", "corrective_action", "maßnahme", "massnahme",
               "empfohlene_maßnahme", "abstellmaßnahme", "maßnahmen", "acción"),
    "part": ("spare_part", "spare_parts", "spare", "spares", "ersatzteil", "ersatzteile", "repuesto"),
    "S": ("s", "sev", "severity", "b", "bedeutung"),
    "O": ("o", "occ", "occurrence", "a", "auftreten", "auftretenswahrscheinlichkeit"),
    "D": ("d", "det", "detection_rating", "e", "entdeckungswahrscheinlichkeit"),
}  # fmt: skip
_ID: Final = re.compile(r"(?<![^\W_])[^\W\d_]{1,5}[-_.]?\d[\w.-]*")
"""An asset's id within a text: what names one asset is no fault of all of its class."""
_DOWN: Final = (
    "asset",
    "component",
    "function",
    "mode",
    "effect",
)  # what a cell left empty takes from the row above
_PRIMARY: Final = 3.0  # log-odds of a symptom that the sheet names; by hand, as of taxonomy_machines.yaml
_APART: Final = Pattern(
    of="self", aspect="pattern.apart", kinds=("signal.apart",), weight=7.0, primary=True,
    why="without its signals all others of the plant agree",
)  # fmt: skip


class Sheet(NamedTuple):
    """The fault kinds of a sheet, and what was left out and why."""

    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def read_fmea(path: Path) -> Sheet:
    """The kinds of an FMEA sheet. Raises BadInput where it cannot be read or no row of it is a kind."""
    rows = _rows(path)
    head, columns = _header(rows, path)
    faults: dict[str, Fault] = {}
    notes: list[str] = []
    above: dict[str, str] = {}
    for number, row in enumerate(rows[head + 1 :], start=head + 2):
        cells = {name: _cell(row, at) for name, at in columns.items()}
        if not any(cells.values()):
            continue
        above = {name: cells.get(name) or above.get(name, "") for name in _DOWN}
        try:
            fault = _fault(cells | above, number)
        except BadInput as error:
            notes.append(str(error))
            continue
        faults[_free(fault.id, faults)] = fault
    if not faults:
        raise BadInput(f"Fix the FMEA {str(path)!r}: no row of it is a fault kind. {' '.join(notes[:3])}")
    return Sheet(tuple(f.model_copy(update={"id": key}) for key, f in faults.items()), tuple(notes))


def _fault(cells: Mapping[str, str], row: int) -> Fault:
    """The kind of a row. Raises BadInput, which says what it lacks."""
    where = f"row {row} ({cells.get('component') or cells.get('asset') or 'no component'}: {cells.get('mode') or 'no mode'})"
    for needed in ("mode", "cause"):
        if not cells.get(needed):
            raise BadInput(f"Left out {where}: write its {'failure mode' if needed == 'mode' else needed}.")
    part = cells.get("component") or cells.get("asset") or ""
    of = cells.get("asset") or part
    if not part:
        raise BadInput(f"Left out {where}: write the component that fails.")
    shown = symptoms_of(
        ". ".join(filter(None, (cells.get("symptom"), _words(cells.get("detection", "")), cells["mode"])))
    )
    signs = [
        p.model_copy(update={"weight": _PRIMARY, "primary": True, "why": f"the FMEA names it (row {row})"})
        for p in shown
    ]
    if not signs:
        raise BadInput(
            f"Left out {where}: write a symptom that is measured, such as 'vibration rises' or 'flow low'."
        )
    ids = tuple(m.casefold() for m in _ID.findall(of))
    kind = "" if ids else class_of(Component(id=of, type="machine"))
    named = tuple(dict.fromkeys(filter(None, (of.casefold(), *ids, kind))))
    return Fault(
        id=".".join(("machine", "fmea", _slug(part), _slug(cells["mode"]))),
        source=f"FMEA, row {row}{_ratings(cells)}",
        title=f"{part}: {cells['mode']}", explanation=cells["cause"], effect=cells.get("effect", ""),
        machines=named, words=tuple(_in(part, cells["mode"], cells["cause"])),
        requires_any=tuple(shown), patterns=(_APART, *signs),
        parts=tuple(_list(cells.get("part", ""))), now=tuple(_steps(cells)),
    )  # fmt: skip


def _steps(cells: Mapping[str, str]) -> Iterator[Step]:
    if how := _words(cells.get("detection", "")):
        yield Step(text=f"Check {{component}}: {_plain(how)}", effect="read-only")
    yield Step(
        text=f"Check whether this is the cause at {{component}}: {_plain(cells['cause'])}", effect="read-only"
    )
    if action := cells.get("action", ""):
        yield Step(text=f"{_plain(action)} ({{component}})", effect="changing")


def _plain(text: str) -> str:
    """A cell as a part of a step: braces would be taken for a placeholder."""
    return text.replace("{", "(").replace("}", ")").rstrip(". ")


def _words(cell: str) -> str:
    """A cell unless it is a mere rating."""
    return "" if re.fullmatch(r"\d+([.,]\d+)?", cell) else cell


def _ratings(cells: Mapping[str, str]) -> str:
    told = [
        f"{name} {cells[name]}" for name in ("S", "O", "D") if re.fullmatch(r"\d{1,2}", cells.get(name, ""))
    ]
    return f" ({', '.join(told)})" if told else ""


def _in(*texts: str) -> list[str]:
    return list(dict.fromkeys(w.casefold() for t in texts for w in re.findall(r"[^\W\d_]{3,}", t)))


def _list(cell: str) -> list[str]:
    return [p.strip() for p in re.split(r"[;,\n]", cell) if p.strip()]


def _slug(text: str) -> str:
    return "_".join(re.findall(r"[^\W_]+", text.casefold()))[:60] or "x"


def _free(wanted: str, taken: Mapping[str, Fault]) -> str:
    return next(n for n in (wanted, *(f"{wanted}_{k}" for k in range(2, MOST_ROWS))) if n not in taken)


def _cell(row: Sequence[str], at: int) -> str:
    return " ".join(row[at].split())[:_CELL] if at < len(row) else ""


def _header(rows: Sequence[Sequence[str]], path: Path) -> tuple[int, dict[str, int]]:
    """The header's row, and where each kind of cell stands in it."""
    for at, row in enumerate(rows[:_HEADER]):
        names = [re.sub(r"_\(.*$|[.:*]+$", "", plain(cell)) for cell in row]
        found = {
            kind: names.index(w) for kind, words in _COLUMNS.items() for w in reversed(words) if w in names
        }
        if {"mode", "cause"} <= found.keys() and found.keys() & {"component", "asset"}:
            return at, found
    raise BadInput(
        f"Fix the FMEA {str(path)!r}: name its columns, at least Component, Failure Mode and Cause (or Bauteil, Fehlerart, "
        f"Fehlerursache), in one of its first {_HEADER} rows."
    )


def _rows(path: Path) -> list[list[str]]:
    try:
        rows = _of_excel(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _of_text(path)
    except SourceError as error:
        raise BadInput(str(error)) from None
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(path)!r}: {error.strerror}. Check that it exists and its permissions."
        ) from None
    if len(rows) > MOST_ROWS:
        raise BadInput(
            f"Split the FMEA {str(path)!r}: it has {len(rows)} rows, {MOST_ROWS} are read at most."
        )
    return rows


def _of_text(path: Path) -> list[list[str]]:
    form = form_of(path)
    text = text_of(path, form.encoding, _MOST_BYTES).removeprefix("\ufeff")
    return list(csv.reader(text.splitlines(keepends=True), delimiter=form.delimiter))


def _of_excel(path: Path) -> list[list[str]]:
    """The cells of the first sheet that has a header, as text."""
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise BadInput(
            f"Install openpyxl to read {str(path)!r} (pip install 'aitia[excel]'), or save it as CSV."
        ) from None
    from zipfile import BadZipFile

    if path.stat().st_size > _MOST_BYTES:
        raise BadInput(f"Split the FMEA {str(path)!r}: it has more than {_MOST_BYTES >> 20} MiB.")
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise BadInput(
            f"Fix the Excel file {str(path)!r}: it cannot be opened ({error}). Save it anew as .xlsx."
        ) from None
    sheets = []
    for sheet in book.worksheets:
        rows = [
            ["" if c is None else str(c) for c in row]
            for row in sheet.iter_rows(max_row=MOST_ROWS + 1, values_only=True)
        ]
        sheets.append(rows)
        if any(plain(cell) in _COLUMNS["mode"] for row in rows[:_HEADER] for cell in row):
            return rows
    return sheets[0] if sheets else []
