"""`aitia redact`: a log without its secrets, and what a pseudonym stands for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, cast

import typer

from aitia.cli.diagnose import Json

if TYPE_CHECKING:
    from aitia.core.redact import Policy

_CHUNK = 1 << 20
_PACKED = {b"\x1f\x8b": "zcat", b"\x28\xb5\x2f\xfd": "zstdcat", b"\xfd7zXZ": "xzcat"}
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def redact(
    words: Annotated[
        list[str],
        typer.Argument(
            help="A text file, or - for stdin; or `reveal` and a pseudonym.",
            metavar="FILE|- | reveal PSEUDONYM",
        ),
    ],
    policy: Annotated[
        Literal["default", "strict"] | None,
        typer.Option("--policy", help="What to replace; strict: also addresses, hosts and users."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Config file with a `redaction:` section.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to a file.")] = None,
    as_json: Json = False,
) -> None:
    """Write a log with secrets and personal data replaced by stable pseudonyms.

    The text goes to stdout, a summary to stderr; with --output the summary of --json goes to stdout.
    `aitia redact reveal PSEUDONYM` prints what was replaced, where the settings keep the encrypted mapping.
    """
    from aitia.core.errors import BadInput
    from aitia.core.home import aitia_home

    if words[0] == "reveal" and len(words) == 2:
        from aitia.core.redaction.vault import reveal

        found = reveal(aitia_home(), words[1])
        from aitia.cli.console import print_json

        if as_json:
            print_json({"pseudonym": words[1], "values": found})
        else:
            sys.stdout.write("".join(f"{value}\n" for value in found))
        return
    if len(words) != 1 or words[0] == "reveal":
        raise BadInput("Give one file, or -, or `reveal` and one pseudonym.")
    _run(words[0], _policy(policy, config), output, as_json)


def _policy(named: str | None, config: Path | None) -> Policy:
    from aitia.api import settings_of
    from aitia.core.redact import Policy, use

    kept = settings_of(config).redaction
    if named == "strict":
        kept = kept.model_copy(update={"strict": True})
    elif named == "default":
        kept = kept.model_copy(update={"strict": False, "kinds": Policy().kinds})
    use(kept)
    return kept


def _run(name: str, policy: Policy, output: Path | None, as_json: bool) -> None:
    import time

    from aitia.cli.console import note
    from aitia.core.home import aitia_home
    from aitia.core.redact import Redactor, Stream, load_key

    redactor = Redactor(load_key(aitia_home()))
    stream = Stream(redactor)
    began = time.monotonic()
    with _source(name) as (source, size), _target(output, name) as target, _bar(size) as moved:
        for chunk in _chunks(source, name):
            target.write(stream.feed(chunk))
            moved(len(chunk))
        target.write(stream.finish())
        target.flush()
    seconds = max(time.monotonic() - began, 1e-6)
    counts = dict(sorted(redactor.counts.items()))
    summary = {
        "lines": stream.lines,
        "replaced": counts,
        "seconds": round(seconds, 3),
        "strict": policy.strict,
    }
    if as_json:
        import json

        print(json.dumps(summary), file=sys.stdout if output else sys.stderr)
        return
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "nothing"
    note(f"{stream.lines} lines, {stream.lines / seconds:,.0f} lines/s; replaced: {told}")


def _chunks(source: BinaryIO, name: str) -> Iterator[bytes]:
    from aitia.core.errors import BadInput

    read = cast(
        Callable[[int], bytes], getattr(source, "read1", source.read)
    )  # a pipe is followed as it comes
    first = True
    while chunk := read(_CHUNK):
        if first:
            for magic, tool in _PACKED.items():
                if chunk.startswith(magic):
                    raise BadInput(f"Unpack {name!r} first: {tool} {name} | aitia redact -")
            if chunk.startswith(_WIDE):
                raise BadInput(f"Convert {name!r} to UTF-8 first: iconv -f UTF-16 {name} | aitia redact -")
            if b"\0" in chunk[:4096]:
                raise BadInput(
                    f"{name!r} contains NUL bytes, and secrets in it would be missed. Give a text file."
                )
            first = False
        yield chunk


@contextmanager
def _source(name: str) -> Iterator[tuple[BinaryIO, int]]:
    from aitia.core.errors import BadInput

    if name == "-":
        yield sys.stdin.buffer, 0
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 (closed below; only the opening is guarded)
    except OSError as error:
        raise BadInput(f"Cannot read {name!r} ({error.strerror}). Give a readable file.") from None
    with file:
        yield file, Path(name).stat().st_size


@contextmanager
def _target(output: Path | None, source: str) -> Iterator[BinaryIO]:
    from aitia.core.errors import BadInput

    if output is None:
        yield sys.stdout.buffer
        return
    if output.exists() and source != "-" and output.samefile(source):
        raise BadInput("--output is the file that is read. Choose another one.")
    try:
        file = output.open("wb")
    except OSError as error:
        raise BadInput(
            f"Cannot write --output {str(output)!r} ({error.strerror}). Choose a path that can be written."
        ) from None
    with file:
        yield file


@contextmanager
def _bar(size: int) -> Iterator[Callable[[int], Any]]:
    """Progress on stderr where that is a terminal and stdout is none."""
    if not sys.stderr.isatty() or sys.stdout.isatty() or not size:
        with nullcontext():
            yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    from aitia.cli.console import stderr_console

    with Progress(BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=stderr_console()) as progress:
        task = progress.add_task("redacting", total=size)
        yield lambda count: progress.advance(task, count)
