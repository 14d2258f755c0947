"""Names that hold a secret: outside they are pseudonyms, at the source they are themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from aitia.core.redaction.plain import Model
from aitia.core.redaction.redactor import PSEUDONYM, Redactor


def hidden_fields(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a plain value that hold a pseudonym, as `auth.headers.Authorization`, each with its first one."""
    if isinstance(value, str):
        if found := PSEUDONYM.search(value):
            yield name, found[0]
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from hidden_fields(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from hidden_fields(each, f"{name}[{at}]")


class Names:
    """Which name of a source stands behind a redacted one; mostly none does, and every value comes back as it was."""

    def __init__(self, redactor: Redactor, words: Iterable[BaseModel] = ()) -> None:
        self._redactor = redactor
        self._real: dict[str, str] = {}
        for word in words:
            self._learn(word.model_dump(mode="json"))

    def _learn(self, value: Any) -> None:
        if isinstance(value, str):
            if (said := self._redactor.text(value)) != value:
                self._real.setdefault(said, value)
        elif isinstance(value, Mapping):
            for each in value.values():
                self._learn(each)
        elif isinstance(value, list | tuple):
            for each in value:
                self._learn(each)

    def real(self, value: Any) -> Any:
        """A plain value with the sources' own names in it: what a tool needs to ask for them."""
        if not self._real:
            return value
        if isinstance(value, str):
            return self._real.get(value, value)
        if isinstance(value, Mapping):
            return {key: self.real(each) for key, each in value.items()}
        return [self.real(each) for each in value] if isinstance(value, list | tuple) else value

    def word(self, model: Model) -> Model:
        """A word with the sources' own names in it."""
        return type(model).model_validate(self.real(model.model_dump(mode="json"))) if self._real else model
