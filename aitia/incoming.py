"""From an alert or a sentence to an Incident: what was reported, its window, and candidate baselines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, get_args

from aitia.alerts import read_message, read_text
from aitia.core.errors import BadInput
from aitia.core.words import Alert, Baseline, Incident, Origin, Understood, Window
from aitia.settings import BaselineName, WindowRules
from aitia.tools.meaning.incidents.reading import read_start

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|w)")
_HINTS = ("service", "app", "job", "deployment", "statefulset", "daemonset", "cronjob", "job_name",
          "component", "machine", "asset", "pod", "instance", "node", "host")  # fmt: skip
# What exports the state of objects: its own service, job and pod are among the labels of alerts about them.
_EXPORTER = "kube-state-metrics"
_LONGEST_FOR_S = 86400.0
_LONGEST_TEXT, _LONGEST_WORDS = 19_900, 4_000
_MOST_RUNBOOKS = 5
_MOST_ALERTS = 5_000  # the newest
_MOST_HINTS = 1_000
_MOST_LABELS, _LONGEST_LABEL = 50, 500
_OLD = timedelta(hours=6)  # what began so long before the others is no part of what they tell
_ZONELESS = re.compile(r"[\d-]{10}[T ][\d:.]+")
_SKEW_S = 300.0  # by how much the alerting system's clock may be ahead of ours
_DAY = 86400.0
_FIRST_YEAR = 1970


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `30m`, `1h30m`, `2d`."""
    parts = _DURATION.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text.strip():
        raise BadInput(f"Write a duration like 90s, 30m, 1h30m or 2d, not {text!r}.")
    return sum(float(n) * _UNITS[u] for n, u in parts)


def parse_moment(text: str, *, now: datetime, option: str = "") -> datetime:
    """An ISO 8601 time (UTC where it names no zone) or a duration that lies before `now`; `option` is who gave it."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        try:
            moment = now - timedelta(seconds=parse_duration(text))
        except (BadInput, OverflowError):
            raise BadInput(
                f"Write a time like 2026-11-25T10:05:00Z or a duration before now like 30m{_asked_by(option)}, not {text!r}."
            ) from None
    return _utc(moment, text, option)


def _asked_by(option: str) -> str:
    return f" for {option}" if option else ""


def _utc(moment: datetime, text: str, option: str = "") -> datetime:
    """The moment in UTC, which is meant where it names no zone. Raises BadInput for a year of which there is no telemetry."""
    with suppress(OverflowError):  # it leaves the calendar
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if moment.year >= _FIRST_YEAR:
            return moment
    raise BadInput(
        f"{text[:60]!r} is not a valid time{_asked_by(option)}. Give one from {_FIRST_YEAR} to 9999 (UTC)."
    )


def span_before(last: str, at: str = "") -> Window:
    """The window of this duration before a time, by default now. Raises BadInput."""
    now = datetime.now(tz=UTC)
    end = parse_moment(at, now=now, option="--at") if at else now
    return _window(end - timedelta(seconds=parse_duration(last)), end)


def parse_window(text: str, *, now: datetime) -> Window:
    """`START/END`, each a time or a duration before now."""
    start, slash, end = text.partition("/")
    if not slash:
        raise BadInput(f"Write a window as START/END, for example 2h/0s or two ISO times, not {text!r}.")
    return _window(parse_moment(start, now=now), parse_moment(end, now=now))


def parse_healthy(text: str, *, now: datetime) -> Window:
    """`FROM..TO`, each a time or a duration before now: a period that is known to be normal. Raises BadInput."""
    start, dots, end = text.partition("..")
    if not dots:
        raise BadInput(
            f"Write --healthy as FROM..TO, for example 2026-01-05..2026-01-19 or 30d..7d, not {text!r}."
        )
    return _window(
        parse_moment(start, now=now, option="--healthy"), parse_moment(end, now=now, option="--healthy")
    )


def _window(start: datetime, end: datetime) -> Window:
    if end <= start:
        raise BadInput(
            f"The window starts at {start.isoformat()}, which is not before its end, {end.isoformat()}. "
            "Give an end after the start."
        )
    return Window(start=start, end=end)


def baselines_of(window: Window, rules: WindowRules) -> tuple[Baseline, ...]:
    """The candidate baselines: the span before, the same time yesterday and last week. Raises BadInput."""
    try:
        start = window.start - timedelta(seconds=rules.preceding_factor * window.seconds)
    except OverflowError:
        raise BadInput(
            f"There is no time before {window.start.isoformat()} to {window.end.isoformat()} to compare "
            "with. Give a shorter window."
        ) from None
    before = Window(start=start, end=window.start)
    spans: dict[BaselineName, Window] = {
        "preceding": before,
        "yesterday": window.shift(-_DAY),
        "last_week": window.shift(-7 * _DAY),
    }
    return tuple(
        Baseline(name=name, window=spans[name]) for name in get_args(BaselineName) if name in rules.baselines
    )


def make_incident(
    report: str | Mapping[str, Any],
    *,
    now: datetime,
    rules: WindowRules | None = None,
    started_at: datetime | None = None,
    window: Window | None = None,
    origin: Origin = "cli",
    hints: Sequence[str] = (),
    typed: bool = True,
) -> Incident:
    """An Incident from an alert (text or mapping, of any format in `aitia.alerts`) or from plain words.

    Words are read: the incident starts when they say, unless `started_at` is given, and `hints` are the components that it
    is about, in place of those that the words name. `typed` is whether a person wrote them, who may say what is not it.
    A group of alerts is one incident. The window starts at the earliest startsAt, less the rule's `for`, less
    the lead; it ends at endsAt where the alerts are resolved, else now.
    """
    rules = rules or WindowRules()
    notice = read_text(report) if isinstance(report, str) else read_message(report)
    said = (
        _from_alert(notice.alert(), rules.zone or UTC)
        if notice is not None
        else _from_words(str(report), now.astimezone(rules.zone or now.tzinfo))
    )
    understood: Understood | None = said.get("understood")
    if understood is not None:
        away = window is not None and understood.start is not None and not window.contains(understood.start)
        if started_at or away:  # what is given says more than the words
            understood = understood.model_copy(update={"start": None, "start_words": ""})
        said["started_at"], understood = understood.start, understood.model_copy(update={"typed": typed})
    if notice is not None and notice.state == "resolved" and not (started_at or said["started_at"]):
        raise BadInput(
            "The alert is over, and its message does not say when it began. Give the start (--since) to look at it."
        )
    began = started_at or said.get("started_at") or now
    if notice is not None and now < began <= now + timedelta(seconds=_SKEW_S):
        began = now
    if began > now:
        raise BadInput(
            f"{began.isoformat()} is in the future (after {now.isoformat()}). Give an earlier time"
            + (", or set window.timezone: the message names no zone." if said.get("zoneless") else ".")
        )
    held = said.get("for_s") or rules.for_s
    if window is None:
        end = said.get("ended_at") or now
        window = _window(began - timedelta(seconds=held + max(rules.lead_s, 1.0)), max(end, began))
    return Incident(
        id=_id(began, said["title"], said["text"]),
        title=said["title"],
        text=said["text"],
        started_at=began,
        window=window,
        baselines=baselines_of(window, rules),
        hints=tuple(dict.fromkeys((*hints, *said["hints"]))),
        labels=said["labels"],
        alerts=said.get("alerts", ()),
        link=said.get("link", ""),
        origin=notice.origin if notice is not None and origin == "cli" else origin,
        understood=understood,
    )


def _id(began: datetime, *parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{began:%Y%m%d-%H%M%S}-{digest[:6]}"


def _from_words(text: str, now: datetime) -> dict[str, Any]:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        raise BadInput('Say what is wrong, for example "checkout is slow since 10:00".')
    told = text.strip()[:20_000]
    return {
        "title": lines[0][:200],
        "text": told,
        "hints": (),
        "labels": {},
        "understood": read_start(told, now),
    }


def _from_alert(message: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    alerts = [a for a in message["alerts"] if isinstance(a, Mapping) and not _suppressed(a)]
    if not alerts:
        raise BadInput(
            "The alert list is empty, or all alerts are silenced. Give a message with at least one alert."
        )
    firing = _together([a for a in alerts if a.get("status", "firing") == "firing"] or alerts, zone)
    starts = [_time(a, "startsAt", zone) for a in firing]
    began = min((s for s in starts if s), default=None)
    # The earliest alert leads: what it names is nearest to the cause.
    last = datetime.max.replace(tzinfo=UTC)
    firing = [a for _, a in sorted(zip(starts, firing, strict=True), key=lambda pair: pair[0] or last)]
    labels, notes = _shared(firing, message)
    if books := _runbooks(firing, notes):
        labels["runbook_url"] = books
    resolved = all(a.get("status") == "resolved" for a in alerts)
    ends = [_time(a, "endsAt", zone) for a in firing]
    return {
        "title": _title(firing, labels, message),
        "text": _told(firing, message),
        "started_at": began,
        "ended_at": max((e for e in ends if e), default=None) if resolved else None,
        "for_s": max(_for(_strings(a.get("labels")), notes | _strings(a.get("annotations"))) for a in firing),
        "hints": _hints(firing, labels, message.get("components")),
        "alerts": _each(alerts, zone),
        "link": str(message.get("link") or ""),
        "labels": labels,
        "zoneless": any(_ZONELESS.fullmatch(str(a.get("startsAt") or "")) for a in firing),
    }


def _together(firing: list[Mapping[str, Any]], zone: tzinfo) -> list[Mapping[str, Any]]:
    """The alerts without those that had fired for hours when the others began, and without the watchdog, which always does."""
    timed = sorted(
        (s for a in firing if (s := _time(a, "startsAt", zone)) and _severity(a) != "none"), reverse=True
    )
    if not timed:
        return firing
    since = timed[0]
    for start in timed:
        if since - start > _OLD:
            break
        since = start
    return [a for a in firing if (_time(a, "startsAt", zone) or since) >= since and _severity(a) != "none"]


def _each(alerts: list[Mapping[str, Any]], zone: tzinfo) -> tuple[Alert, ...]:
    """The alerts one by one, by the times at which they began; one without a time tells of no order and is left out."""
    made = []
    for alert in alerts:
        start = _time(alert, "startsAt", zone)
        if start is None:
            continue
        labels, notes = _strings(alert.get("labels")), _strings(alert.get("annotations"))
        end = _time(alert, "endsAt", zone) if alert.get("status") == "resolved" else None
        name = labels.get("alertname") or notes.get("summary") or notes.get("title") or "Alert"
        kept = [
            (k[:_LONGEST_LABEL], v[:_LONGEST_LABEL])
            for k, v in labels.items()
            if k not in ("alertname", "severity")
        ]
        made.append(
            Alert(
                name=name[:_LONGEST_LABEL],
                start=start,
                end=end if end is None or end > start else start,
                severity=_severity(alert)[:60],
                labels=dict(kept[:_MOST_LABELS]),
                text=(notes.get("summary") or notes.get("description") or notes.get("message") or "")[
                    :_LONGEST_LABEL
                ],
            )
        )
    made.sort(key=lambda a: a.start)
    return tuple(made[-_MOST_ALERTS:])


def _severity(alert: Mapping[str, Any]) -> str:
    return _strings(alert.get("labels")).get("severity", "")


def _shared(
    firing: list[Mapping[str, Any]], message: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """Labels that all alerts of the group bear, and the annotations that the message says are common."""
    every = [_strings(a.get("labels")) for a in firing]
    common = {k: v for k, v in every[0].items() if all(labels.get(k) == v for labels in every)}
    return _strings(message.get("commonLabels")) | common, _strings(message.get("commonAnnotations"))


def _runbooks(firing: list[Mapping[str, Any]], notes: Mapping[str, str]) -> str:
    """The runbook addresses of the alerts, the earliest alert's first; they are compared, never fetched."""
    told = [_strings(a.get("annotations")).get("runbook_url", "") for a in firing]
    found = dict.fromkeys(url[:500] for url in [*told, notes.get("runbook_url", "")] if url)
    return " ".join(list(found)[:_MOST_RUNBOOKS])


def _title(firing: list[Mapping[str, Any]], labels: Mapping[str, str], message: Mapping[str, Any]) -> str:
    """The common summary, else the earliest alert's with how many others there are."""
    common, first = _strings(message.get("commonAnnotations")), _strings(firing[0].get("annotations"))
    name = labels.get("alertname") or _strings(firing[0].get("labels")).get("alertname") or "Alert"
    shared = common.get("summary") or common.get("title")
    title = shared or first.get("summary") or first.get("title") or name
    others = len(firing) - 1
    if not others or shared:
        return title[:200]
    return f"{title[:170]} (and {others} more {'alert' if others == 1 else 'alerts'})"


def _told(firing: list[Mapping[str, Any]], message: Mapping[str, Any]) -> str:
    """What the alerts say, each text once, within bounds; what was left out is said."""
    texts = [t for t in dict.fromkeys(_words(a, message)[:_LONGEST_WORDS] for a in firing) if t]
    kept: list[str] = []
    room = _LONGEST_TEXT
    for text in texts:
        if len(text) + 1 > room:
            break
        kept.append(text)
        room -= len(text) + 1
    cut = message.get("truncatedAlerts")
    missing = len(texts) - len(kept) + (cut if isinstance(cut, int) and not isinstance(cut, bool) else 0)
    return "\n".join([*kept, *([f"{missing} more alerts are not shown."] if missing > 0 else [])])


def _suppressed(alert: Mapping[str, Any]) -> bool:
    """Silenced or inhibited, as the Alertmanager API tells; its webhook sends no such alerts."""
    status = alert.get("status")
    return isinstance(status, Mapping) and status.get("state") == "suppressed"


def _words(alert: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    notes = {**_strings(message.get("commonAnnotations")), **_strings(alert.get("annotations"))}
    parts = [notes.get("summary", ""), notes.get("description", "") or notes.get("message", "")]
    return ". ".join(part for part in parts if part)


def _strings(mapping: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in mapping.items()} if isinstance(mapping, Mapping) else {}


def _time(alert: Mapping[str, Any], key: str, zone: tzinfo) -> datetime | None:
    """A time of the alert, in `zone` where it names none; Go's zero time means not set."""
    raw = alert.get(key)
    if not raw or str(raw).startswith("0001-"):
        return None
    try:
        moment = datetime.fromisoformat(str(raw))
    except ValueError:
        raise BadInput(f"{str(raw)[:60]!r} is not an RFC 3339 time. Fix {key!r} of the alert.") from None
    return _utc(moment if moment.tzinfo else moment.replace(tzinfo=zone), str(raw))


def _for(labels: Mapping[str, str], notes: Mapping[str, str]) -> float:
    """The rule's `for` where a label or annotation tells it; a day at most, since it is outside text."""
    for raw in (notes.get("for"), labels.get("for")):
        if raw:
            try:
                return min(parse_duration(raw), _LONGEST_FOR_S)
            except BadInput:
                continue
    return 0.0


def _hints(alerts: list[Mapping[str, Any]], labels: Mapping[str, str], named: Any) -> tuple[str, ...]:
    found = [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
    found += [_strings(a.get("labels")).get(key, "") for key in _HINTS for a in alerts]
    found += [labels.get(key, "") for key in _HINTS]
    if _EXPORTER in found and (
        others := [f for f in found if f and _EXPORTER not in f and not f[0].isdigit()]
    ):
        found = others
    return tuple(dict.fromkeys(f[:200] for f in found if f))[:_MOST_HINTS]
