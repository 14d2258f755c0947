"""The moments of many lines at once, whose times stand at the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from aitia.tools.logs.known import Time
from aitia.tools.logs.lines import Lines
from aitia.tools.text.headers import Header
from aitia.tools.text.reading.record import text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aitia.tools.logs.lines import Rows

    Moment = NDArray[np.float64]

_CLOCK: Final = 50_000
SCALES: Final = {3: 1e-3, 6: 1e-6, 9: 1e-9}  # s of the last digit of a fraction with so many


class Clock:
    """Epoch seconds of the lines of one file. Each text of a time is read once."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._known: dict[bytes, float] = {b"": 0.0}

    def moments(self, lines: Lines, rows: Rows, time: Time) -> Moment:
        """Epoch seconds of some lines; NaN where the text is no date after all, the fraction alone then being lost."""
        at = self._seconds(lines, rows, time)
        if time.scale:
            at += _fractions(lines, rows, time)
        return at

    def _seconds(self, lines: Lines, rows: Rows, time: Time) -> Moment:
        """To the second: lines in a row mostly have the same."""
        if time.end == time.start:
            return np.zeros(len(rows))
        texts = lines.column(rows, time.start, time.end)
        first = np.concatenate(([0], np.flatnonzero(texts[1:] != texts[:-1]) + 1))
        sizes = np.diff(first, append=len(rows))
        known = [self._known.get(text) for text in texts[first].tolist()]
        out: Moment = np.repeat(np.array(known, dtype=np.float64), sizes)  # None becomes NaN
        for i, begin, size in zip(range(len(known)), first.tolist(), sizes.tolist(), strict=True):
            if known[i] is None:
                self._read(lines, rows, time, out, begin, begin + size)
        return out

    def _read(self, lines: Lines, rows: Rows, time: Time, out: Moment, begin: int, end: int) -> None:
        """Read a text that is new; the first lines that have it may be no lines with a date."""
        for i in range(begin, end):
            raw = lines.raw(int(rows[i]))
            text = raw[time.start : time.end]
            if (at := self._known.get(text)) is None and (parsed := self._header(text_of(raw))) is not None:
                at = parsed[0]
                if time.scale:
                    fraction = raw[time.frac : time.frac_end]
                    at = float(round(at - int(fraction) * time.scale)) if fraction.isdigit() else at
                if len(self._known) >= _CLOCK:
                    self._known.clear()
                self._known[text] = at
            if at is not None:
                out[i:end] = at
                return


def _fractions(lines: Lines, rows: Rows, time: Time) -> Moment:
    """What stands after the second, in s; 0 where it is not all digits."""
    width = time.frac_end - time.frac
    digits = lines.column(rows, time.frac, time.frac_end).view(np.uint8).reshape(-1, width) - 48
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    whole = (digits < 10).all(axis=1)
    out: Moment = np.where(whole, digits.astype(np.int64) @ powers, 0) * time.scale
    return out
