"""Which field of a record means what, by the names that tools and people give them."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast, get_args

from pydantic import ValidationError

from aitia.tools.memory.importing.reading import moment
from aitia.tools.memory.words import PastIncident, RecordKind
from aitia.tools.sources.documents.document_files import flat

# Of several that a record has, the first one counts. Compared in lower case, letters and digits only.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "incidentid", "issuekey", "key", "woid", "wonum", "workorder", "workorderid", "workordernumber", "ticketid",
           "ticket", "incidentnumber", "number", "order", "orderid", "eventid", "uuid", "issueid"),
    "title": ("title", "summary", "shortdescription", "subject", "headline", "name"),
    "text": ("text", "description", "longdescription", "details", "body", "content", "wodescription", "worknotes", "notes"),
    "at": ("at", "startedat", "starttime", "start", "began", "begin", "occurredat", "incidentdate", "actstart", "actualstart",
           "detectedat", "createdat", "created", "openedat", "opened", "reportdate", "date", "eventtime", "timestamp", "time"),
    "resolved_at": ("resolvedat", "resolved", "endedat", "endtime", "end", "resolutiondate", "actualfinish", "actfinish",
                    "finishedat", "closedat", "closed", "mitigatedat"),
    "component": ("component", "components", "service", "services", "affectedservice", "equipmentname", "equipment",
                  "assetname", "asset", "assetnum", "machine", "equipmentid", "application", "system", "cmdbci",
                  "configurationitem", "functionallocation", "location"),
    "symptoms": ("symptoms", "symptom", "alerts", "problem", "problemcode"),
    "fingerprint": ("fingerprint",),
    "cause": ("cause", "rootcause", "causes", "rootcauses", "failurecause", "causecode", "failurecode"),
    "fault": ("fault", "faultkind"),
    "mitigation": ("mitigation", "mitigations", "resolution", "fix", "remedy", "remediation", "solution", "actiontaken",
                   "workaround", "closenotes", "remedycode"),
    "outcome": ("outcome", "result", "impact"),
    "run": ("run",),
}  # fmt: skip
_LABELS: Final = ("severity", "priority", "urgency", "status", "type", "issuetype", "category", "team", "environment", "tags",
                  "worktype", "failuremode")  # fmt: skip
_LISTS: Final = ("symptoms", "fingerprint", "mitigation")
_BULLET: Final = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
_TITLE: Final = 300  # characters


def known(names: Mapping[str, Any]) -> dict[str, str]:
    """Which column holds which field."""
    plain = {simple(name): name for name in reversed(list(names))}
    chosen = {field: next((plain[n] for n in among if n in plain), "") for field, among in _NAMES.items()}
    return {field: name for field, name in chosen.items() if name}


@functools.lru_cache(maxsize=4096)
def simple(name: str) -> str:
    """A name by its letters and digits."""
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())


def incident_of(
    record: Mapping[str, Any], *, where: str, stem: str, kind: RecordKind = "incident"
) -> PastIncident:
    """The incident that a record tells of. Raises ValueError that says what is wrong with it."""
    held = {field: record[name] for field, name in known(record).items()}
    texts = {field: flat(value).strip() for field, value in held.items() if field not in _LISTS}
    text, id = texts.get("text", ""), texts.get("id", "")
    title = texts.get("title", "") or text.partition("\n")[0].strip() or id
    if not title:
        raise ValueError("it has neither an id nor a title")
    component = texts.get("component", "").partition("\n")[0]
    told = str(record.get("kind", ""))
    try:
        return PastIncident(
            id=id or f"{stem[:60]}-{_digest(record)}",
            kind=cast(RecordKind, told) if told in get_args(RecordKind) else kind,
            title=" ".join(title.split())[:_TITLE],
            text=text,
            at=moment(held.get("at")),
            resolved_at=moment(held.get("resolved_at")),
            component=component,
            labels=_labels(record),
            cause=texts.get("cause", ""),
            fault=texts.get("fault", ""),
            outcome=texts.get("outcome", ""),
            run=texts.get("run", ""),
            confirmed=record.get("confirmed") is True,
            source=where,
            **{name: items(held.get(name)) for name in _LISTS},
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None


def items(value: Any) -> tuple[str, ...]:
    """A list, or the lines of a text, without bullets."""
    lines = value if isinstance(value, list | tuple) else flat(value).splitlines()
    return tuple(text for line in lines if (text := _BULLET.sub("", flat(line)).strip()))


def _labels(record: Mapping[str, Any]) -> dict[str, str]:
    own = record.get("labels")
    found = {str(k): flat(v) for k, v in own.items()} if isinstance(own, Mapping) else {}
    if isinstance(own, list):
        found["labels"] = ", ".join(flat(value) for value in own)
    for name, value in record.items():
        if simple(name) in _LABELS and isinstance(value, str | int | float | list) and value not in ("", []):
            found.setdefault(simple(name), ", ".join(flat(value).splitlines()))
    return found


def _digest(record: Mapping[str, Any]) -> str:
    """Stands for the id that a record lacks: the same record has the same one, wherever in the file it is."""
    text = json.dumps(record, sort_keys=True, default=str).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:10]
