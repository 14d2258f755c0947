"""The readers that come with aitia. A third party adds a module with a READERS mapping of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aitia.tools.sources.base import Reader

READERS: Final[Mapping[str, Reader]] = {
    # "prometheus": ..., "table": ..., "log_files": ..., "changes": ..., "topology": ..., "waveform": ...,
}
