"""The scores of `aitia replay` as a table: in a terminal, as text and as Markdown."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Score = dict[str, Any]
PIPED, _TWO_TABLES = 160, 156
# What a narrow console does without, by least width.
_LEFT_OUT: tuple[tuple[int, tuple[str, ...]], ...] = (
    (120, ()),
    (98, ("answer",)),
    (0, ("answer", "repeated", "calls")),
)
_COLUMNS = (
    "scenario",
    "right",
    "rank",
    "verdict",
    "p",
    "answer",
    "grounded",
    "calls",
    "repeated",
    "tokens",
    "seconds",
)


def print_tables(console: Console, scores: dict[str, list[Score]]) -> None:
    """The table of each mode, side by side where the console is wide enough."""
    from rich.columns import Columns

    each = console.width // len(scores) if console.width >= _TWO_TABLES else console.width
    tables = [score_table(name, rows, width=each, titled=len(scores) > 1) for name, rows in scores.items()]
    console.print(Columns(tables, padding=(0, 4)) if len(tables) > 1 else tables[0])


def plain(scores: dict[str, list[Score]]) -> str:
    """The same tables without colour, one below the other."""
    from rich.console import Console

    stream = io.StringIO()
    for name, rows in scores.items():
        Console(file=stream, width=PIPED, force_terminal=False, no_color=True).print(
            score_table(name, rows, width=PIPED, titled=len(scores) > 1)
        )
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def markdown(scores: dict[str, list[Score]]) -> str:
    """A GitHub table of each mode, with a line of totals."""
    from aitia.render.markdown import escape

    blocks = []
    for name, rows in scores.items():
        lines = [_COLUMNS, ("---",) * len(_COLUMNS), *(cells(r) for r in rows), totals(rows)]
        shown = [
            line if n == 1 else [escape(c).replace("|", "\\|") for c in line] for n, line in enumerate(lines)
        ]
        table = "\n".join(f"| {' | '.join(line)} |" for line in shown)
        blocks.append(f"## {escape(name)}\n\n{table}" if len(scores) > 1 else table)
    return "\n\n".join(blocks) + "\n"


def score_table(name: str, rows: list[Score], *, width: int, titled: bool = False) -> Table:
    """Scores as a table with a line of totals; columns that find no room are left out."""
    from rich.table import Table
    from rich.text import Text

    left_out = next((columns for least, columns in _LEFT_OUT if width >= least), _LEFT_OUT[-1][1])
    table = Table(
        title=name if titled else None, box=None, pad_edge=False, header_style="bold", show_footer=True
    )
    shown = [n for n, column in enumerate(_COLUMNS) if column not in left_out]
    foot = totals(rows)
    for n in shown:
        right = _COLUMNS[n] not in ("scenario", "right", "verdict", "answer")
        wraps = _COLUMNS[n] == "answer"  # the message of a scenario that cannot be read is long
        table.add_column(_COLUMNS[n], footer=foot[n], justify="right" if right else "left", no_wrap=not wraps)
    for row in rows:
        line = cells(row)
        table.add_row(*(Text(line[n]) for n in shown))
    return table


def cells(row: Score) -> tuple[str, ...]:
    """One scenario's line."""
    from aitia.core.percent import chance
    from aitia.render.text import clean

    if "error" in row:
        return (str(row["id"]), "✗", "", "error", "", clean(str(row["error"])), "", "", "", "", "")
    answer = " ".join(str(row.get(k) or "") for k in ("component", "fault")).strip()
    return (
        str(row["id"]),
        "✓" if row.get("correct") else "✗",
        _text(row.get("rank")),
        str(row.get("verdict", "")),
        chance(float(row["probability"])) if row.get("probability") is not None else "",
        clean(answer),
        _share(row.get("grounded")),
        _text(row.get("calls")),
        _text(row.get("repeated_calls")),
        _text(_tokens(row)),
        f"{float(row.get('seconds') or 0.0):.1f}",
    )


def totals(rows: list[Score]) -> tuple[str, ...]:
    """How many are right; sums and the mean of the grounded share."""
    right = sum(bool(r.get("correct")) for r in rows)
    grounded = [float(r["grounded"]) for r in rows if r.get("grounded") is not None]
    sums = [str(sum(int(r.get(key) or 0) for r in rows)) for key in ("calls", "repeated_calls")]
    sums.append(str(sum(_tokens(r) for r in rows)))
    seconds = f"{sum(float(r.get('seconds') or 0.0) for r in rows):.1f}"
    mean = _share(sum(grounded) / len(grounded)) if grounded else ""
    return (f"Total: {len(rows)}", f"{right}/{len(rows)}", "", "", "", "", mean, *sums, seconds)


def _tokens(row: Score) -> int:
    """Evaluated and written tokens; those restored from a saved prefix cost nothing."""
    return int(row.get("tokens") or 0)


def _text(value: Any) -> str:
    return "–" if value is None else str(value)


def _share(value: Any) -> str:
    from aitia.core.percent import percent

    return "" if value is None else percent(float(value))
