"""NumPy files of others: what their headers promise is checked before anything of them is unpacked."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Final

import numpy as np

from aitia.core.bounds import check_regular

_MEMBERS: Final = 100_000  # of an archive; each costs a header to read
_HEADER: Final = 65_536  # bytes that a header may take beside the samples


def check_arrays(path: Path, *, most: int, only: str = "") -> None:
    """Raises ValueError where the arrays of a .npy or .npz file (or the one named `only`) take more than `most` bytes.

    Also where a header promises more than its member holds: numpy makes room for all of it first. Raises OSError, BadZipFile.
    """
    check_regular(path)
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            file.seek(0)
            _check(file, path.stat().st_size, most)
            return
        with zipfile.ZipFile(file) as archive:
            members = [m for m in archive.infolist() if not only or m.filename in (only, f"{only}.npy")]
            if len(members) > _MEMBERS:
                raise ValueError(f"it has more than the limit of {_MEMBERS:,} arrays")
            if (size := sum(m.file_size for m in members)) > most + _HEADER * len(members):
                raise ValueError(f"it unpacks to {size:,} bytes, more than the limit of {most:,}")
            for member in members:
                with archive.open(member) as held:
                    _check(held, member.file_size, most)


def _check(file: IO[bytes], size: int, most: int) -> None:
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read:
        raise ValueError(f"its format {version} is not supported")
    shape, _, dtype = read[version](file)
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > most or wanted > size:
        raise ValueError(
            f"its header declares {wanted:,} bytes, but it has {size:,}, and the limit is {most:,}"
        )
