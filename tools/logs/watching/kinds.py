"""Numbers for what a log says: one for each form of message, and which forms are one template so far."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.tools.logs.change.events import Ints
from aitia.tools.logs.tally import MESSAGE
from aitia.tools.text.access import canonical
from aitia.tools.text.headers import Level
from aitia.tools.text.templates import Form, Miner

ANY: Final = 0  # the number of all lines together
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")  # its digits would be masked, and be a part of the template


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a number stands for: a template's text and level, both empty for all lines."""

    text: str
    level: str


class Kinds:
    """Mines templates on the fly. Templates grow together as more of a log is seen: `merged` tells which are one by now."""

    def __init__(self, miner: Miner | None = None, *, redact: Callable[[str], str] = str) -> None:
        self._miner = miner or Miner()
        self._redact = redact
        self._numbers: dict[Form, int] = {}
        self._forms: list[Form | None] = [None]
        self._folds = self._miner.folds
        self._settled = 0

    def number(self, level: Level, message: str) -> int:
        """The number of a message's form; it is redacted before anything else."""
        text = self._redact(_COLOUR.sub("", message[:MESSAGE]))
        access = canonical(text)
        form = self._miner.literal(access, (level, access)) if access else self._miner.form(text, (level,))
        return self._number(form.last)

    def moved(self) -> Ints | None:
        """New numbers by old ones, where forms were folded since the last call. Ask before `merged`."""
        if self._folds == self._miner.folds:
            return None
        self._folds, self._settled = self._miner.folds, 0
        old = self._forms
        self._numbers, self._forms = {}, [None]
        return np.array([0 if f is None else self._number(f.last) for f in old], dtype=np.int64)

    def merged(self) -> Ints | None:
        """By number, the number of the first form of the same template; None where no form is new."""
        if self._settled == len(self._forms):
            return None
        self._settled = len(self._forms)
        first: dict[str, int] = {}
        templates = self._miner.templates()
        into = [ANY]
        for number, form in enumerate(self._forms):
            if form is not None:
                into.append(first.setdefault(templates[form.last].id, number))
        return np.array(into, dtype=np.int64)

    def kind(self, number: int) -> Kind:
        """What a number stands for now."""
        form = self._forms[number]
        if form is None:
            return Kind(text="", level="")
        return Kind(text=self._miner.template(form).text, level=form.group[0])

    def _number(self, form: Form) -> int:
        found = self._numbers.get(form)
        if found is None:
            found = self._numbers[form] = len(self._forms)
            self._forms.append(form)
        return found
