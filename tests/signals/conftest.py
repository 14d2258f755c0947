"""What the tests of signals share."""

from collections.abc import Iterator

import pytest

from aitia.tools.signals.learned import train
from aitia.tools.signals.life import fleet


@pytest.fixture(autouse=True, scope="module")
def few_trees() -> Iterator[None]:
    """Machines as simple as those made here are told apart by fewer trees, folds and draws."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "TREES", 40)
        patch.setattr(train, "MOST_FOLDS", 5)
        patch.setattr(train, "_DRAWS", 200)
        patch.setattr(fleet, "BOOSTING", fleet.BOOSTING | {"n_estimators": 100})
        yield
