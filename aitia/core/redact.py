"""Redaction: secrets and personal data become stable pseudonyms before anything is stored, shown or read by a model."""

from aitia.core.redaction.keys import load_key
from aitia.core.redaction.names import Names, hidden_fields
from aitia.core.redaction.plain import drawn_value
from aitia.core.redaction.policy import Custom, Policy
from aitia.core.redaction.prompting import Careful
from aitia.core.redaction.redactor import Redactor, use
from aitia.core.redaction.stream import Stream
from aitia.core.redaction.travelling import OfHome

__all__ = [
    "Redactor",
    "Careful",
    "Names",
    "OfHome",
    "load_key",
    "Policy",
    "Custom",
    "Stream",
    "drawn_value",
    "hidden_fields",
    "use",
]
