"""Templates: the constant text of messages, mined from raw lines without configuration."""

from aitia.tools.logs.templates.masks import Masker
from aitia.tools.logs.templates.miner import Form, Miner, Template

__all__ = ["Form", "Masker", "Miner", "Template"]
