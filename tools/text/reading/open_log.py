"""Opening a log as it lies on a disk: unpacked, in UTF-8, out of its wrapper.

What an offset means: always a byte of the unpacked original. In a packed file it counts unpacked bytes; in UTF-16, in a
container's or the journal's log it counts the bytes of that file, not of the text made from it. A line number is the
original's too: a joined line or an entry has the number of its first line there. So what is cited (file, lines, hash)
is found again with common tools: `zcat FILE | sed -n 12,14p`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, cast

from aitia.core.errors import SourceError
from aitia.tools.text.reading import containers, journal, rewritten
from aitia.tools.text.reading.array import json_array
from aitia.tools.text.reading.colour import coloured
from aitia.tools.text.reading.conversion import Conversion, Convert
from aitia.tools.text.reading.form import Form, form_of
from aitia.tools.text.reading.otlp_logs import otlp_logs
from aitia.tools.text.reading.unpack import Unpacked

_WRAPPERS: Final[dict[str, Callable[[Form], Convert]]] = {
    "docker": lambda form: containers.docker(own=form.own),
    "cri": lambda form: containers.cri(own=form.own),
    "journal-export": lambda form: journal.export,
    "journal-json": lambda form: journal.json_lines(),
    "json-pretty": lambda form: rewritten.json_objects(),
    "json-array": lambda form: json_array,
    "otlp-logs": lambda form: otlp_logs(),
    "coloured": lambda form: coloured,
}


def open_log(path: Path, form: Form | None = None) -> BinaryIO:
    """The log's lines as UTF-8, for `blocks` or to be read as a file.

    Raises SourceError where the file cannot be opened or holds no text.
    """
    form = form or sniff(path)
    if form.binary:
        raise SourceError(f"{str(path)!r} is skipped: {form.binary}. Leave it out.")
    return converted(open_unpacked(path, form), form)


def sniff(path: Path) -> Form:
    """The form of a file. Raises SourceError where it cannot be read."""
    try:
        return form_of(path)
    except OSError as error:
        raise SourceError(
            f"Cannot read {str(path)!r} ({error.strerror or error}). Check the path and its permissions."
        ) from None


def open_unpacked(path: Path, form: Form) -> BinaryIO:
    """The unpacked bytes, to which offsets refer. Raises SourceError where the file cannot be opened."""
    try:
        return cast(BinaryIO, Unpacked(path, form.packing)) if form.packing else path.open("rb")
    except OSError as error:
        raise SourceError(
            f"Cannot read {str(path)!r} ({error.strerror or error}). Check the path and its permissions."
        ) from None


def converted(handle: BinaryIO, form: Form) -> BinaryIO:
    """The lines of an unpacked file in the form that header detection reads."""
    if form.encoding:
        handle = cast(BinaryIO, Conversion(handle, rewritten.utf8_of(form.encoding)))
    if form.wrapper:
        handle = cast(BinaryIO, Conversion(handle, _WRAPPERS[form.wrapper](form)))
    return handle
