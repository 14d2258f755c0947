"""Sessions that do not go the way normal ones do: events, counts, order, ends and durations by session or trace id.

Learned from normal sessions only. `Normal.fit(sessions)`, then `Normal.score(session)`.
"""

from aitia.tools.logs.sequence.normal import Normal, Reason, Verdict
from aitia.tools.logs.sequence.sessions import Session

__all__ = ["Normal", "Reason", "Session", "Verdict"]
