"""What changed in a stream of log events: rates, order, parameters, and when the stream left its normal.

Pure functions over `Events` (times, template numbers, parameters) or counts per cell; whoever mined the templates.
"""

from aitia.tools.logs.change.departure import Departure, departure
from aitia.tools.logs.change.events import Cells, Column, Events, Slot
from aitia.tools.logs.change.numbers import NumberShift, shifts
from aitia.tools.logs.change.order import Reordered, reordered
from aitia.tools.logs.change.rates import RateChange, rate_changes
from aitia.tools.logs.change.summary import ranked, summary
from aitia.tools.logs.change.values import Concentration, MixChange, concentration, mix_changes

__all__ = [
    "Cells",
    "Column",
    "Concentration",
    "Departure",
    "Events",
    "MixChange",
    "NumberShift",
    "RateChange",
    "Reordered",
    "Slot",
    "concentration",
    "departure",
    "mix_changes",
    "ranked",
    "rate_changes",
    "reordered",
    "shifts",
    "summary",
]
