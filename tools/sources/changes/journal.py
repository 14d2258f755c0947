"""Changes and maintenance acts from a JSON Lines journal: {"at", "component", "kind", "text"} per line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aitia.core.bounds import load_json
from aitia.core.errors import SourceError
from aitia.core.words import Holding, SourceRef, Window, from_epoch
from aitia.tools.sources.base import Configured, RecordedChange
from aitia.tools.sources.paths import iter_files

MAX_LINE = 65_536
_ALIASES = {"deployment": "deploy", "release": "deploy", "rollout": "deploy", "configuration": "config",
            "feature_flag": "flag", "toggle": "flag", "scaling": "scale", "work_order": "maintenance",
            "rollback": "deploy", "repair": "maintenance", "inspection": "maintenance"}  # fmt: skip
KINDS = ("deploy", "config", "flag", "scale", "maintenance")


class JournalSource(Configured):
    """A change source over JSONL files, of kind `changes` or `maintenance`."""

    def describe(self, window: Window) -> Holding:
        """The components and kinds of all changes up to the window's end (history counts)."""
        found = [change for change in self._all() if change.at < window.end]
        return Holding(
            source=self.name,
            kind=self.kind,
            components=tuple(sorted({c.component for c in found if c.component})),
            items=tuple(sorted({c.kind for c in found})),
            count=len(found),
            note="" if found else "no entries before the window's end",
        )

    def read(self, window: Window) -> list[RecordedChange]:
        """The entries with a time in the window, in time order."""
        return [change for change in self._all() if window.contains(change.at)]

    def _all(self) -> list[RecordedChange]:
        found = [c for path in iter_files(self._config, self._root) for c in self._file(path)]
        return sorted(found, key=lambda c: (c.at, c.component, c.kind, c.text))

    def _file(self, path: Path) -> Iterator[RecordedChange]:
        try:
            with path.open(encoding="utf-8", errors="strict") as lines:
                for number, line in enumerate(iter(lambda: lines.readline(MAX_LINE + 1), ""), start=1):
                    if line.strip():
                        yield self._entry(path, number, line)
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"{str(path)!r} is not readable JSON Lines (source {self.name!r}): {error}"
            ) from None

    def _entry(self, path: Path, number: int, line: str) -> RecordedChange:
        where = f"line {number} of {str(path)!r} (source {self.name!r})"
        if len(line) > MAX_LINE:
            raise SourceError(f"Shorten {where}: it has more than {MAX_LINE} characters.")
        try:
            raw: Any = load_json(line)
        except ValueError as error:
            raise SourceError(f"Fix {where}: it is not a JSON object ({error}).") from None
        if not isinstance(raw, dict) or "at" not in raw:
            raise SourceError(f'Fix {where}: it needs an object with "at", "component", "kind" and "text".')
        shown = self._config.path if path == self._root / self._config.path else path.name
        return RecordedChange(
            at=_moment(raw["at"], where),
            component=str(self._config.component or raw.get("component") or ""),
            kind=self._kind(raw.get("kind")),
            text=str(raw.get("text") or raw.get("title") or ""),
            ref=SourceRef(source=self.name, query=f"{shown}:{number}", path=shown, lines=(number, number)),
        )

    def _kind(self, raw: object) -> str:
        word = str(raw or "").strip().lower().removeprefix("change.")
        word = _ALIASES.get(word, word)
        fallback = "maintenance" if self.kind == "maintenance" else "config"
        return word if word in KINDS else fallback


def _moment(raw: object, where: str) -> datetime:
    try:
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return from_epoch(raw / 1000.0 if abs(raw) >= 1e11 else float(raw))
        at = datetime.fromisoformat(str(raw))
    except (ValueError, OverflowError, OSError):
        raise SourceError(f'Write "at" in {where} as ISO 8601 or epoch, not {str(raw)[:40]!r}.') from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
