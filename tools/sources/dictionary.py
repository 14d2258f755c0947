"""What names of the site mean, from its dictionary file."""

from __future__ import annotations

from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Holding, Window
from aitia.tools.meaning.dictionary import Entry, read_dictionary
from aitia.tools.sources.base import Configured
from aitia.tools.sources.paths import check_file


class DictionaryFile(Configured):
    """`names: {NAME: {quantity, direction, by, confidence}}`, as `aitia dictionary` writes it."""

    KIND = "dictionary"
    OPTIONS = frozenset[str]()

    def describe(self, window: Window) -> Holding:
        """All names, whatever the window; how many wait for a person."""
        found = self.entries()
        waiting = sum(e.state == "waits" for e in found.values())
        wait = "1 name waits" if waiting == 1 else f"{waiting} names wait"
        note = f"{wait} for a person: aitia dictionary show" if waiting else ""
        return Holding(
            source=self.name, kind=self.kind, items=tuple(sorted(found)), count=len(found), note=note
        )

    def entries(self) -> dict[str, Entry]:
        """The entries by name. Raises SourceError."""
        path = check_file(self._config, self._root)
        try:
            return read_dictionary(path)
        except BadInput as error:
            raise SourceError(f"{error} (source {self.name!r})") from None
        except OSError as error:
            raise SourceError(
                f"Cannot read {str(path)!r}: {error.strerror} (source {self.name!r})."
            ) from None
