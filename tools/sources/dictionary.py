"""What names of the site mean, from its dictionary file."""

from __future__ import annotations

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, Window
from aitia.tools.meaning.dictionary import Dictionary, read_dictionary
from aitia.tools.sources.base import Configured
from aitia.tools.sources.paths import check_file


class DictionaryFile(Configured):
    """`names: {NAME: {quantity, direction, by, confidence}}`, `messages: {TEXT: {fault, by, confidence}}`: `aitia dictionary`."""

    KIND = "dictionary"
    OPTIONS = frozenset[str]()

    def describe(self, window: Window) -> Holding:
        """All names and messages, whatever the window; how many wait for a person."""
        found = self.entries()
        wait = "1 entry waits" if found.waiting == 1 else f"{found.waiting} entries wait"
        note = f"{wait} for a person: aitia dictionary show" if found.waiting else ""
        held = sorted([*found.names, *found.messages, *found.tags])
        return Holding(source=self.name, kind=self.kind, items=tuple(held), count=len(held), note=note)

    def entries(self) -> Dictionary:
        """The entries. Raises SourceError."""
        path = check_file(self._config, self._root)
        try:
            return read_dictionary(path)
        except BadInput as error:
            raise SourceError(f"{error} (source {self.name!r})") from None
        except OSError as error:
            raise SourceError(
                f"Cannot read {str(path)!r}: {error.strerror} (source {self.name!r})."
            ) from None
