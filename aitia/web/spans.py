"""Traces that are sent to the service, kept for a while in files that its workers read: they are other processes."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Final

from aitia.core.config import SourceConfig
from aitia.core.redact import Redactor, load_key
from aitia.tools.sources.base import Span
from aitia.tools.sources.exporting import write_spans
from aitia.tools.sources.traces.otlp_receiver import OtlpReceiver

_log: Final = logging.getLogger("aitia.web")
FLUSH_S: Final = 5.0
MINUTES: Final = 120.0
MOST_WAITING: Final = 100_000  # spans between two writes
MOST_BYTES: Final = 256 << 20  # of all files


class SpanSpool(OtlpReceiver):
    """Takes spans over OTLP/HTTP and writes them, redacted, to `AITIA_HOME/spans`, a file every five seconds at most."""

    def __init__(self, home: Path, *, host: str, port: int, token: str = "") -> None:
        super().__init__(host=host, port=port, token=token)
        self.folder = home / "spans"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._redactor = Redactor(load_key(home))
        self._waiting: list[Span] = []
        self._mutex = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="aitia-spans", daemon=True)

    @property
    def source(self) -> SourceConfig:
        """The source that reads what is kept."""
        return SourceConfig(name="otlp", kind="traces", type="otlp", path=str(self.folder / "*.jsonl"))

    def keep(self, spans: list[Span]) -> None:
        """Take spans in; beyond the bound the newest are dropped until the next write."""
        with self._mutex:
            self._waiting += spans[: MOST_WAITING - len(self._waiting)]

    def start(self) -> SpanSpool:
        """Listen, and write. Raises SourceError where the address is taken."""
        super().start()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; what was taken is written."""
        super().stop()
        if self._thread.is_alive():
            self._over.set()
            self._thread.join()
        self.flush()

    def flush(self) -> None:
        """Write what waits, and delete what is too old or too much. What cannot be written now waits for the next time."""
        with self._mutex:
            spans, self._waiting = self._waiting, []
        try:
            if spans:
                self._write(spans)
                spans = []
            self._tidy()
        except OSError as error:
            _log.error("spans are not saved: %s", error)
            with self._mutex:
                self._waiting = [*spans, *self._waiting][:MOST_WAITING]

    def _write(self, spans: list[Span]) -> None:
        part = self.folder / f"{time.time_ns()}.part"
        try:
            write_spans(part, spans, self._redactor)
            part.chmod(0o600)
            part.rename(part.with_suffix(".jsonl"))
        finally:
            part.unlink(missing_ok=True)

    def _tidy(self) -> None:
        room, oldest = MOST_BYTES, time.time() - MINUTES * 60
        for file in sorted(self.folder.glob("*.jsonl"), reverse=True):
            try:
                kept = file.stat()
            except FileNotFoundError:  # another service of this home deleted it
                continue
            room -= kept.st_size
            if room < 0 or kept.st_mtime < oldest:
                file.unlink(missing_ok=True)

    def _write_on(self) -> None:
        while not self._over.wait(FLUSH_S):
            self.flush()
