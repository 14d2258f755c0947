"""Templates: the constant text of messages, mined from raw lines without configuration."""

from aitia.tools.text.templates.masks import Masker
from aitia.tools.text.templates.miner import Form, Miner, Template

__all__ = ["Form", "Masker", "Miner", "Template"]
