"""`aitia logs patterns` and `aitia logs diff`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aitia.cli.crew import Ray
from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.tools.logs.naming.namer import Namer
    from aitia.tools.text.reading import LogSet

WORDS = "words"
_TIME = "a time (UTC unless it names a zone), or a duration before the last line such as 30m"
Paths = Annotated[list[str], typer.Argument(help="Files, folders, globs, or - for stdin.", metavar="PATH...")]
Old = Annotated[str, typer.Argument(help="What is normal: a file, folder, glob or -.", metavar="BEFORE")]
New = Annotated[str, typer.Argument(help="The logs to compare with it.", metavar="AFTER")]
Since = Annotated[str, typer.Option("--since", metavar="TIME", help=f"Start time: {_TIME}.")]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="End time.")]
Base = Annotated[
    str,
    typer.Option("--baseline", metavar="START/END", help="What is normal; default: all before --since."),
]
Zone = Annotated[
    str, typer.Option("--timezone", help="Time zone for times without one, such as Europe/Berlin.")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, max=64, help="Number of reader processes.")]
Top = Annotated[int, typer.Option("--top", "-n", min=0, help="Templates shown per component.")]
Most = Annotated[int, typer.Option("--changes", "-c", min=1, help="Changes shown per component.")]
Save = Annotated[
    Path | None, typer.Option("--save", help="Save the templates here, to continue from them later.")
]
NameWith = Annotated[
    str,
    typer.Option(
        "--name-with",
        metavar="MODEL",
        help=(
            "Name the shown templates with a local model, each name verified by code; `words`: use their "
            "most distinctive words."
        ),
    ),
]
Load = Annotated[Path | None, typer.Option("--templates", help="Continue from templates written by --save.")]


def patterns(
    paths: Paths,
    since: Since = "",
    until: Until = "",
    baseline: Base = "",
    timezone: Zone = "UTC",
    jobs: Jobs = 1,
    ray: Ray = "",
    top: Top = 20,
    changes: Most = 5,
    save: Save = None,
    templates: Load = None,
    name_with: NameWith = "",
    as_json: Json = False,
) -> None:
    """The templates of logs; with --since or --baseline, what changed first."""
    from aitia.cli.logs_show import put, put_names, put_words, reading, redactor, travelling
    from aitia.tools.logs.saved import load, save_states
    from aitia.tools.logs.survey import EVENTS, survey, told
    from aitia.tools.text.reading import Skipped, gather

    skipped, zone, safe = Skipped(), zone_named(timezone), redactor()
    namer = _namer(name_with, safe.text) if name_with not in ("", WORDS) else None
    sets = gather(paths, skipped=skipped, zone=zone)
    every = [p for s in sets for p in s.paths]
    near = near_of(every)
    window, base = spans_of(since, until, baseline, last_of(every, zone, near))
    miners = load(templates) if templates else {}
    out: list[dict[str, Any]] = []
    with reading(sets) as on_block:
        for logs in sets:
            found = survey(
                logs,
                window=window,
                baseline=base,
                zone=zone,
                near=near,
                jobs=jobs,
                ray=ray,
                on_block=on_block,
                miner=miners.get(logs.component),
                redact=travelling(safe) if ray else safe.text,
                events=EVENTS,
            )
            out.append(told(found, safe, top=top, most=changes, compared=base is not None))
            miners[logs.component] = found.tally.miner
            if name_with == WORDS:
                put_words(out[-1], [count.template.text for count in found.counts])
    if save:
        save_states(save, miners)
    if namer:
        put_names(namer, out)
    put({"components": out, "skipped": skipped.say()}, as_json=as_json)


def diff(
    before: Old,
    after: New,
    timezone: Zone = "UTC",
    jobs: Jobs = 1,
    ray: Ray = "",
    changes: Most = 10,
    as_json: Json = False,
) -> None:
    """What two logs, or two folders of logs, say differently."""
    from aitia.cli.logs_show import put, reading, redactor, travelling
    from aitia.core.errors import BadInput
    from aitia.tools.logs.survey import EVENTS, survey, told
    from aitia.tools.text.reading import Skipped, gather

    if before == after == "-":
        raise BadInput("- can be given only once: standard input can be only one of the two sides.")
    skipped, zone, safe = Skipped(), zone_named(timezone), redactor()
    old, new = (gather([path], skipped=skipped, zone=zone) for path in (before, after))
    pairs, alone = _pairs(old, new)
    out: list[dict[str, Any]] = []
    with reading([s for pair in pairs for s in pair]) as on_block:
        for one, two in pairs:
            found = survey(
                two,
                before=one,
                zone=zone,
                near=near_of([*one.paths, *two.paths]),
                jobs=jobs,
                ray=ray,
                on_block=on_block,
                redact=travelling(safe) if ray else safe.text,
                events=EVENTS,
            )
            out.append(told(found, safe, top=0, most=changes, compared=True))
    put({"components": out, **alone, "skipped": skipped.say()}, as_json=as_json)


def _namer(model: str, redact: Callable[[str], str]) -> Namer:
    from aitia.models.load import load_llm
    from aitia.tools.logs.naming.namer import Namer

    return Namer(load_llm(model), redact=redact)


def _pairs(
    old: Sequence[LogSet], new: Sequence[LogSet]
) -> tuple[list[tuple[LogSet, LogSet]], dict[str, list[str]]]:
    """Sets of one component on both sides, and the components of one side alone; two single files are a pair."""
    if len(old) == len(new) == 1:
        return [(old[0], new[0])], {"only_before": [], "only_after": []}
    was, now = {s.component: s for s in old}, {s.component: s for s in new}
    return [(was[name], now[name]) for name in sorted(was.keys() & now.keys())], {
        "only_before": sorted(was.keys() - now.keys()),
        "only_after": sorted(now.keys() - was.keys()),
    }


def zone_named(name: str) -> tzinfo:
    """The zone of an option. Raises BadInput for a name that is no zone."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from aitia.core.errors import BadInput

    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(f"Set --timezone to an IANA zone such as Europe/Berlin, not {name!r}.") from None


def spans_of(
    since: str, until: str, baseline: str, last: datetime
) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """The span that is counted, and what it is compared with."""
    from aitia.core.errors import BadInput
    from aitia.incoming import parse_moment, parse_window

    start = parse_moment(since, now=last, option="--since").timestamp() if since else float("-inf")
    end = parse_moment(until, now=last, option="--until").timestamp() if until else float("inf")
    if start >= end:
        raise BadInput(f"--until {until!r} is not after --since {since!r}. Give a later --until.")
    if not baseline:
        return (start, end), (float("-inf"), start) if since else None
    base = parse_window(baseline, now=last).epoch
    if not since:
        start = base[1]
    if base[0] >= start:
        raise BadInput("--baseline must begin before --since.")
    return (start, end), base


def near_of(paths: Sequence[Path]) -> datetime:
    """Times without a year lie in the year before the newest file was changed: half of it before that is their middle."""
    changed = [datetime.fromtimestamp(p.stat().st_mtime, tz=UTC) for p in paths if p.exists()]
    return max(changed, default=datetime.now(UTC)) - timedelta(days=181)


def last_of(paths: Sequence[Path], zone: tzinfo, near: datetime) -> datetime:
    """The last moment that the ends of the files name, else now."""
    from aitia.core.errors import SourceError
    from aitia.tools.text.reader import LogFile

    found: list[float] = []
    for path in paths:
        try:
            extent = LogFile(path, zone=zone, near=near).extent()
        except SourceError:  # told when it is read
            continue
        found += [extent[1]] if extent else []
    return datetime.fromtimestamp(max(found), tz=UTC) if found else datetime.now(UTC)
