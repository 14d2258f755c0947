"""Redaction of a stream in blocks of whole lines, in flat memory."""

from __future__ import annotations

from typing import Final

from aitia.core.redaction.redactor import PEM, PEM_END, Redactor

HELD: Final = 1 << 20  # bytes of a line without an end that are waited for
_KEY_BYTES: Final = 1 << 16  # bytes of a private key without an end that are waited for


class Stream:
    """Takes chunks of bytes cut anywhere, gives back redacted bytes. A secret across two chunks is seen whole.

    A line of more than 1 MiB is taken in pieces, cut at a blank where the last 64 KiB have one.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._rest = b""
        self.lines = 0

    def feed(self, chunk: bytes) -> bytes:
        """What can be given out after a further chunk."""
        held = self._rest + chunk
        cut = held.rfind(b"\n") + 1
        if len(held) - cut > HELD:
            blank = held.rfind(b" ", len(held) - (1 << 16))
            cut = blank + 1 if blank > cut else len(held)
        keys = list(PEM.finditer(held, max(0, cut - _KEY_BYTES), cut))
        opened = keys[-1] if keys else None
        if opened is not None and PEM_END.search(held, opened.end(), cut) is None:
            start = held.rfind(b"\n", 0, opened.start()) + 1
            if cut - start < _KEY_BYTES:
                cut = start
        ready, self._rest = held[:cut], held[cut:]
        self.lines += ready.count(b"\n")
        return self._redactor.block(ready)

    def finish(self) -> bytes:
        """The rest, after the last chunk."""
        ready, self._rest = self._rest, b""
        self.lines += ready.count(b"\n") + (bool(ready) and not ready.endswith(b"\n"))
        return self._redactor.block(ready)
