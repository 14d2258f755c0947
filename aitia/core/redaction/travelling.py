"""Redaction on other machines: each takes the key of its own home, and the key does not travel."""

from __future__ import annotations

from functools import cached_property

from aitia.core.home import aitia_home
from aitia.core.redaction.keys import check_mark, load_key
from aitia.core.redaction.policy import Policy
from aitia.core.redaction.redactor import Redactor


class OfHome:
    """Redacts a text by the key of the home of whichever machine it is called on. Raises BadInput where that is another key."""

    def __init__(self, mark: str, policy: Policy) -> None:
        self._mark, self._policy = mark, policy

    def __call__(self, text: str) -> str:
        """The text without secrets and personal data."""
        return self._redactor.text(text)

    @cached_property
    def _redactor(self) -> Redactor:
        check_mark(aitia_home(), self._mark)
        return Redactor(load_key(aitia_home()), self._policy)

    def __reduce__(self) -> tuple[type[OfHome], tuple[str, Policy]]:
        return OfHome, (self._mark, self._policy)
