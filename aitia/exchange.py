"""What sites may learn from one another: which signs went with which kind of fault, and what metric names mean.

A closed form: whatever is not a path of the taxonomy, an aspect of the closed list, a direction, a keyed pseudonym, a month or a
number of hours does not leave. No text, no label, no value of telemetry does; metric names only where a person says so.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from aitia.agent.taxonomy import Taxonomy
from aitia.core import aspects
from aitia.core.bounds import read_text
from aitia.core.errors import BadInput
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Unit01, Word
from aitia.tools.meaning.dictionary import Dictionary, Entry
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import Counts, PastIncident

FORM: Final = 1
MOST: Final = 100_000
ASPECTS: Final[frozenset[str]] = frozenset().union(
    *(getattr(aspects, n) for n in dir(aspects) if n.isupper() and isinstance(getattr(aspects, n), frozenset))
)
_KIND: Final = re.compile(r"[a-z_]{1,30}(?:\.[a-z_]{1,30}){0,3}")
_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:.]{0,199}")
Pseudonym = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class Sign(Word):
    """What moved: the kind of fact, what it is about, which way, and at which of the incident's components."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,30}(\.[a-z_]{1,30}){0,3}$")]
    aspect: str
    direction: Annotated[str, Field(pattern=r"^[a-z]{0,20}$")]
    component: Pseudonym

    @property
    def token(self) -> str:
        """As the memory keeps it."""
        return f"{self.kind}|{self.aspect}|{self.direction}|{self.component}"


class Lesson(Word):
    """An incident without a word of it."""

    id: Pseudonym
    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$|^$")]
    hours: Annotated[float, Field(ge=0, le=100_000)] | None = None
    component: Pseudonym
    fault: Annotated[str, Field(max_length=200)]
    confirmed: bool
    signs: Annotated[tuple[Sign, ...], Field(max_length=500)]


class Meaning(Word):
    """What a metric name means."""

    quantity: Annotated[str, Field(max_length=60)]
    direction: Literal["up", "down", "both", "none"]
    confidence: Unit01


class Exchange(Word):
    """The whole file."""

    form: Literal[1] = FORM
    site: Pseudonym
    made_on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    incidents: Annotated[tuple[Lesson, ...], Field(max_length=MOST)] = ()
    names: Annotated[dict[str, Meaning], Field(max_length=MOST)] = {}


class Merged(Word):
    """What a merge did."""

    incidents: Counts
    names: int
    left: int  # names that the site knew already, or that are none here


def exported(home: Path, *, known: Taxonomy, names: Dictionary | None = None) -> Exchange:
    """The site's confirmed incidents, and of a dictionary the names that a person or a table decided."""
    key = _key(home)
    redactor = Redactor(load_key(home))
    with MemoryStore(home, embedder=None) as memory:
        lessons = tuple(_lessons(memory.all(), key, {f.id for f in known}))[:MOST]
    return Exchange(
        site=_pseudonym(key, "site", ""),
        made_on=f"{datetime.now(tz=UTC):%Y-%m-%d}",
        incidents=lessons,
        names=dict(_meanings(names, redactor)) if names is not None else {},
    )


def _lessons(incidents: Iterable[PastIncident], key: bytes, faults: Collection[str]) -> Iterator[Lesson]:
    for one in incidents:
        if (
            one.kind != "incident"
            or not one.confirmed
            or one.fault not in faults
            or one.source.startswith("exchange:")
        ):
            continue
        long = (one.resolved_at - one.at).total_seconds() / 3600 if one.at and one.resolved_at else None
        yield Lesson(
            id=_pseudonym(key, "incident", one.id),
            month=f"{one.at:%Y-%m}" if one.at else "",
            hours=round(long, 1) if long is not None and 0 <= long <= 100_000 else None,
            component=_pseudonym(key, "component", one.component),
            fault=one.fault,
            confirmed=True,
            signs=tuple(_signs(one.fingerprint, key))[:500],
        )


def _signs(fingerprint: Iterable[str], key: bytes) -> Iterator[Sign]:
    """The tokens that are of the closed lists; others say more than may leave."""
    for token in fingerprint:
        kind, _, rest = token.partition("|")
        aspect, _, rest = rest.partition("|")
        direction, _, component = rest.partition("|")
        if _KIND.fullmatch(kind) and aspect in ASPECTS and re.fullmatch(r"[a-z]{0,20}", direction):
            yield Sign(
                kind=kind,
                aspect=aspect,
                direction=direction,
                component=_pseudonym(key, "component", component),
            )


def _meanings(names: Dictionary, redactor: Redactor) -> Iterator[tuple[str, Meaning]]:
    for name, entry in names.names.items():
        if entry.state == "counts" and _NAME.fullmatch(name) and redactor.text(name) == name:
            yield (
                name,
                Meaning(quantity=entry.quantity, direction=entry.direction, confidence=entry.confidence),
            )


def _key(home: Path) -> bytes:
    """Of this home, for pseudonyms alone."""
    return hmac.new(load_key(home), b"aitia exchange", hashlib.sha256).digest()


def _pseudonym(key: bytes, what: str, name: str) -> str:
    return hmac.new(key, f"{what}\0{name}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]


def read(file: Path) -> Exchange:
    """Another site's file. Raises BadInput where anything in it is not of the closed form."""
    try:
        return Exchange.model_validate_json(read_text(file))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"Cannot read {str(file)!r} ({error}). Give a file of `aitia exchange export`."
        ) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:120]
        raise BadInput(f"Give a file of `aitia exchange export`: {where or 'it'}: {first['msg']}.") from None


def incidents_of(given: Exchange, known: Taxonomy, *, confirmed: bool) -> Iterator[PastIncident]:
    """As this site keeps them: of another site, found by what moved. Raises BadInput for a fault or aspect that is none here."""
    titles = {f.id: f.title for f in known}
    for one in given.incidents:
        if one.fault not in titles:
            raise BadInput(
                f"{one.fault[:80]!r} is no kind of fault here. Use the aitia version and taxonomy of the other site."
            )
        if strange := {s.aspect for s in one.signs} - ASPECTS:
            raise BadInput(
                f"{min(strange)[:60]!r} is no aspect of a fact. Use the aitia version of the other site."
            )
        began = datetime.fromisoformat(f"{one.month}-01T00:00:00+00:00") if one.month else None
        yield PastIncident(
            id=f"exchange-{given.site}-{one.id}",
            title=f"{titles[one.fault]}, at site {given.site}",
            at=began,
            component=f"{given.site}-{one.component}",
            fingerprint=tuple(sorted(s.token for s in one.signs)),
            fault=one.fault,
            cause=titles[one.fault],
            confirmed=confirmed and one.confirmed,
            source=f"exchange:{given.site}",
        )


def merge(
    given: Exchange, *, home: Path, known: Taxonomy, names: Dictionary | None = None, confirmed: bool = False
) -> tuple[Merged, Dictionary | None]:
    """Bring a file into the memory, said again once; and its names into a dictionary, whose own entries hold.

    confirmed  count the other site's word as a person's of this one
    """
    if given.site == _pseudonym(_key(home), "site", ""):
        raise BadInput("Give another site's file: this one was exported here.")
    brought = list(incidents_of(given, known, confirmed=confirmed))
    with MemoryStore(home, embedder=None) as memory:
        counts = memory.put(brought, by=f"exchange:{given.site}")
    if names is None:
        return Merged(incidents=counts, names=0, left=len(given.names)), None
    new = dict(_entries(given, names))
    merged = names.model_copy(update={"names": {**names.names, **new}})
    return Merged(incidents=counts, names=len(new), left=len(given.names) - len(new)), merged


def _entries(given: Exchange, names: Dictionary) -> Iterator[tuple[str, Entry]]:
    for name, said in given.names.items():
        if name in names.names or not _NAME.fullmatch(name):
            continue
        try:
            entry = Entry(
                quantity=said.quantity,
                direction=said.direction,
                by=f"exchange {given.site}",
                confidence=said.confidence,
            )
        except ValidationError:  # a quantity of another version
            continue
        yield name, entry
