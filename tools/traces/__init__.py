"""Trace tools: where requests lose time, fail and leave out steps, who has to answer for it, one component's tree."""

from aitia.tools.traces.diff import traces_diff
from aitia.tools.traces.rank import traces_rank
from aitia.tools.traces.tree import traces_tree

__all__ = ["traces_diff", "traces_rank", "traces_tree"]
