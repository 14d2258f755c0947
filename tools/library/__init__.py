"""An incident library of events: what past incidents looked like teaches who is to blame now."""

from aitia.tools.library.rank import library_rank

__all__ = ["library_rank"]
