"""`aitia logs train` and `aitia logs classify`: classes of log lines, learned from a table of labelled ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import Json
from aitia.core.percent import percent

if TYPE_CHECKING:
    from aitia.models.embed import Embedder
    from aitia.tools.logs.classify.words import Model

MiniLM = Annotated[
    bool, typer.Option("--minilm/--no-minilm", help="Use sentence embeddings if they are installed.")
]


def train(
    table: Annotated[Path, typer.Argument(help="Labelled lines: .csv, .jsonl or .xlsx.", metavar="TABLE")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model file to write (JSON).")],
    text: Annotated[str, typer.Option(help="The column with the lines.")] = "text",
    label: Annotated[str, typer.Option(help="The column with the classes.")] = "label",
    precision: Annotated[
        float,
        typer.Option(
            min=0.5, max=1.0, help="Minimum precision: leave a line unnamed rather than fall below it."
        ),
    ] = 0.9,
    minilm: MiniLM = True,
    as_json: Json = False,
) -> None:
    """Learn the classes of log lines; what is best is chosen by cross-validation, and its figures are in the file."""
    from aitia.cli.console import note, print_json
    from aitia.cli.logs_show import redactor
    from aitia.tools.logs.classify.classifier import save
    from aitia.tools.logs.classify.learn import learn
    from aitia.tools.logs.classify.table import read

    data = read(table, text=text, label=label)
    redact, embedder = redactor().text, _embedder(minilm)
    model = learn(
        [redact(line) for line in data.texts],
        data.labels,
        name=output.stem,
        embed=embedder.embed if embedder else None,
        embedder=embedder.sha256 if embedder else "",
        precision=precision,
        sha256=data.sha256,
        skipped=data.skipped,
    )
    save(model, output)
    if as_json:
        print_json(model.model_dump(mode="json", exclude={"parts"}) | {"mixture": model.mixture})
        return
    _print(model)
    note(f"written to {output}")


def classify(
    model: Annotated[
        str,
        typer.Argument(help="A model file, or `signal` or `category` for a bundled one.", metavar="MODEL"),
    ],
    lines: Annotated[Path, typer.Argument(help="A file with a line per row; - is stdin.", metavar="FILE")],
    minilm: MiniLM = True,
    as_json: Json = False,
) -> None:
    """Name the class of each line, tab-separated: class (- where unsure), probability, line."""
    from aitia.cli.console import note, print_json
    from aitia.cli.logs_show import redactor
    from aitia.core.errors import BadInput
    from aitia.render.text import clean
    from aitia.tools.logs.classify.classifier import Classifier, load
    from aitia.tools.logs.classify.prior import TARGETS, bundled

    try:
        data = sys.stdin.buffer.read() if str(lines) == "-" else lines.read_bytes()
    except OSError as error:
        raise BadInput(f"Cannot read {str(lines)!r} ({error.strerror}). Give a readable file.") from None
    if b"\0" in data:
        raise BadInput(f"{str(lines)!r} is binary. Give a text file.")
    embedder = _embedder(minilm)
    made = Classifier(
        bundled(model) if model in TARGETS else load(Path(model)),
        embed=embedder.embed if embedder else None,
        embedder=embedder.sha256 if embedder else "",
    )
    redact = redactor().text
    texts = [redact(line) for line in data.decode("utf-8", "replace").split("\n") if line.strip()]
    named = made.name(texts)
    if as_json:
        rows = [name.model_dump() | {"text": text} for name, text in zip(named, texts, strict=True)]
        print_json({"mixture": made.model.mixture, "without_minilm": made.left_out, "lines": rows})
        return
    for name, text in zip(named, texts, strict=True):
        print(f"{name.label or '-'}\t{name.probability:.2f}\t{clean(text)}")
    if made.left_out:
        note("without embeddings: fetch minilm-l6-v2 for better answers")


def _embedder(wanted: bool) -> Embedder | None:
    """The embedding model; None, with a note, where it is not installed."""
    from aitia.cli.console import note
    from aitia.core.errors import ModelError
    from aitia.models.embed import Embedder

    if not wanted:
        return None
    try:
        return Embedder()
    except ModelError as error:
        note(f"without embeddings: {error}")
        return None


def _print(model: Model) -> None:
    from rich.table import Table

    from aitia.cli.console import stdout_console

    table = Table(box=None, pad_edge=False)
    for heading in ("mixture", "weighted F1, held out"):
        table.add_column(heading, justify="left" if heading == "mixture" else "right")
    for name, value in model.figures.candidates.items():
        table.add_row(f"{name} *" if name == model.mixture else name, f"{value:.3f}")
    console, d, f = stdout_console(), model.data, model.figures
    console.print(table)
    right = "" if f.named_right is None else f", right in {percent(f.named_right)} of them"
    console.print(
        f"{d.rows} lines ({d.templates} templates, {d.conflicts} texts with two classes, {d.skipped} rows skipped),"
        f" {len(model.classes)} classes; * chosen by log-loss: {f.log_loss:.3f}, ECE {f.ece:.3f};"
        f" names {percent(f.named)} of lines{right}"
    )
