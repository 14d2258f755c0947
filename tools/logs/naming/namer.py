"""Names by template id, asked of a model once and kept under AITIA_HOME."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from aitia.core.home import aitia_home
from aitia.core.llm import Llm, Prompt
from aitia.tools.logs.naming.check import objection, obvious

SYSTEM: Final = """You name groups of log messages. Answer with a noun phrase of two to five words that says what happened,
in the words of the message, without numbers, ids, hosts and paths.

no answer of <host>: timed out after <num> s -> answer timeout
order <num> of <host> stored in <num> ms -> stored order
cannot open <path>: permission denied -> open permission denied
worker <num> leaves the pool, idle for <num> s -> idle worker leaving pool"""
GRAMMAR: Final = 'root ::= word " " word (" " word)? (" " word)? (" " word)?\nword ::= [A-Za-z]+'
MOST_TOKENS: Final = 20
_QUOTE: Final = 300  # characters of a template that the model is shown
_MOST: Final = 20_000  # names that are kept of one model


class Namer:
    """Names templates. Given text must be redacted. Kept names are verified against the template that they are for again."""

    def __init__(self, llm: Llm, *, redact: Callable[[str], str] = str, home: Path | None = None) -> None:
        self._llm, self._redact = llm, redact
        asked_by = "\0".join((llm.sha256 or llm.name, SYSTEM, GRAMMAR))
        digest = hashlib.sha256(asked_by.encode()).hexdigest()[:32]
        self._file = (home or aitia_home()) / "log-names" / f"{digest}.json"
        self._kept = _read(self._file)
        self.asked = 0

    def name(self, template_id: str, template: str) -> str:
        """A verified name; empty where the template is its own best name. Raises ModelError where the model fails."""
        if obvious(template):
            return ""
        kept, of = self._kept.get(template_id, ("", ""))
        text = hashlib.sha256(template.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if of == text and not kept:
            return ""  # refused before
        if kept and not objection(kept, template, redact=self._redact):
            return kept
        said = propose(self._llm, template, redact=self._redact)
        self.asked += 1
        name = "" if objection(said, template, redact=self._redact) else said
        self._kept[template_id] = (name, text)
        return name

    def save(self) -> None:
        """Keep what was named, if anything was asked."""
        if self.asked:
            with suppress(OSError):  # a folder that cannot be written costs the next run the same questions
                _write(self._file, self._kept)


def unique(names: Sequence[str]) -> list[str]:
    """The names, those that stand more than once left empty: they would tell nothing apart."""
    held = Counter(name.casefold() for name in names)
    return [name if held[name.casefold()] == 1 else "" for name in names]


def propose(llm: Llm, template: str, *, redact: Callable[[str], str] = str) -> str:
    """What the model calls a template, not verified."""
    prompt = Prompt(system=SYSTEM, user=f"{redact(template)[:_QUOTE]} ->")
    said = llm.complete(prompt, max_tokens=MOST_TOKENS, grammar=GRAMMAR)
    return said.text.strip() if said.finish == "stop" else ""


def _read(file: Path) -> dict[str, tuple[str, str]]:
    """Name and hash of the text by template id; nothing where the file is missing or damaged."""
    try:
        raw: Any = json.loads(file.read_text(encoding="utf-8"))
        return {str(key): (str(name), str(text)) for key, (name, text) in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(file: Path, names: dict[str, tuple[str, str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(dict(list(names.items())[-_MOST:])), encoding="utf-8")
    fresh.replace(file)
