"""Whether two series move together."""

from __future__ import annotations

import numpy as np

from aitia.tools.sources.rows import Floats


def spearman(x: Floats, y: Floats) -> float:
    """Rank correlation with average ranks for ties; 0 where one side does not vary."""
    from scipy.stats import rankdata

    if not np.ptp(x) or not np.ptp(y):
        return 0.0
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
