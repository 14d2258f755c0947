"""The lines of a growing file, or of a pipe, as they come; None where there are none at the moment."""

from __future__ import annotations

import io
import os
import select
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

from aitia.core.errors import BadInput, SourceError
from aitia.tools.text.reading.binary import LINE_MAX, sound
from aitia.tools.text.reading.blocks import Block, blocks
from aitia.tools.text.reading.form import Form, form_of
from aitia.tools.text.reading.open_log import converted, open_log, sniff
from aitia.tools.text.reading.skipped import Skipped

_CHUNK: Final = 1 << 18


def whole(path: Path, skipped: Skipped) -> Iterator[Block]:
    """The blocks of a file as it is now, packed or not. Raises SourceError where it cannot be read."""
    with open_log(path) as handle:
        try:
            yield from blocks(handle, skipped=skipped)
        except OSError as error:
            raise SourceError(f"Replace the damaged file {str(path)!r}: {error}") from None


def follow(path: Path, skipped: Skipped, *, new: bool = False, stay: bool = True) -> Iterator[Block | None]:
    """A file from its beginning (`new`: from its end) on, without end. One that is rotated or truncated is begun again.

    Without `stay` it ends where the file ends now, with a last line that has no newline.

    What cannot be read from any place on (packed, UTF-16) is read once. Raises BadInput where nothing is there, and
    SourceError for a file without text.
    """
    if path.is_dir():
        raise BadInput(f"{str(path)!r} is a folder. Name the files to follow.")
    if not path.is_file():
        raise BadInput(f"{str(path)!r} does not exist. Fix the path.")
    form = sniff(path)
    if form.binary:
        raise SourceError(f"{str(path)!r} is skipped: {form.binary}. Leave it out.")
    if not form.seekable:
        skipped.files[str(path)] = "read to its end and not followed: it is compressed or not in UTF-8"
        yield from whole(path, skipped)
        return
    with closing(_Tail(path)) as tail:
        if new:
            tail.to_end()
        yield from _followed(tail, form, path, skipped, stay=stay)


def _followed(tail: _Tail, form: Form, path: Path, skipped: Skipped, *, stay: bool) -> Iterator[Block | None]:
    lines = _Lines(skipped)
    while True:
        chunk = tail.read()
        if not chunk:
            if tail.changed():
                yield from lines.rest()
                lines = _Lines(skipped)
                skipped.files[str(path)] = "rotated or truncated: followed from the new beginning"
            elif not stay:
                yield from lines.rest()
                return
            else:
                yield None
            continue
        if form == Form() and not lines.seen:
            form = sniff(path)  # it was empty
        yield from lines.take(chunk, form)


def piped(stream: BinaryIO | Path, skipped: Skipped) -> Iterator[Block | None]:
    """What comes through a pipe, up to its end. Raises BadInput where it is packed, in UTF-16 or no text."""
    if isinstance(stream, Path):
        with stream.open("rb") as opened:
            yield from piped(opened, skipped)
        return
    lines, form = _Lines(skipped), Form()
    waits = hasattr(select, "select") and os.name == "posix"
    while True:
        if waits and not select.select([stream], [], [], 0.0)[0]:
            yield None
            continue
        chunk = os.read(stream.fileno(), _CHUNK)
        if not chunk:
            break
        if not lines.seen:
            form = _form(chunk)
        yield from lines.take(chunk, form)
    yield from lines.rest()


class _Tail:
    """A file that is read to where it ends now, and again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = self._open()

    def _open(self) -> BinaryIO:
        try:
            return self._path.open("rb", buffering=0)
        except OSError as error:
            raise SourceError(
                f"Cannot read {str(self._path)!r} ({error.strerror or error}). Check the path and its permissions."
            ) from None

    def close(self) -> None:
        """Leave the file."""
        self._handle.close()

    def to_end(self) -> None:
        """Leave out what is there."""
        self._handle.seek(0, os.SEEK_END)

    def read(self) -> bytes:
        """What was written since the last call."""
        return self._handle.read(_CHUNK) or b""

    def changed(self) -> bool:
        """Whether another file has taken its place, or it is shorter than what was read; then it is begun again."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # between two rotations
        if there.st_ino != os.fstat(self._handle.fileno()).st_ino:
            self._handle.close()
            self._handle = self._open()
            return True
        if there.st_size < self._handle.tell():
            self._handle.seek(0)
            return True
        return False


class _Lines:
    """Whole lines from chunks of bytes; a line longer than 64 KiB is cut there and never held whole."""

    def __init__(self, skipped: Skipped) -> None:
        self._skipped = skipped
        self._head, self._dropping, self._at, self._line = b"", False, 0, 1
        self.seen = False

    def take(self, chunk: bytes, form: Form) -> Iterator[Block]:
        """The lines that end in a chunk."""
        self.seen, self._form = True, form
        if self._dropping:
            cut = chunk.find(b"\n") + 1
            if not cut:
                return
            chunk, self._dropping = b"\n" + chunk[cut:], False
        data = self._head + chunk
        cut = data.rfind(b"\n") + 1
        self._head = data[cut:]
        if len(self._head) > LINE_MAX:
            self._head, self._dropping = self._head[:LINE_MAX], True
            self._skipped.cut += 1
        if cut:
            yield from self._given(data[:cut])

    def rest(self) -> Iterator[Block]:
        """What is left without a newline."""
        head, self._head = self._head, b""
        if head:
            yield from self._given(head + b"\n")

    def _given(self, data: bytes) -> Iterator[Block]:
        if self._form.wrapper:
            data = converted(io.BytesIO(data), self._form).read()
        block = Block(data, self._at, self._line, self._at + len(data))
        self._at, self._line = block.end, self._line + data.count(b"\n")
        yield from sound(block, self._skipped)


def _form(head: bytes) -> Form:
    """The form of what begins so."""
    with tempfile.NamedTemporaryFile(prefix="aitia-head-") as file:
        file.write(head)
        file.flush()
        form = form_of(Path(file.name))
    if form.binary or not form.seekable:
        raise BadInput(
            "Standard input is not UTF-8 text. Pipe text, for example with `zcat FILE |` or `journalctl "
            "-f |`."
        )
    return form
