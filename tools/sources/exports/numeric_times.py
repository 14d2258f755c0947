"""Numbers that can only be times: since an epoch, in ticks, or in days."""

from __future__ import annotations

from typing import Final

import numpy as np

from aitia.tools.sources.rows import Floats
from aitia.tools.sources.time_texts import epoch_of

_DOT_NET, _FILETIME = (
    621_355_968_000_000_000,
    116_444_736_000_000_000,
)  # 1970 in 100 ns since 0001 and since 1601
_EXCEL: Final = (30_000.0, 75_000.0)  # days since 1899-12-30: 1982 to 2105
_DATENUM: Final = (722_000.0, 770_000.0)  # days since the year 0, as Matlab counts them: 1976 to 2108
_DATENUM_1970: Final = 719_529.0
_EXCEL_1970: Final = 25_569.0
_DAY_S: Final = 86_400.0


def numeric_times(values: Floats, *, named: bool) -> tuple[Floats, str] | None:
    """Epoch seconds of numbers that can only be times, and what they are; None where they are none."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    middle = float(np.median(known))
    if 6.2e17 < middle < 6.7e17:
        return (values - _DOT_NET) / 1e7, "ticks of .NET"
    if 1.2e17 < middle < 1.7e17:
        return (values - _FILETIME) / 1e7, "Windows file times"
    for scale, unit in ((1.0, "seconds"), (1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds")):
        if epoch_of(middle) == middle / scale:
            return values / scale, f"{unit} since 1970"
    if _DATENUM[0] < middle < _DATENUM[1] and named:
        return np.round((values - _DATENUM_1970) * _DAY_S, 3), "days since the year 0"
    if _EXCEL[0] < middle < _EXCEL[1] and named:
        return np.round((values - _EXCEL_1970) * _DAY_S, 3), "days of a spreadsheet"
    return None
