"""`aitia ask`: a question about live systems, about a run, or about what runbooks and past incidents say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aitia.cli.diagnose import At, Changes, Json, Logs, Metrics, Model, Signals, Threads, Topology

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer, Citation


def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="The question; give a run id before it to ask about a run, E12 or next 1 to look at a line again.",
            metavar="[RUN] QUESTION",
        ),
    ] = None,
    query: Annotated[
        str,
        typer.Option(
            "--query", metavar="QUERY", help='Run a query, as answers show it: lines(component="web").'
        ),
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Continue the last conversation: “and the database?”.")
    ] = False,
    conversation: Annotated[
        str, typer.Option("--conversation", metavar="ID", help="Continue this conversation.")
    ] = "",
    documents: Annotated[
        list[Path] | None,
        typer.Option("--documents", help="A folder of Markdown files to search; repeatable."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Config file whose sources are looked at."),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample/--no-sample", help="Search the sample runbooks last.")
    ] = True,
    metrics: Metrics = None,
    logs: Logs = None,
    changes: Changes = None,
    topology: Topology = None,
    signals: Signals = None,
    at: At = "",
    model: Model = "auto",
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Answer a question from live sources, a run's evidence, or runbooks and past incidents, with citations.

    A fact or a next check of a run (last E12, last next 1) is looked at again on the live sources.

    Exit code: 0 answered, 11 not in what there is or to be asked more clearly, 12 asked to change something, 2 bad input.
    """
    from datetime import UTC, datetime

    from aitia.api import settings_of
    from aitia.asking import ask as answer_of
    from aitia.cli.console import print_json
    from aitia.cli.inputs import named_sources
    from aitia.core.errors import BadInput
    from aitia.incoming import parse_moment

    words = _words(_of_a_check(words or []), query)
    if len(words) > (1 if again or conversation else 2):
        raise BadInput('Put the question in quotation marks: aitia ask [RUN] "why not the cache?".')
    if (again or conversation) and (documents or config):
        raise BadInput(
            "--documents and --config cannot be used with --again or --conversation: a conversation has "
            "its own."
        )
    answer = answer_of(
        words[-1],
        run=words[0] if len(words) == 2 else "",
        conversation=conversation,
        again=again,
        documents=documents or (),
        config=config,
        sample=sample,
        model=model,
        threads=threads,
        sources=named_sources(
            metrics=metrics or [],
            logs=logs or [],
            changes=changes or [],
            topology=topology or [],
            signals=signals or [],
        ),
        at=parse_moment(at, now=datetime.now(tz=UTC), option="--at") if at else None,
        live=settings_of(config) if config and len(words) == 2 else None,
        correcting="you",
    )
    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        show_answer(answer, **({} if answer.conversation else {"going_on": ""}))
    raise typer.Exit(code_of(answer))


def _of_a_check(words: list[str]) -> list[str]:
    """`last next 2` as a run and a question."""
    return (
        [words[0], " ".join(words[1:])]
        if len(words) == 3 and words[1].casefold() == "next" and words[2].isdigit()
        else words
    )


def _words(words: list[str], query: str) -> list[str]:
    """The question, or the query in its place. Raises BadInput."""
    from aitia.core.errors import BadInput
    from aitia.tools.query.notation import is_query

    if bool(words) == bool(query):
        raise BadInput('Ask something, such as: aitia ask "how many pods run?", or give --query.')
    if query and not is_query(query):
        raise BadInput(
            f'Write --query as verb(field=value, …), such as lines(component="web"), not {query[:80]!r}.'
        )
    return [query] if query else words


def code_of(answer: Answer) -> int:
    """The exit code of an answer."""
    from aitia.core.errors import EXIT_CAUSE, EXIT_REFUSED, EXIT_UNKNOWN

    return {"answered": EXIT_CAUSE, "refused": EXIT_REFUSED}.get(answer.status, EXIT_UNKNOWN)


def show_answer(
    answer: Answer, *, going_on: str = '; continue with: aitia ask --again "…"', whole: str = "--json"
) -> None:
    """The answer for a person: what is said with the numbers of what it rests on, then these, a line each.

    whole  where a line that is cut can be read whole
    """
    from rich.text import Text

    from aitia.agent.asking.answer import NOT_KNOWN
    from aitia.cli.console import note, stdout_console
    from aitia.core.percent import chance
    from aitia.render.text import clean, clean_lines

    console = stdout_console()
    if answer.found or (answer.status != "answered" and answer.replies):
        from aitia.cli.ask_show import show_looked

        show_looked(answer, going_on=going_on)
        return
    if answer.status == "not_known":
        console.print(Text(NOT_KNOWN, style="bold"))
    for reply in answer.replies:
        cites = " ".join(f"[{c}]" for c in reply.cites)
        if reply.by == "quote":
            place = next(c for c in answer.citations if c.id == reply.cites[0])
            console.print(Text.assemble((f"{cites} {clean(_place(place))}", "cyan")))
            console.print(Text(_indented(clean_lines(reply.text))))
        else:
            console.print(Text.assemble(clean(reply.text), (f" {cites}", "cyan")))
    for line in answer.nearest:
        console.print(Text(f"  nearest: {clean(line)}", style="dim"))
    rest = [c for c in answer.citations if not c.document]
    if rest:
        console.print()
    cut = False
    for ids, told, where in _lines(answer, rest):
        shown = Text.assemble((f"{ids:>4} ", "cyan"), told + "  " * bool(told), (where, "dim"))
        cut |= shown.cell_len > console.width
        console.print(shown, no_wrap=True, overflow="ellipsis", crop=True)
    sure = (
        "confidence that this answers the question"
        if answer.status == "answered"
        else "confidence that nothing here answers the question"
    )
    note(
        f"{sure}: {chance(answer.sure)}{going_on}" + (f"; see cut lines in full with {whole}" if cut else "")
    )
    for line in answer.notes:
        note(line)


def _lines(answer: Answer, citations: list[Citation]) -> Iterator[tuple[str, str, str]]:
    """What the answer rests on as (ids, text, place); a text that was said already is not said again."""
    from aitia.render.text import clean, glance

    ids: dict[tuple[str, str], list[str]] = {}
    for c in citations:
        told = "" if c.text.rstrip(".") in answer.text else clean(c.text)
        place = f"{clean(c.source)}: {c.query}" if c.source != "report" else "this run's report"
        ids.setdefault((told, place), []).append(c.id)
    for (told, place), named in ids.items():
        source, colon, query = place.partition(": ")
        yield ", ".join(named), told, source + colon + glance(query, len(query))


def _place(citation: Citation) -> str:
    lines = f":{citation.lines[0]}-{citation.lines[1]}" if citation.lines else ""
    heading = f" > {citation.heading}" if citation.heading else ""
    return f"{citation.title}{heading} ({citation.source}: {citation.path}{lines})"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
