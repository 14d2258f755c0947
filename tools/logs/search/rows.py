"""Records made out of the miner's pass: the same forms, and so the same template names, as a survey has."""

from __future__ import annotations

from typing import Final, NamedTuple

from aitia.tools.logs.count import Count
from aitia.tools.logs.headers import Fields, Header, Level, Parsed, Place
from aitia.tools.logs.lines import Lines
from aitia.tools.logs.passing import Entry, Pass
from aitia.tools.logs.reader import LogFile
from aitia.tools.logs.reading.blocks import Block
from aitia.tools.logs.reading.joining import exception_in
from aitia.tools.logs.reading.record import JOINED_LINES, LINE_BYTES, text_of
from aitia.tools.logs.search.spool import NULL, Spool, items
from aitia.tools.logs.tally import Side, Tally
from aitia.tools.logs.templates import Form

_KNOWN: Final = 50_000  # distinct headers that are remembered
_FIELDS: Final = 64
_VALUE: Final = 1000
_MORE: Final = 8192  # characters of a record after its first line
_DIGITS: Final = str.maketrans("123456789", "000000000")


class Rows(Pass):
    """A pass that also hands on each record, its form numbered from `base` on."""

    def __init__(
        self,
        tally: Tally,
        file: LogFile,
        index: int,
        sides: list[Side],
        spool: Spool,
        forms: list[Form],
        *,
        base: int,
    ) -> None:
        once = _Once(file.header) if file.header is not None else None
        super().__init__(tally, once, index, sides, file.skipped)
        self._log, self._spool, self._forms, self._base = file, spool, forms, base
        self._numbers: dict[Count, int] = {}
        self._fields = _FieldsOf(file.header) if file.header else None
        self._heads: dict[Entry, _Head] = {}
        self._current: list[Entry] = []
        self._before: int | None = None  # lines of the file before the run's first, less one

    def begin(self) -> None:
        """A further run of blocks begins, after a gap."""
        self._before = None

    def feed(self, block: Block) -> None:
        """Take a block; its last record is held back."""
        if self._before is None:
            first = block.line if self._log.packed else self._log.line(block.offset)
            self._before = first - block.line if first > 0 else -(1 << 62)
        super().feed(block)

    def entries(self, raws: list[bytes]) -> list[Entry]:
        """As the pass knows them; kept for `note`."""
        self._current = super().entries(raws)
        return self._current

    def note(self, count: Count, at: float, index: int, lines: Lines, i: int, more: int) -> None:
        """Count the record, and hand it on."""
        super().note(count, at, index, lines, i, more)
        number = self._numbers.get(count)
        if number is None:
            number = self._numbers[count] = self._base + len(self._forms)
            self._forms.append(count.form)
        level, message, fields = self._parts(lines.raws[i], self._current[i], count.level)
        first = last = lines.place(i)
        rest = exception = ""
        if more:
            rest, exception = self._rest(lines, i, more)
            last = lines.place(i + more)
        line = max(-1, (self._before or 0) + first.line)
        time = NULL if self._header is None else round(at * 1e6)
        self._spool.add(
            f"{self._file}\x1f{time}\x1f{line}\x1f{last.line + last.lines - first.line}\x1f{first.offset}\x1f"
            f"{last.offset + last.size - first.offset}\x1f{level}\x1f{number}",
            message,
            exception,
            rest,
            fields,
        )

    def _parts(self, raw: bytes, entry: Entry, level: Level) -> tuple[Level, str, str]:
        """Level, message and fields of a record's first line.

        Lines of one shape whose headers are equal but for the time are taken apart once.
        """
        header = self._header
        if header is None:
            return "", text_of(raw), ""
        known = self._heads.get(entry)
        if known is not None and raw.startswith(known.head, known.at):
            message = raw[known.at + len(known.head) : LINE_BYTES].decode("utf-8", "replace").rstrip("\r")
            return known.level, message, known.fields
        text = text_of(raw)
        parsed = header(text)
        if parsed is None:  # a time that is no date after all
            return level, text, ""
        message = parsed[2]
        assert self._fields is not None
        fields = self._fields(text, message)
        if entry.how == 1 and text.endswith(message):
            if len(self._heads) >= _KNOWN:
                self._heads.clear()
            at = entry.frac_end or entry.end
            end = len(text[: len(text) - len(message)].encode())
            self._heads[entry] = _Head(raw[at:end], at, parsed[1], fields)
        return parsed[1], message, fields

    def _rest(self, lines: Lines, i: int, more: int) -> tuple[str, str]:
        """The lines that go on from a record's first, and the exception named last."""
        exception, out = "", []
        for raw in lines.raws[i + 1 : i + 1 + min(more, JOINED_LINES)]:
            text = text_of(raw)
            exception = exception_in(text) or exception
            out.append(text)
        return "\n".join(out)[:_MORE], exception


class _Once(Header):
    """A header that need not read a line twice in a row: the pass reads some lines, and then so do we."""

    def __init__(self, header: Header) -> None:
        self.name, self.fixed, self.zone_text = header.name, header.fixed, header.zone_text
        self._read = header
        self._line: str | None = None
        self._parsed: Parsed | None = None

    def __call__(self, line: str) -> Parsed | None:
        """Epoch seconds, level and message; None without a header."""
        if line != self._line:
            self._line, self._parsed = line, self._read(line)
        return self._parsed

    def fields(self, line: str) -> Fields | None:
        """As the header says."""
        return self._read.fields(line)

    def locate(self, line: str) -> Place | None:
        """As the header says."""
        return self._read.locate(line)

    def epoch(self, text: str, fraction: str = "", zone: str = "") -> float | None:
        """As the header says."""
        return self._read.epoch(text, fraction, zone)


class _Head(NamedTuple):
    """What stands between time and message, where it begins, and what it says."""

    head: bytes
    at: int
    level: Level
    fields: str


class _FieldsOf:
    """The fields of a line's header. Headers that differ in time alone have the same: these are remembered."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._known: dict[str, str] = {}
        self._cut, self._time = 0, ""  # where the time ends that lines begin with, and its shape

    def __call__(self, text: str, message: str) -> str:
        if not message or not text.endswith(message):
            return self._read(text)
        prefix = text[: len(text) - len(message)]
        if not self._cut or prefix[: self._cut].translate(_DIGITS) != self._time:
            place = self._header.locate(text)
            end = max(place.end, place.frac_end) if place is not None else 0
            if place is None or place.start or end > len(prefix):
                return self._read(text)
            self._cut, self._time = end, prefix[:end].translate(_DIGITS)
        key = prefix[self._cut :]
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            found = self._known[key] = self._read(text)
        return found

    def _read(self, text: str) -> str:
        found = self._header.fields(text)
        if found is None:
            return ""
        ids = (("trace_id", found.trace_id), ("span_id", found.span_id))
        pairs = [*found.resource.items(), *((k, v) for k, v in ids if v), *found.attributes.items()]
        return items((key, str(value)[:_VALUE]) for key, value in pairs[:_FIELDS])
