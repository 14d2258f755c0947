"""Records made out of the miner's pass: the same forms, and so the same template names, as a survey has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.tools.logs.count import Lines, Records
from aitia.tools.logs.meanings import Entry
from aitia.tools.logs.passing import Pass
from aitia.tools.logs.search.heads import Heads, Once
from aitia.tools.logs.search.spool import NULL, Spool
from aitia.tools.logs.tally import Side, Tally
from aitia.tools.text.reader import LogFile
from aitia.tools.text.reading.blocks import Block
from aitia.tools.text.reading.cut import text_of
from aitia.tools.text.reading.joining import exception_in
from aitia.tools.text.reading.record import JOINED_LINES, headed
from aitia.tools.text.templates import Form

if TYPE_CHECKING:
    from aitia.tools.logs.meanings import Numbers

_MORE: Final = 8192  # characters of a record after its first line
_NOTHING: Final = ("", "")


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
        self._once = Once(file.header) if file.header is not None else None
        super().__init__(tally, self._once, index, sides, file.skipped)
        self._log, self._spool, self._forms, self._base = file, spool, forms, base
        self._numbers: dict[int, int] = {}
        self._heads = Heads(self._once)
        self._before: int | None = None  # lines of the file before the run's first, less one

    def begin(self) -> None:
        """A further run of blocks begins, after a gap."""
        self._before = None

    def feed(self, block: Block) -> None:
        """Take a block; its last record is held back."""
        if self._before is None:
            first = block.line if self._log.packed else self._log.line(block.offset)
            self._before = first - block.line if first > 0 else -(1 << 62)
        if self._once is not None:
            self._once.forget()
        super().feed(block)

    def note(self, found: Records, index: int, entries: Sequence[Entry], which: Numbers) -> None:
        """Count the records, and hand them on."""
        super().note(found, index, entries, which)
        lines = found.lines
        parts = self._heads.parts(lines, found.rows, entries, which)
        offsets, sizes, firsts, counts = lines.spans(found.rows, found.more)
        firsts = np.maximum(-1, firsts + (self._before or 0))
        times = np.rint(found.at * 1e6).astype(np.int64).tolist() if self._header else [NULL] * len(parts)
        columns = (times, firsts.tolist(), counts.tolist(), offsets.tolist(), sizes.tolist())
        numbers = [
            f"{self._file}\x1f{t}\x1f{n}\x1f{k}\x1f{o}\x1f{s}" for t, n, k, o, s in zip(*columns, strict=True)
        ]
        forms = list(map(self._numbering(found.counts).__getitem__, found.counts.tolist()))
        rest = {
            k: self._rest(lines, int(found.rows[k]), int(found.more[k]))
            for k in np.flatnonzero(found.more).tolist()
        }
        for k, (_, more) in rest.items():
            level, message, fields = parts[k]
            parts[k] = (*headed(message, level, more.partition("\n")[0]), fields)
        self._spool.extend(
            [
                (f"{number}\x1f{level}\x1f{form}", message, *rest.get(k, _NOTHING), fields)
                for k, (number, form, (level, message, fields)) in enumerate(
                    zip(numbers, forms, parts, strict=True)
                )
            ]
        )

    def _numbering(self, counts: Numbers) -> dict[int, int]:
        """The numbers of forms by those of their counts, made where they are new."""
        for count in dict.fromkeys(counts.tolist()):
            if count not in self._numbers:
                self._numbers[count] = self._base + len(self._forms)
                self._forms.append(self._tally.numbered[count].form)
        return self._numbers

    def _rest(self, lines: Lines, i: int, more: int) -> tuple[str, str]:
        """The exception named last in the lines that go on from a record's first, and these lines."""
        exception, out = "", []
        for k in range(i + 1, i + 1 + min(more, JOINED_LINES)):
            text = text_of(lines.raw(k))
            exception = exception_in(text) or exception
            out.append(text)
        return exception, "\n".join(out)[:_MORE]
