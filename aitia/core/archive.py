"""Finished runs in an object store (S3 and what speaks like it), beside the local folders that runs are written in.

A run is one object, `ID.tar.gz`, with a list of hashes as its last member: it is there whole or not at all. What is asked for and
lies nowhere here is brought from there into `runs/ID`; the object stays. What cannot be sent is noted and sent with the next run.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from aitia.core.backup import pack, unpack
from aitia.core.disk import storing, tell_once, write_whole
from aitia.core.errors import BadInput, StoreDamaged, StoreError

ENV: Final = "AITIA_RUNS"
NEEDED: Final = "Install the extra for object stores: pip install '.[s3]'."
ENDING: Final = ".tar.gz"
UNSENT, BROUGHT = (
    "unsent",
    "brought",
)  # folders of AITIA_HOME: runs to be sent, and which object a run was brought from
LOOK_S: Final = 30.0  # so long what the store said of a run counts
_TIMES: Final = {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 4, "mode": "standard"}}
_configured: list[str] = []
_looked: dict[tuple[str, str, str], float] = {}


class ArchiveAway(StoreError):
    """The object store cannot be asked, or refuses."""


def check_url(url: str) -> str:
    """The URL of an archive. Raises ValueError where it cannot be one."""
    told = urlsplit(url)
    if url and (told.scheme != "s3" or not told.netloc or "@" in told.netloc or told.query or told.fragment):
        raise ValueError(
            "write s3://BUCKET/PREFIX; keys and endpoint come from AWS's own variables and files"
        )
    return url.rstrip("/")


def use_archive(url: str) -> None:
    """The archive that the settings name, for this process; `AITIA_RUNS` goes before it, "" is none. Raises BadInput."""
    _configured[:] = [url] if url else []
    archive()


def archive() -> Archive | None:
    """The archive that is used. Raises BadInput."""
    given = os.environ.get(ENV, "") or "".join(_configured)
    if not given:
        return None
    if find_spec("s3fs") is None:
        raise BadInput(NEEDED)
    try:
        return Archive(check_url(given))
    except ValueError as error:
        raise BadInput(f"Fix {ENV}: {error}.") from None


class Archive:
    """The runs below one URL. Every method raises ArchiveAway where the store cannot be asked."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, home: Path, run: str, folder: Path) -> None:
        """Send a finished run, and before it whatever waits still. One that cannot be sent is noted, and this is told once."""
        waiting = home / UNSENT
        with storing(waiting):
            waiting.mkdir(mode=0o700, exist_ok=True)
            write_whole(waiting / run, b"")
        try:
            for name in sorted(p.name for p in waiting.iterdir()):
                if (at := folder.parent / name).is_dir():
                    self._put(home, name, at)
                (waiting / name).unlink(missing_ok=True)
        except StoreError as error:
            tell_once(f"{error} Runs that are not there yet are sent with the next one.")

    def bring(self, home: Path, run: str, *, now: bool = False) -> Path | None:
        """A run's folder, brought from the store; None where it has none. Raises StoreDamaged where its copy is damaged.

        now  ask, though it had none a moment ago
        """
        if not self._asks(home, run) and not now:
            return None
        with self._asking() as fs:
            if (tag := _tag(fs, self._key(run))) is None:
                return None
            return self._unpacked(fs, home, run, tag)

    def renew(self, home: Path, run: str) -> None:
        """Bring a run anew that was brought before and is another one there by now; the one here is good while nobody answers."""
        record = home / BROUGHT / run
        if not record.is_file() or not self._asks(home, run):
            return
        with suppress(ArchiveAway), self._asking() as fs:
            tag = _tag(fs, self._key(run))
            if tag is not None and tag != record.read_text(encoding="utf-8"):
                self._unpacked(fs, home, run, tag)

    def ids(self, beginning: str = "") -> list[str]:
        """The runs that are there, newest first, of those that begin so."""
        with self._asking() as fs:
            found = [
                str(p).rpartition("/")[2] for p in fs.glob(f"{self._path}/{_literal(beginning)}*{ENDING}")
            ]
            if not found and not fs.exists(urlsplit(self.url).netloc):
                raise FileNotFoundError
        return sorted((name.removesuffix(ENDING) for name in found), reverse=True)

    def remove(self, home: Path, run: str) -> bool:
        """Delete a run there; whether there was one."""
        for folder in (UNSENT, BROUGHT):
            (home / folder / run).unlink(missing_ok=True)
        with self._asking() as fs:
            if _tag(fs, self._key(run)) is None:
                return False
            fs.rm_file(self._key(run))
            return True

    @property
    def _path(self) -> str:
        told = urlsplit(self.url)
        return f"{told.netloc}{told.path}"

    def _key(self, run: str) -> str:
        return f"{self._path}/{run}{ENDING}"

    def _put(self, home: Path, run: str, folder: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="aitia-run-") as place:
            packed = Path(place) / f"{run}{ENDING}"
            with storing(packed):
                pack(folder, packed)
            with self._asking() as fs:
                fs.put_file(str(packed), self._key(run))
                tag = _tag(fs, self._key(run))
        if (home / BROUGHT / run).is_file() and tag:
            write_whole(home / BROUGHT / run, tag.encode())

    def _unpacked(self, fs: Any, home: Path, run: str, tag: str) -> Path:
        runs = home / "runs"
        with storing(runs):
            runs.mkdir(parents=True, exist_ok=True, mode=0o700)
            (home / BROUGHT).mkdir(exist_ok=True, mode=0o700)
            with tempfile.TemporaryDirectory(prefix=f".{run}.", dir=runs) as place:
                packed, made = Path(place) / "packed", Path(place) / run
                fs.get_file(self._key(run), str(packed))
                try:
                    unpack(packed, made)
                except BadInput:
                    told = f"The copy of run {run} at {self.url} is damaged. Send it again from where it was made."
                    raise StoreDamaged(told) from None
                if (runs / run).exists():
                    (runs / run).rename(Path(place) / "before")
                made.rename(runs / run)
            write_whole(home / BROUGHT / run, tag.encode())
        return runs / run

    def _asks(self, home: Path, run: str) -> bool:
        """Whether to ask the store about a run: not again and again."""
        key, now = (self.url, str(home), run), time.monotonic()
        if now - _looked.get(key, -LOOK_S) < LOOK_S:
            return False
        if len(_looked) > 10_000:
            _looked.clear()
        _looked[key] = now
        return True

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """The store, and what it refuses as ArchiveAway: with what to change, and nothing secret."""
        import s3fs
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield s3fs.S3FileSystem(config_kwargs=_TIMES, use_listings_cache=False)
        except PermissionError:
            why = "it refuses these keys. Check AWS_ACCESS_KEY_ID, and that it may list, get, put and delete there"
            raise ArchiveAway(f"Cannot use {self.url}: {why}.") from None
        except FileNotFoundError:
            raise ArchiveAway(f"Cannot use {self.url}: there is no such bucket. Create it.") from None
        except (BotoCoreError, ClientError, OSError) as error:
            why = f"it does not answer as a store should ({type(error).__name__}). Check AWS_ENDPOINT_URL and the keys"
            raise ArchiveAway(f"Cannot use {self.url}: {why}.") from None


def _tag(fs: Any, key: str) -> str | None:
    """What tells one object from another under the same key; None where there is none."""
    try:
        return str(fs.info(key)["ETag"])
    except FileNotFoundError:
        return None


def _literal(text: str) -> str:
    """The characters that ids are of: none of them is a pattern."""
    return "".join(c for c in text if c.isalnum() or c in "-_")


def forget_brought(home: Path, run: str) -> None:
    """The folder of a run is deleted here."""
    with suppress(OSError):
        (home / BROUGHT / run).unlink(missing_ok=True)
    for key in [k for k in _looked if k[1:] == (str(home), run)]:
        _looked.pop(key, None)


def is_unsent(home: Path, run: str) -> bool:
    """Whether a run is here alone, and should not be."""
    return (home / UNSENT / run).is_file()
