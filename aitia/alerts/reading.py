"""A message of any known format in Alertmanager's shape, with what tells it from others and whether it is over.

What a message says is text: it never chooses an address, a path, a program or a command, and no link in it is followed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from aitia.alerts.formats import Format, Refusal, Source, formats, known
from aitia.alerts.lists import list_in, rows_in
from aitia.alerts.paths import has, labels_in, loose, moment_of, text_at, texts_at, values_at
from aitia.core.errors import BadInput
from aitia.core.strict_json import NotJson, parse_json
from aitia.core.words import Origin

_LONGEST_TEXT: Final = 20_000  # characters of a pasted text that are looked at
_LONGEST_TITLE, _LONGEST_LINK, _MOST_COMPONENTS = 1_000, 500, 20
_FENCED: Final = re.compile(r"```(?:json)?\s*([{\[].*?)```", re.DOTALL)
_STATES: Final = ("firing", "resolved")
State = Literal["firing", "resolved", "other"]


class AsksPerson(BadInput):
    """A message that wants something that only a person may do; it says what."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One notification, whoever sent it.

    state    other: it says neither that something began nor that it is over
    group    tells one alert (or group) from another; "" where nothing does
    episode  tells one time that it fires from the next
    message  in Alertmanager's shape, with `components` and `link` beside it
    """

    origin: Origin
    format: str
    state: State
    said: str  # the status in the sender's words
    group: str
    episode: str
    message: Mapping[str, Any]

    @property
    def whose(self) -> str:
        """The alert's name among all alerts, "" where it has none."""
        return f"{self.origin} {self.group}" if self.group else ""

    def alert(self) -> Mapping[str, Any]:
        """The message. Raises BadInput where it says neither that something began nor that it is over."""
        if self.state == "other":
            raise BadInput(
                f"This {self.format} message says {self.said[:60]!r}: nothing began. Give the one of the alert itself."
            )
        return self.message

    @property
    def key(self) -> str:
        """Two notices of one key are about the same time that the same alert fired."""
        return f"{self.whose} {self.episode}" if self.group else ""


def parse_notice(body: bytes) -> Notice:
    """What a webhook sent. Raises BadInput; AsksPerson where a person must do something first."""
    return as_webhook(parse_json(body))


def as_webhook(message: Any) -> Notice:
    """`read_message`, for what a webhook sends: it must be of one group. Raises BadInput."""
    found = format_of(message)
    for path, pattern in found.webhook.items() if found else ():
        value = next(values_at(message, path), None)
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.DOTALL):
            raise BadInput(f"Fix {path!r} of the message: it must be text that matches {pattern!r}.")
    notice = read_message(message)
    if not notice.message["alerts"]:
        raise BadInput("Fix 'alerts' of the message: send a list with at least one alert.")
    if not notice.group and notice.state != "other":
        raise BadInput(f"This {notice.format} message does not tell which alert it is of. Send its id.")
    return notice


def read_text(text: str, *, among: bool = False) -> Notice | None:
    """A message that was pasted: JSON (also between ```), or an alert's text. None where it is plain words. Raises BadInput.

    among   it stands among other words: then JSON of no known format is one of them, such as a line of a log
    """
    if fenced := _FENCED.search(text):
        among = among or fenced[0] != text.strip()
        text = fenced[1]
    if (alerts := list_in(text)) is not None:
        return _listed(alerts)
    if text.lstrip().startswith(("{", "[")):
        try:
            message = parse_json(text)
        except NotJson:
            return None  # words that begin with a bracket
        return None if among and format_of(message) is None else read_message(message)
    for one in formats():
        fields = _fields_of(one, text[:_LONGEST_TEXT])
        if one.needs and fields.keys() >= set(one.needs):
            return _read(one, fields)
    return None


def read_message(message: Any) -> Notice:
    """A message that is JSON. Raises BadInput where its format is not known, or a field is wrong."""
    if (alerts := rows_in(message)) is not None:
        return _listed(alerts)
    if isinstance(message, list):  # the Alertmanager API lists alerts without the envelope
        message = {"alerts": message}
    found = format_of(message)
    if found is None:
        raise BadInput(
            f"This JSON is of no known alert format. Send one of these, or describe the problem in words: {known()}."
        )
    return _read(found, message)


def _listed(alerts: Sequence[Mapping[str, Any]]) -> Notice:
    """A list of alerts that a tool exported: of no group, and no webhook's message."""
    resolved = bool(alerts) and all(a["status"] == "resolved" for a in alerts)
    began = min((str(a["startsAt"]) for a in alerts), default="")
    return Notice(
        origin="cli", format="list of alerts", state="resolved" if resolved else "firing", said="", group="",
        episode=began, message={"alerts": list(alerts)},
    )  # fmt: skip


def format_of(message: Any) -> Format | None:
    """The format of which the message has most marks; None where it is of none."""
    fitting = [
        (len(marks), one) for one in formats() for marks in one.marks if all(has(message, m) for m in marks)
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _read(one: Format, message: Any) -> Notice:
    if one.refuse is not None and all(
        re.fullmatch(v, text_at(message, [p])) for p, v in one.refuse.when.items()
    ):
        raise AsksPerson(_told(one.refuse, message))
    if one.unwrap:
        return _unwrapped(one, message)
    if one.group:
        return _grouped(one, message)
    text = text_at(message, one.inside)
    return _single(one, {**message, **_fields_of(one, text)} if text else message)


def _unwrapped(one: Format, message: Any) -> Notice:
    try:
        text = next(values_at(message, one.unwrap))
        inside = parse_json(text if isinstance(text, str) else "")
    except NotJson:
        raise BadInput(
            f"The {one.unwrap!r} of this {one.name} message is no JSON. Send an alarm as the service publishes it."
        ) from None
    found = format_of(inside)
    if found is None or found.unwrap:
        raise BadInput(
            f"The {one.unwrap!r} of this {one.name} message is of no known alert format: {known()}."
        )
    return _read(found, inside)


def _fields_of(one: Format, text: str) -> dict[str, str]:
    found = ((name, re.search(pattern, text, re.MULTILINE)) for name, pattern in one.text.items())
    return {name: match[1].strip() for name, match in found if match}


def _told(refusal: Refusal, message: Any) -> str:
    shown = {name: text_at(message, [part]) for name, part in refusal.shown.items()}
    return refusal.says.format(**shown) if all(shown.values()) else refusal.otherwise


def _grouped(one: Format, message: Mapping[str, Any]) -> Notice:
    """Alerts in Alertmanager's own shape."""
    alerts = next(values_at(message, one.group))
    if not isinstance(alerts, list) or not all(isinstance(a, Mapping) for a in alerts):
        raise BadInput(f"Fix {one.group!r} of the {one.name} message: a list of alerts, each an object.")
    states = [a.get("status") or "firing" for a in alerts]  # the Alertmanager API has an object there
    if strange := next((s for s in states if s not in _STATES and not isinstance(s, Mapping)), None):
        raise BadInput(f"Fix 'status' of an alert: firing or resolved, not {str(strange)[:60]!r}.")
    starts = (str(a.get("startsAt") or "") for a in alerts)
    began = (s for s in starts if s and not s.startswith("0001-"))  # Go's zero time: not set
    keys = (
        k for p in one.key for k in values_at(message, str(p)) if isinstance(k, str)
    )  # whole, however long
    return Notice(
        origin=one.origin,
        format=one.name,
        state="resolved" if alerts and all(s == "resolved" for s in states) else "firing",
        said="",
        group=next(keys, ""),
        episode=min(began, default=""),
        message={**message, "alerts": alerts, "link": _link(one, message)},
    )


def _single(one: Format, message: Any) -> Notice:
    said = text_at(message, one.status)
    state: State = "other"
    if not said or said.casefold() in one.firing:
        state = "firing"
    elif said.casefold() in one.resolved:
        state = "resolved"
    title = text_at(message, one.title)[:_LONGEST_TITLE]
    if not title and state == "firing":
        raise BadInput(f"This {one.name} message has no title. Send {_names(one.title)}.")
    started, ended, changed = (_moment(message, sources) for sources in (one.started, one.ended, one.changed))
    if state == "resolved":
        ended = ended or changed
    else:
        started = started or changed
    labels = _labels(one, message)
    body = dict.fromkeys(text for source in one.body for text in texts_at(message, source))
    alert = {
        "status": "resolved" if state == "resolved" else "firing",
        "labels": labels,
        "annotations": {
            "summary": title,
            "description": ". ".join(t.rstrip(".") for t in body if t != title),
        },
        "startsAt": started,
        "endsAt": ended,
    }
    parts = {"labels": labels} | {name: value for name, value in message.items() if loose(name) != "labels"}
    names = dict.fromkeys(text for source in one.components for text in texts_at(parts, source))
    return Notice(
        origin=one.origin,
        format=one.name,
        state=state,
        said=said,
        group=text_at(message, one.key),
        episode=text_at(message, one.episode) or started,
        message={
            "alerts": [alert],
            "components": list(names)[:_MOST_COMPONENTS],
            "link": _link(one, message),
        },
    )


def _link(one: Format, message: Any) -> str:
    """Half a link leads nowhere: one that is too long is left out."""
    return next((text for text in [text_at(message, one.link)] if len(text) <= _LONGEST_LINK), "")


def _moment(message: Any, sources: tuple[Source, ...]) -> str:
    text = text_at(message, sources)
    return moment_of(text, _names(sources)).isoformat() if text else ""


def _labels(one: Format, message: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, sources in one.labels.items():
        if text := text_at(message, sources):
            found[name] = text
    for path in one.tags:
        for value in values_at(message, path):
            found = labels_in(value) | found
    return found


def _names(sources: tuple[Source, ...]) -> str:
    names = dict.fromkeys(p for s in sources for p in ([s] if isinstance(s, str) else s.paths))
    return " or ".join(repr(name) for name in names)
