"""How the bytes of a file lie, told from samples of them: packing, encoding, wrapper, or no text at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, cast

from aitia.tools.text.reading.array import array_at
from aitia.tools.text.reading.binary import CONTROL
from aitia.tools.text.reading.colour import MARK, plain
from aitia.tools.text.reading.otlp_logs import MARK as OTLP_LOGS
from aitia.tools.text.reading.unpack import Packing, Unpacked, packing_of

if TYPE_CHECKING:
    from aitia.tools.text.headers import Header

Encoding = Literal["", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
Wrapper = Literal[
    "",
    "docker",
    "cri",
    "journal-export",
    "journal-json",
    "json-pretty",
    "json-array",
    "otlp-logs",
    "coloured",
]
SAMPLE: Final = 1 << 16
_REQUEST: Final = 64  # bytes within which an OTLP request says what it holds
_BOMS: Final[tuple[tuple[bytes, Encoding], ...]] = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_ARCHIVES: Final = (
    (0, b"LPKSHHRH", "binary: a systemd journal (export it: journalctl --file … -o export)"),
    (0, b"PK\x03\x04", "binary: a zip archive (unpack it)"),
    (257, b"ustar", "binary: a tar archive (unpack it)"),
    (0, b"\x04\x22\x4d\x18", "binary: compressed with lz4 (decompress it)"),
)
CRI: Final = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.?\d*(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?:$| )(.*)", re.DOTALL
)
DOCKER: Final = re.compile(
    rb'\{\s*"log"\s*:.*"stream"\s*:\s*"std(?:out|err)".*"time"\s*:\s*"[^"]+"', re.DOTALL
)
_HOLE: Final = re.compile(rb"\0{4,}")
_FIELD: Final = re.compile(rb"(?:__CURSOR|__REALTIME_TIMESTAMP)=")
_ELSEWHEN: Final = timedelta(days=1500)  # read from then, a time without its year or date is another
_APART_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Form:
    """What `open_log` undoes. `own` tells that wrapped lines have headers whose times hold; `binary` why it is no text."""

    packing: Packing = ""
    encoding: Encoding = ""
    wrapper: Wrapper = ""
    own: bool = False
    binary: str = ""

    @property
    def seekable(self) -> bool:
        """Whether its lines can be read from any offset on."""
        return not (
            self.packing or self.encoding or self.wrapper in ("journal-export", "json-pretty", "json-array")
        )


def form_of(path: Path) -> Form:
    """Look at a file's beginning, and where that is empty at more of it. Raises OSError where it cannot be read."""
    with path.open("rb") as plain:
        packing = packing_of(plain.read(16))
        if packing:
            with Unpacked(path, packing) as handle:
                return _judge(cast(BinaryIO, handle), packing, 0)
        return _judge(plain, "", path.stat().st_size)


def _judge(handle: BinaryIO, packing: Packing, size: int) -> Form:
    handle.seek(0)
    head = handle.read(SAMPLE)
    for at, magic, why in _ARCHIVES:
        if head[at:].startswith(magic):
            return Form(packing=packing, binary=why)
    encoding = _encoding(head)
    if encoding:
        head = head.decode(encoding, "replace").removeprefix("\ufeff").encode()
    samples = [head]
    if not head.strip(b"\0") and size > SAMPLE:  # a hole at the beginning
        for spot in (size // 2, size - SAMPLE):
            handle.seek(spot)
            samples.append(handle.read(SAMPLE))
    wrapper = _wrapper(head)
    text = _HOLE.sub(b"", b"".join(samples))
    if (
        head
        and wrapper != "journal-export"
        and (not text.strip(b"\0") or len(text.translate(None, CONTROL)) < 0.95 * len(text))
    ):
        return Form(packing=packing, binary="binary: not text")
    return Form(packing=packing, encoding=encoding, wrapper=wrapper, own=_own(head, wrapper))


def _encoding(head: bytes) -> Encoding:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    start = head[:4096]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if len(start) >= 4 and start.strip(b"\0") and even + odd >= 0.3 * len(start):
        # Latin text has a NUL in every second byte and nowhere else.
        if even == 0 or odd > 20 * even:
            return "utf-16-le"
        if odd == 0 or even > 20 * odd:
            return "utf-16-be"
    return ""


def _wrapper(head: bytes) -> Wrapper:
    lines = [raw for raw in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if raw.strip()][:50]
    if not lines:
        return ""
    if any(_FIELD.match(raw) for raw in lines[:3]):
        return "journal-export"
    pretty = lines[0].strip() == b"[" and lines[1:2] and lines[1].strip() == b"{"
    if not pretty and array_at(head.removeprefix(b"\xef\xbb\xbf")) is not None:
        return "json-array"
    if lines[0].strip() in (b"{", b"[") and lines[1:2] and lines[1].lstrip().startswith((b'"', b"{")):
        return "json-pretty"
    whole = lines[:-1] or lines
    votes: dict[Wrapper, Callable[[bytes], object]] = {
        "cri": CRI.match,
        "docker": DOCKER.match,
        "otlp-logs": lambda raw: raw.startswith(b"{") and OTLP_LOGS in raw[:_REQUEST],
        "journal-json": lambda raw: raw.lstrip(b"\x1e").startswith(b"{") and b'"__REALTIME_TIMESTAMP"' in raw,
    }
    for name, test in votes.items():
        if sum(bool(test(raw)) for raw in whole) >= 0.9 * len(whole):
            return name
    return "coloured" if MARK in head else ""


def _own(head: bytes, wrapper: Wrapper) -> bool:
    """Whether most wrapped lines, continuations aside, have a header of their own whose times the runtime's bear out.

    A clock without a date, a date without a year and a local time without its zone are worth less than the runtime's
    stamp: such lines are read with that before them.
    """
    if wrapper not in ("docker", "cri"):
        return False
    from aitia.tools.text.headers import detect
    from aitia.tools.text.reading.joining import continues

    pairs = [inner(raw, wrapper) for raw in head.split(b"\n")[:200]]
    pairs = [(text.rstrip("\r\n"), at) for text, at in pairs if text.strip() and not continues(text)]
    texts = [text for text, _ in pairs]
    now = datetime.now(UTC)
    headers = [detect(texts, zone=UTC, near=near) if texts else None for near in (now, now - _ELSEWHEN)]
    times = [(_time(headers[0], text), _time(headers[1], text), at) for text, at in pairs]
    told = [(a, b, at) for a, b, at in times if a is not None]
    borne_out = [a for a, b, at in told if a == b and at and abs(a - at) <= _APART_S]
    return bool(told) and len(told) >= 0.5 * len(texts) and len(borne_out) >= 0.5 * len(told)


def _time(header: Header | None, text: str) -> float | None:
    found = header(text) if header is not None else None
    return found[0] if found is not None else None


def inner(raw: bytes, wrapper: Wrapper) -> tuple[str, float]:
    """The wrapped text of a container's line and its runtime's time in epoch seconds; ("", 0) where it is none."""
    if wrapper == "cri":
        match = CRI.match(raw)
        return (plain(match[4]).decode("utf-8", "replace"), _stamp(match[1].decode())) if match else ("", 0.0)
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        return "", 0.0
    text = fields.get("log") if isinstance(fields, dict) else None
    if not isinstance(text, str):
        return "", 0.0
    return plain(text.encode("utf-8", "replace")).decode(), _stamp(fields.get("time"))


def _stamp(at: object) -> float:
    try:
        return datetime.fromisoformat(str(at)).timestamp()
    except ValueError:
        return 0.0
