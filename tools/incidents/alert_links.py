"""Documents that the alert itself names: by its `runbook_url`, whose path is compared and never fetched, or by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from aitia.core.words import Incident
from aitia.tools.incidents.rank import Hit
from aitia.tools.memory.terms import CAMEL
from aitia.tools.sources.base import Document

BY_URL: Final = "named by the alert"
BY_NAME: Final = "is written for this alert"
_ANY = frozenset({"readme", "index", "_index", "runbook", "playbook"})  # say nothing without their folder
_SUFFIX = re.compile(r"\.(?:md|markdown|html?)$", re.IGNORECASE)


def named(incident: Incident, documents: Sequence[tuple[str, Document]], *, top: int = 3) -> list[Hit]:
    """Those whose path is the end of a runbook_url, nearest first, then those that bear the alert's exact name."""
    urls = [_path(url) for url in incident.labels.get("runbook_url", "").split()]
    names = set(_names(incident))
    found: list[tuple[int, int, Hit]] = []
    for n, (source, document) in enumerate(documents):
        own = _segments(document.id)
        same = max((_ending(own, path) for path in urls), default=0)
        if same > (own[-1] in _ANY):
            found.append((-same, n, Hit(source=source, document=document, similarity=1.0, named=BY_URL)))
        elif names & set(_bears(document)):
            found.append((0, n, Hit(source=source, document=document, similarity=1.0, named=BY_NAME)))
    return [hit for *_, hit in sorted(found, key=lambda row: row[:2])][:top]


def names_any(incident: Incident) -> bool:
    """Whether there is an address or a name to look for."""
    return bool(incident.labels.get("runbook_url", "").strip()) or any(_names(incident))


def _path(url: str) -> list[str]:
    try:
        return _segments(unquote(urlsplit(url).path))
    except ValueError:  # not a URL: it names nothing
        return [""]


def _segments(path: str) -> list[str]:
    return _SUFFIX.sub("", path.strip("/")).casefold().split("/")


def _ending(own: Sequence[str], path: Sequence[str]) -> int:
    """How many segments the two paths have in common at their ends."""
    same = 0
    for a, b in zip(reversed(own), reversed(path), strict=False):
        if not a or a != b:
            break
        same += 1
    return same


def _names(incident: Incident) -> Iterator[str]:
    """The label `alertname`, and names of at least two parts (`DiskFull`) in the title."""
    yield from (_bare(name) for name in incident.labels.get("alertname", "").split())
    yield from (_bare(word) for word in re.findall(r"\w+", incident.title) if len(CAMEL.split(word)) > 1)


def _bears(document: Document) -> Iterator[str]:
    yield from (_bare(name) for name in re.split(r"[\s,]+", document.meta.get("alerts", "")) if name)
    yield _bare(document.id.rsplit("/", 1)[-1])
    yield _bare(document.title)


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold() or name
