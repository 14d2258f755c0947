"""Logs of programs that speak other languages: their levels, their JSON's keys, records whose first line is all header."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.tools.text.headers import detect, fold
from aitia.tools.text.program_text import written
from aitia.tools.text.reading.record import begun

NEAR = datetime(2026, 11, 29, 15, tzinfo=UTC)


def read(lines: list[str]) -> list[tuple[str, str]]:
    """Level and message of each line."""
    header = detect(lines, zone=UTC, near=NEAR)
    assert header is not None
    return [(found[1], found[2]) if (found := header(line)) else ("", "") for line in lines]


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("FEHLER", "error"), ("Schwerwiegend", "error"), ("ERREUR", "error"), ("GRAVE", "error"), ("AVERTISSEMENT", "warning"),
        ("ADVERTENCIA", "warning"), ("AVVISO", "warning"), ("Hinweis", "info"), ("警告", "warning"), ("ошибка", "error"),
    ],
)  # fmt: skip
def test_levels_as_programs_translate_them(word: str, level: str) -> None:
    assert fold(word) == level


def test_a_column_of_them() -> None:
    lines = [
        f"29.11.2026 15:27:{i:02d} {'FEHLER' if i > 50 else 'INFO'} Kasse {i} antwortet nicht"
        for i in range(60)
    ]
    assert read(lines)[59] == ("error", "Kasse 59 antwortet nicht")


def french(i: int) -> str:
    return json.dumps(
        {
            "horodatage": f"2026-11-29T15:07:{i:02d}.655Z",
            "gravite": "ERREUR" if i % 2 else "INFO",
            "texte": f"lot {i} non collecté: certificate verify failed",
            "fournisseur": "aubrac" if i % 3 else "sully",
            "essai": i,
        }
    )


def test_json_whose_keys_are_in_another_language() -> None:
    found = read([french(i) for i in range(60)])
    assert found[1] == ("error", "lot 1 non collecté: certificate verify failed fournisseur=aubrac")
    assert found[0] == ("info", "lot 0 non collecté: certificate verify failed fournisseur=sully")


def test_json_between_the_lines_of_stack_traces() -> None:
    trace = [
        "Traceback (most recent call last):",
        '  File "/opt/a.py", line 3, in <module>',
        "    raise Error",
        "Error: x",
    ]
    lines = [line for i in range(60) for line in [french(i), *(trace if i % 2 else [])]]
    assert sum(level == "error" for level, _ in read(lines)) == 30


def test_pairs_whose_names_are_in_another_language() -> None:
    lines = [f'zeit=2026-11-29T15:27:{i:02d} stufe=FEHLER meldung="Verbindung {i} weg"' for i in range(60)]
    assert read(lines)[3] == ("error", "Verbindung 3 weg")


def test_a_record_whose_message_stands_below_its_header() -> None:
    assert begun("SCHWERWIEGEND: keine Route", "") == ("error", "keine Route")
    assert begun("SEVERE: no route", "") == ("error", "no route")
    assert begun("at noon: no route", "") == ("", "at noon: no route")


def test_what_a_server_answered_is_no_clients_text() -> None:
    assert written("server says 'Authorization Violation'").own == "server says Authorization Violation"
    assert "Violation" not in written("user says 'Authorization Violation'").own
    assert "memory" not in written("customer says the server says 'out of memory'").own


def test_a_status_in_the_exceptions_line_does_not_end_the_request() -> None:
    own = written(
        "POST /book/7 could not be served | java.io.IOException: Server returned HTTP response code: 429 for URL"
    ).own
    assert own.startswith("POST … could not be served | java.io.IOException")


def test_such_records_are_found_by_their_level(tmp_path: Path) -> None:
    lines = [
        f"Nov 29, 2026 3:27:{i:02d} PM com.x.Y z\n{'SEVERE' if i > 40 else 'INFO'}: no route {i}"
        for i in range(60)
    ]
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = CliRunner().invoke(app, ["logs", "search", str(tmp_path / "a.log"), "--level", "error", "--json"])
    assert json.loads(found.stdout)["matched"] == 19
