"""Packed files: gzip (also of several members), zstd, xz and bzip2, told by their first bytes, never by their names."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final, Literal

from aitia.core.errors import SourceError

Packing = Literal["", "gzip", "zstd", "xz", "bzip2"]
_PIECE: Final = 1 << 18
# A zstd frame may repeat one byte: four packed bytes become 128 KiB, so little is unpacked at a time.
_ZSTD_STEP: Final = 1 << 11
_SKIPPABLE: Final = range(0x50, 0x60)
MOST_RATIO: Final = 100  # unpacked to packed bytes; logs have 5 to 60, zeros 1,000 (gzip) to 100,000 (zstd)
LEAST_BOMB: Final = 256 << 20  # unpacked bytes that any file may have, whatever the ratio
_XZ_MEMORY: Final = (
    256 << 20
)  # bytes of an xz file's dictionary; `xz -9` needs 65 MiB, a file may ask for 4 GiB


def packing_of(head: bytes) -> Packing:
    """How a file that begins so is packed."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[0] in _SKIPPABLE):
        return "zstd"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    return "bzip2" if head.startswith(b"BZh") and head[4:10] == b"1AY&SY" else ""


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a packed file, in order; a seek reads on, or from the beginning again.

    Damage ends the stream instead of raising: what came before it is read, and `damage` says what it was.
    """

    def __init__(self, path: Path, packing: Packing) -> None:
        super().__init__()
        self.path, self.packing, self.damage = path, packing, ""
        self._file = path.open("rb")
        self.packed_size = os.fstat(self._file.fileno()).st_size
        self._rewind()

    @property
    def name(self) -> str:
        """The path, as files have it."""
        return str(self.path)

    @property
    def packed_at(self) -> int:
        """Packed bytes consumed so far."""
        return min(self._file.tell(), self.packed_size)

    def _rewind(self) -> None:
        self._file.seek(0)
        pieces = _pieces(self._file, self.packing)
        self._pieces, self._rest, self._at = self._sane(pieces), b"", 0

    def _sane(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, up to where the file has unpacked to far more than any log does."""
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > LEAST_BOMB and size > MOST_RATIO * self.packed_size:
                raise _Damage(
                    f"only its first {size >> 20} MiB were read: it decompresses to more than {MOST_RATIO} times "
                    "its size (decompress it yourself if that is expected)"
                )
            yield piece

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, at the price of reading."""
        return True

    def tell(self) -> int:
        """Unpacked bytes read so far."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an unpacked offset."""
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("a compressed file can only be searched from its beginning")
        if offset < self._at:
            self._rewind()
        while self._at < offset and self.read(min(_PIECE, offset - self._at)):
            pass
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        parts, have = [self._rest], len(self._rest)
        try:
            while (size < 0 or have < size) and (piece := next(self._pieces, b"")):
                parts.append(piece)
                have += len(piece)
        except _Damage as error:
            self.damage = str(error)
        data = b"".join(parts)
        if size < 0:
            size = len(data)
        self._rest = data[size:]
        self._at += min(size, len(data))
        return data[:size]

    def readinto(self, buffer: Any) -> int:
        """As files do."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file beneath."""
        self._file.close()
        super().close()


class _Damage(Exception):
    """A packed file that breaks off or is corrupt."""


def _pieces(file: IO[bytes], packing: Packing) -> Iterator[bytes]:
    try:
        if packing in ("zstd", "xz"):
            yield from (_zstd if packing == "zstd" else _xz)(file)
            return
        make: dict[str, Callable[[IO[bytes]], Any]] = {
            "gzip": _gzip,
            "bzip2": bz2.BZ2File,
        }
        reader = make[packing](file)
        while piece := reader.read1(_PIECE):
            yield piece
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _Damage(f"damaged ({error})") from None


def _gzip(file: IO[bytes]) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=file)


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    """Streams one after the other, padded with zeros or not; `lzma.LZMAFile` knows no bound on memory."""
    engine, raw, fed = _xz_engine(), b"", False
    while True:
        if not raw and engine.needs_input and not (raw := file.read(_PIECE)):
            break
        piece, raw, fed = engine.decompress(raw, _PIECE), b"", True
        if engine.eof:
            raw = (engine.unused_data or file.read(_PIECE)).lstrip(b"\0")
            engine, fed = _xz_engine(), False
        if piece:
            yield piece
    if fed:
        raise _Damage("damaged (it ends in the middle of a stream)")


def _xz_engine() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def _zstd(file: IO[bytes]) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError:
        raise SourceError(
            f"Install the zstd reader (pip install '.[compressed]') to read {file.name!r}."
        ) from None
    try:
        engine, fed = zstandard.ZstdDecompressor().decompressobj(), False
        while raw := file.read(_ZSTD_STEP):
            while raw:
                piece, fed = engine.decompress(raw), True
                raw = b""
                if engine.eof:  # another frame may follow
                    raw, fed = engine.unused_data, False
                    engine = zstandard.ZstdDecompressor().decompressobj()
                if piece:
                    yield piece
    except zstandard.ZstdError as error:
        raise _Damage(f"damaged ({error})") from None
    if fed:
        raise _Damage("damaged (it ends in the middle of a frame)")
