"""The commands of `aitia chat`, by name: each shows something of the run in hand, or does something with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aitia.core.errors import BadInput

if TYPE_CHECKING:
    from aitia.cli.conversation import Talk
    from aitia.core.words import Evidence, Report

MOST_RUNS, MOST_FACTS = 20, 15
ENDINGS = (".html", ".md", ".json", ".pdf", ".txt")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a command takes, what it is for, and what it does with the text behind its name."""

    takes: str = ""
    help: str
    do: Callable[[Talk, str], None]


def do(talk: Talk, line: str) -> None:
    """Carry out a line that begins with a slash. Raises BadInput where there is no such command."""
    name, _, rest = line.removeprefix("/").partition(" ")
    if name not in COMMANDS:
        raise BadInput(
            f"Unknown command /{name}. Type /help for the commands, or put /new before text that begins "
            "with a slash."
        )
    COMMANDS[name].do(talk, rest.strip())


def _only(_: object) -> None:
    """A command returns nothing."""


def _evidence(talk: Talk, wanted: str) -> None:
    from aitia.cli.chat_show import show_fact, show_facts
    from aitia.render.text import cited_ids

    report = talk.report()
    by_id = {e.id.casefold(): e for e in report.evidence}
    if (one := by_id.get(wanted.casefold())) is not None:
        show_fact(report, one)
        return
    if wanted:
        found = _facts_of(report, wanted)
        if not found:
            raise BadInput(
                f"Nothing matches {wanted!r}. Give a fact, a component or a kind, as /evidence lists them."
            )
        show_facts(found, limit=MOST_FACTS * 4)
        return
    cited = set(cited_ids(report))
    show_facts(sorted(report.evidence, key=lambda e: (e.id not in cited, -e.strength)), limit=MOST_FACTS)


def _facts_of(report: Report, wanted: str) -> list[Evidence]:
    """The facts of a component, by any of its names, or of a kind (`log`, `log.new`), strongest first."""
    word = wanted.casefold()
    ids = {c.id for c in report.inventory.components if word in (n.casefold() for n in (c.id, *c.aliases))}
    found = [
        e
        for e in report.evidence
        if e.component in ids or word == e.component.casefold() or f"{e.kind}.".startswith(f"{word}.")
    ]
    return sorted(found, key=lambda e: -e.strength)


def _why(talk: Talk, wanted: str) -> None:
    from aitia.cli.console import stdout_console
    from aitia.cli.explain import explanation, print_suspects

    report = talk.report()
    told = explanation(talk.held(), report)
    suspects = told["suspects"]
    if not wanted:
        named = (report.component, report.fault) if report.verdict == "cause" else ("", report.verdict)
        told["suspects"] = [s for s in suspects if (s["component"], s["fault"]) == named] or suspects[:1]
    else:
        words = wanted.casefold().split()
        told["suspects"] = [
            s for s in suspects if all(w in f"{s['component']} {s['fault']}".casefold() for w in words)
        ]
        if not told["suspects"]:
            known = ", ".join(dict.fromkeys(s["component"] or s["fault"] for s in suspects))
            raise BadInput(
                f"{wanted} is not a suspect. Give one of these: {known}; /evidence {wanted} shows its facts."
            )
    print_suspects(stdout_console(), told)


def _again(talk: Talk, wanted: str) -> None:
    """Look again at what a next check (`/run 1`) or a fact (`/run E12`) rests on."""
    number = wanted.removeprefix("next").strip() or "1"
    talk.ask(f"next {number}" if number.isdigit() else number)


def _sections(*titles: str, none: str, after: str = "") -> Callable[[Talk, str], None]:
    """Shows these sections of the report, whole."""

    def show(talk: Talk, _: str) -> None:
        from aitia.cli.console import artifacts_of, note, stdout_console
        from aitia.render.document import build
        from aitia.render.terminal import print_sections

        report = talk.report()
        found = [s for s in build(report, artifacts=artifacts_of(report)).sections if s.title in titles]
        if not found:
            note(none)
            return
        print_sections(stdout_console(), found)
        if after:
            note(after)

    return show


def _report(talk: Talk, _: str) -> None:
    from aitia.cli.console import artifacts_of, stdout_console
    from aitia.render.terminal import print_report

    print_report(stdout_console(), talk.report(), full=True, artifacts=artifacts_of(talk.report()))


def _runs(talk: Talk, _: str) -> None:
    from aitia.cli.chat_show import show_runs
    from aitia.cli.console import note
    from aitia.core.home import aitia_home
    from aitia.core.store import list_runs

    found = list_runs(aitia_home())
    if not found:
        note("no runs yet: describe what is wrong to start one")
        return
    show_runs(found[:MOST_RUNS], held=talk.run)
    if len(found) > MOST_RUNS:
        note(f"{len(found) - MOST_RUNS} more: aitia runs list --limit {len(found)}")


def _confirm(talk: Talk, said: str) -> None:
    from aitia.cli.confirm import sentence
    from aitia.cli.console import note
    from aitia.outcomes import confirm

    word, component, fault, *rest = [*said.split(), "", "", ""]
    if any(rest) or word not in ("right", "wrong") or (word == "wrong") != bool(component):
        raise BadInput("Type /confirm right, or give the real cause: /confirm wrong COMPONENT FAULT.")
    kept = confirm(talk.held().id, right=word == "right", component=component, fault=fault)
    for line in kept.notes:
        note(line)
    note(sentence(kept, talk.report()))


def _save(talk: Talk, file: str) -> None:
    from aitia.cli.console import pick_format, put_report

    output = Path(file).expanduser()
    if not file or output.suffix.lower() not in ENDINGS:
        raise BadInput(f"The file name must end in {', '.join(ENDINGS)}, for example /save report.html.")
    if talk.held().meta().get("state") != "finished":
        raise BadInput("There is no report to save yet. /report shows what is known so far.")
    put_report(
        talk.report(), format=pick_format(None, as_json=False, output=output), output=output, full=True
    )


def _help(talk: Talk, _: str) -> None:
    from aitia.cli.chat_show import show_commands

    show_commands(COMMANDS)


COMMANDS: dict[str, Command] = {
    "evidence": Command(
        takes="[E12|COMPONENT|KIND]",
        help="list facts (cited ones first), show one in full, or filter them",
        do=_evidence,
    ),
    "why": Command(
        takes="[COMPONENT|FAULT]", help="what made a suspect more or less likely, fact by fact", do=_why
    ),
    "run": Command(
        takes="[1|E12]",
        help="look at a next check or a fact again, on the live sources; it only reads",
        do=_again,
    ),
    "correct": Command(
        takes="TEXT",
        help="tell what it is not or when it began: /correct it began at nine",
        do=lambda talk, rest: talk.correct(rest),
    ),
    "next": Command(
        help="what to check next, with commands", do=_sections("Check next", none="nothing is left to check")
    ),
    "steps": Command(
        help="what to do now and how to prevent it; aitia runs none of it",
        do=_sections(
            "Do now",
            "Prevent",
            none="no steps are known for this verdict",
            after="aitia runs none of these: a step marked [makes changes] alters the system",
        ),
    ),
    "ruled-out": Command(
        help="what it is not, and why",
        do=_sections("Ruled out", "Other candidates", none="nothing was ruled out"),
    ),
    "timeline": Command(
        help="what began when", do=_sections("Timeline (UTC)", none="no fact has a start time")
    ),
    "report": Command(help="the whole report", do=_report),
    "save": Command(takes="FILE", help="the report to a file: .html, .md, .json, .pdf, .txt", do=_save),
    "confirm": Command(
        takes="right | wrong COMPONENT FAULT", help="record the real cause, to learn from it", do=_confirm
    ),
    "again": Command(help="look at the incident again, up to now", do=lambda talk, _: talk.again()),
    "resume": Command(
        takes="[RUN]", help="resume a stopped diagnosis", do=lambda talk, rest: talk.resume(rest)
    ),
    "stop": Command(help="stop the diagnosis that runs, as Ctrl-C does", do=lambda talk, _: talk.interrupt()),
    "ask": Command(
        takes="TEXT", help="ask live systems or documents", do=lambda talk, rest: _only(talk.ask_live(rest))
    ),
    "new": Command(takes="TEXT", help="diagnose another incident", do=lambda talk, rest: talk.new(rest)),
    "since": Command(
        takes="TIME TEXT",
        help="the same, for one that began earlier: /since 2h checkout is slow",
        do=lambda talk, rest: talk.since(rest),
    ),
    "runs": Command(help="recorded runs", do=_runs),
    "open": Command(takes="RUN", help="talk about a recorded run", do=lambda talk, rest: talk.open(rest)),
    "help": Command(help="this list", do=_help),
    "quit": Command(help="exit, as Ctrl-D does; every run is saved", do=lambda talk, _: None),
}
