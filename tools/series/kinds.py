"""What kind of series a name and its labels make: counter or gauge, which unit, which labels tell series apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from aitia.tools.meaning.metadata import UNTOLD, Metadata
from aitia.tools.meaning.names import lexicon
from aitia.tools.series.aspects import Aspect, plain_name
from aitia.tools.series.rates import step_of
from aitia.tools.sources.base import Series
from aitia.tools.sources.rows import Floats

Labels = tuple[tuple[str, str], ...]

IDENTITY = frozenset(
    {"job", "instance", "service", "app", "component", "pod", "namespace", "node", "container", "cluster", "replica",
     "exported_job", "exported_instance", "server", "cpu", "version", "host", "hostname", "service_name", "unit"}
)  # fmt: skip
CODE = ("code", "status", "status_code", "http_status", "http_status_code", "http_response_status_code", "response_code",
        "grpc_code", "rpc_grpc_status_code", "outcome", "result", "status_class",
        "codigo", "codice", "kod", "stato", "estado", "statut", "esito", "resultado", "risultato", "resultat", "ergebnis",
        "wynik", "utfall", "uitkomst")  # fmt: skip
REQUEST = frozenset({*CODE, "method", "route", "path", "handler", "endpoint", "uri", "operation", "verb", "http_method",
                     "http_route", "quantile_group", "error", "exception", "reason", "type_of_error"})  # fmt: skip
PEER = ("peer", "upstream", "target", "dst", "destination", "destination_service", "peer_service", "server_address",
        "remote", "backend", "dependency", "callee", "downstream", "net_peer_name", "to", "server", "destination_workload",
        "destination_service_name", "destination_app", "upstream_cluster", "envoy_cluster_name")  # fmt: skip
CLIENT = ("application_name", "usename", "user", "client", "src", "source_service", "caller", "client_name")
ACCOUNT = ("usename", "user")  # of them, whose password was used
FAILED = re.compile(
    r"^5(\d\d|xx)$|err|fail|exception|time.?out|unavail|refused|abort|internal|unknown|deadline|reset|crash|"
    r"^(nok|ko|nie)$|fehl|abgelehnt|echec|échec|refus|rifiut|recus|rechaz|fall[oi]d|falh|bl[aą]d|odrzuc|nieudan|rejected|denied",
    re.IGNORECASE,
)
SKIPPED = re.compile(
    r"(_created|_info|_build_info|_start_time_seconds|uptime_in_seconds|uptime_seconds|_uptime|_timestamp|_timestamp_seconds|_time_seconds_created)$|^(node_load5|node_load15|go_|promhttp_|scrape_|python_gc|python_info|ALERTS)"
)
FAILED_SHARE = "share of failed requests"  # how aspects.yaml says it
_SUCCESS = re.compile(
    r"(^|_)(success|availability)(_?(rate|ratio|share|percent|pct|avg|average|mean|median|p\d\d))*$",
    re.IGNORECASE,
)
_COUNTER = re.compile(r"_(total|sum|count|bucket)$|(?<=\.)total$")
_GAUGE_NAME = re.compile(
    r"_size|(?<![a-z])(usage|used|in_use|memory|temp|temperature|level|max|limit|ratio|percent|rpm)(?![a-z])|_g$|_bar$"
)
_REGISTER = 2.0**31  # no share and no number of instances is as large
_SELDOM_COUNTED = frozenset(
    {"connections", "threads", "availability", "latency", "cpu", "queue"}
)  # as a rule a level or a time
_COUNTED = frozenset(
    {"traffic", "errors", "io", "network", "other", "restart", "scans", "retries", "redeliveries", "logins"}
)
_SPENT = frozenset({"io", "other", "latency"})  # of which time may be counted, as of a processor
_TIME = re.compile(r"time|wait|second", re.IGNORECASE)
_CENTURY = (946_684_800.0, 4_102_444_800.0)  # epoch seconds
_COLLECTS = re.compile(r"(^|_)(gcs?|garbage)(_|$)", re.IGNORECASE)
_LONG = 20  # samples, from which on a gauge that only rises is none
_RISES = 3  # that a counter shows at least
_RISING = 0.3  # of the samples, at least, where time is counted
_RESET = 0.5  # of its value, at most, is left of a counter that began anew before the next sample
_RESETS = 3  # of a counter; what falls more often is a gauge
_ALL = re.compile(r"(^|_)total_(connections|sessions|clients|threads)$", re.IGNORECASE)
_TOTAL = re.compile(r"[_.]total$")
_FALLS = 0.1  # of the samples, at least, to more than that: no counter, whatever its name says
_SPREAD = 7  # rises in each third of the samples, of what is seldom counted: a leak begins somewhere, a counter does not
UNSIZED = 0.04  # of the usual duration in a unit that nobody states, the change that matters: 3 ms of 75 ms; by hand
# How facts call what UCUM calls otherwise.
_SHOWN = {
    "By": "bytes", "KiBy": "KiB", "MiBy": "MiB", "GiBy": "GiB", "By/s": "bytes/s", "%": "percent", "Cel": "celsius",
    "/min": "rpm", "m3/h": "m³/h", "1": "", "[degF]": "°F", "[psi]": "psi", "[gal]/min": "gpm", "[cft_i]/min": "cfm",
    "[ppm]": "ppm", "[ppb]": "ppb", "[pH]": "pH", "uS/cm": "µS/cm", "m/s2": "m/s²", "kW.h": "kWh", "MW.h": "MWh", "W.h": "Wh",
    "kV.A": "kVA", "N.m": "Nm", "kN.m": "kNm",
}  # fmt: skip
TIMES = ("s", "ms", "us", "ns")
_FACTOR = {("cores", "percent"): 1e2, ("cores", "ms/s"): 1e3, ("cores", "us/s"): 1e6, ("cores", "ns/s"): 1e9}
_UNIT_WORDS = (
    *(
        (re.compile(rf"(^|_)({words})(_|$)"), unit)
        for words, unit in (
            ("milliseconds?|millis?|msecs?|ms", "ms"), ("microseconds?|micros|usecs?|us", "us"),
            ("nanoseconds?|nanos|nsecs?|ns", "ns"), ("seconds?|secs?", "s"), ("bytes", "bytes"),
            ("percent|pct", "percent"), ("celsius", "celsius"), ("ratio", "ratio"), ("bar", "bar"), ("rpm", "rpm"),
            ("amperes", "A"), ("volts", "V"), ("watts", "W"), ("mm_(?:per_)?s", "mm/s"), ("m3_per_hour", "m³/h"),
        )
    ),
    (re.compile(r"(^|_)g$"), "g"),
)  # fmt: skip
MODES_SKIPPED = frozenset({"idle", "iowait", "nice", "guest", "guest_nice"})
MODES_APART = frozenset({"steal"})  # what others were given is no use of one's own


def told_apart(members: Sequence[tuple[Series, Labels]], *, always: bool) -> Iterator[tuple[Series, Labels]]:
    """Each series with the labels that tell it from its siblings: at most three, identity labels only where needed."""
    kept = [rest for _, rest in members]
    if len(members) > 1:
        kept = _differing(kept)
        if len(set(kept)) < len(kept):
            kept = _differing([tuple(sorted(one.labels.items())) for one, _ in members])
    elif not always:
        kept = [()]
    yield from ((one, rest) for (one, _), rest in zip(members, kept, strict=True))


def _differing(rests: Sequence[Labels]) -> list[Labels]:
    common = set.intersection(*(set(rest) for rest in rests))
    return [tuple(pair for pair in rest if pair not in common)[:3] for rest in rests]


def is_counter(one: Series, names: set[tuple[str, str]], about: Aspect) -> bool:
    """By the kind that metadata states, else the conventional suffix, else by behaviour: what counts never falls but
    where it begins anew. What is called a total and never falls is none by its metadata alone: exporters err there.
    """
    kind = one.metadata.kind
    if kind == "counter":
        return True
    if kind and not (_TOTAL.search(one.metric) and never_falls(one) and _rises(one)):
        return False
    found = _COUNTER.search(one.metric)
    if found:
        ending, base = found.group(1) or "total", one.metric[: found.start()]
        if ending == "total" and _falls_partly(one):
            return False
        siblings = {"count": ("_sum",), "sum": ("_count", "_bucket")}.get(ending)
        return siblings is None or any((one.component, base + s) in names for s in siblings)
    spent = about.aspect == "cpu" or (about.aspect in _SPENT and _of_time(one.metric))
    counted = about.aspect in _COUNTED or about.aspect in _SELDOM_COUNTED
    if not (spent or counted) or _GAUGE_NAME.search(plain_name(one.metric).lower()) or not never_falls(one):
        return False
    v = one.v[np.isfinite(one.v)]
    rising = np.diff(v) > 0
    number = int(np.sum(rising))
    if spent and v.size > _LONG and number > _RISING * v.size:
        return True  # time spent, in parts of a second; a share of a processor falls as often as it rises
    if not bool(np.all(v == np.round(v))) or (spent and about.aspect not in _SELDOM_COUNTED):
        return False
    if about.aspect in _SELDOM_COUNTED and _ALL.search(one.metric):
        return number >= _RISES  # all that ever were: of those that are there some would go
    if about.aspect in _SELDOM_COUNTED:
        return all(int(np.sum(part)) >= _SPREAD for part in np.array_split(rising, 3))
    return number >= _LONG or (v.size > 9 and number >= _RISES and bool(np.all(np.diff(v) >= 0)))


def _rises(one: Series) -> bool:
    known = one.v[np.isfinite(one.v)]
    return int(np.sum(np.diff(known) > 0)) >= _RISES


def _falls_partly(one: Series) -> bool:
    """Whether a series falls again and again to more than a counter that begins anew would: `memory_bytes_total`."""
    v = one.v[np.isfinite(one.v)]
    falls = int(np.sum((np.diff(v) < 0) & (v[1:] >= _RESET * v[:-1])))
    return v.size > _LONG and falls >= _FALLS * v.size


def _of_time(metric: str) -> bool:
    return bool(_TIME.search(metric)) or stated_unit(metric) in TIMES


def never_falls(one: Series) -> bool:
    """Whether a series falls nowhere, but for a few times to less than half: a counter that begins anew."""
    v = one.v[np.isfinite(one.v)]
    step = np.diff(v)
    reset = (step < 0) & (v[1:] < _RESET * v[:-1])
    return bool(np.all((step >= 0) | reset)) and int(np.sum(reset)) <= _RESETS


def is_moment(one: Series) -> bool:
    """Whether a series in seconds tells points in time, as its values of this century do: it has no size."""
    v = one.v[np.isfinite(one.v) & (one.v != 0.0)]
    return (
        v.size > 0
        and stated_unit(one.metric, one.metadata) == "s"
        and bool(np.all((v > _CENTURY[0]) & (v < _CENTURY[1])))
    )


def is_register(v: Floats) -> bool:
    """Whether values are bits, one for each of the last probes (Varnish's `happy`): as numbers they say nothing."""
    return bool(np.nanmax(v, initial=0.0) >= _REGISTER)


def steps_of(grid: Floats) -> Floats:
    """Seconds since the sample before, the usual step for the first one."""
    usual = step_of(grid) or 1.0
    steps = np.diff(grid, prepend=grid[0] - usual)
    return np.where(steps > 0, steps, usual)


def rate_unit(about: Aspect, metric: str, metadata: Metadata = UNTOLD) -> str:
    """The unit of a counter's increase per second. Seconds of a processor per second are cores."""
    # a count of sizes and times counts how many there were
    unit = "" if metric.endswith("_count") else stated_unit(metric, metadata)
    if about.aspect in ("cpu", "steal") and unit == "s":
        return "cores"
    if about.aspect in ("traffic", "errors"):
        return "/s"
    return f"{unit}/s" if unit in ("bytes", *TIMES) else "/s"


def stated_unit(metric: str, metadata: Metadata = UNTOLD) -> str:
    """What a metric counts in, by its metadata, else by its own name; "" where neither says it."""
    if (found := lexicon().stated_unit(metadata.unit)) and (unit := _SHOWN.get(found.symbol, found.symbol)):
        return unit
    name = plain_name(metric)
    return next((unit for pattern, unit in _UNIT_WORDS if pattern.search(name)), "")


def in_unit(about: Aspect, metric: str, metadata: Metadata = UNTOLD) -> Aspect:
    """In the stated unit, which wins over the quantity's; without one in none: then a duration's floor is a share (`sized`)."""
    unit = stated_unit(metric, metadata)
    if unit:
        return told_in(about, unit)
    if not about.assumed:
        return about
    if about.unit == "s":
        about = replace(about, floor=0.0, share=UNSIZED)
    return replace(about, unit="", assumed=False)


def told_in(about: Aspect, unit: str) -> Aspect:
    """The same aspect told in another unit, with the smallest change that matters in it."""
    return replace(about, unit=unit, floor=about.floor * _factor(about.unit, unit), assumed=False)


def sized(abouts: Sequence[tuple[Aspect, Floats]]) -> list[Aspect]:
    """The aspects of one metric's series with a floor where only a share of the metric's usual level is known.

    Series of one name are in one unit, whatever it is: the level of them all tells which of them are too small to be felt.
    """
    levels = [float(np.nanmedian(np.abs(v))) for _, v in abouts if np.isfinite(v).any()]
    usual = float(np.median(levels)) if levels else 0.0
    return [replace(about, floor=about.share * usual) if about.share else about for about, _ in abouts]


def _factor(assumed: str, unit: str) -> float:
    """By which a floor in the assumed unit is one in another; 1 where they measure different things."""
    if (assumed, unit) in _FACTOR:
        return _FACTOR[assumed, unit]
    a, b = lexicon().stated_unit(assumed), lexicon().stated_unit(unit)
    return a.scale / b.scale if a and b and a.dimension == b.dimension else 1.0


def failed_share(one: Series) -> Floats | None:
    """A success rate as the share that failed, in [0, 1]; None for any other gauge.

    A gauge of ones and zeros that is called `availability` is a state, not a share of requests.
    """
    known = one.v[np.isfinite(one.v)]
    if not _SUCCESS.search(plain_name(one.metric)) or known.size == 0 or bool(np.min(known) < 0.0):
        return None
    most = float(np.max(known))
    if most > 100.0 + 1e-6 or bool(np.all((known == 0.0) | (known == 1.0))):
        return None
    return np.clip(1.0 - one.v / (100.0 if most > 1.0 + 1e-6 else 1.0), 0.0, 1.0)


def own_floor(about: Aspect, series: Sequence[Series]) -> Aspect:
    """Without a floor where it is in bytes and no value comes near it: the name tells no unit, so it is another one.

    What is none of it at times is no memory of a process, but a number of objects or a part of it that is seldom used.
    """
    if about.aspect not in ("memory", "disk") or about.unit == "bytes":
        return about
    most = max((float(np.nanmax(np.abs(s.v), initial=0.0)) for s in series if s.v.size), default=0.0)
    if most >= about.floor:
        return about
    empty = any(bool(np.any(s.v == 0.0)) for s in series)
    return replace(about, floor=0.0, aspect="other" if empty and about.aspect == "memory" else about.aspect)


def collects(metric: str) -> bool:
    """Whether it times the collection of garbage, which is no answer to anybody, whatever unit it has."""
    return bool(_COLLECTS.search(metric))


def upper_bound(text: str) -> float:
    """The upper bound of a bucket; -inf where the label is no number."""
    try:
        return float(text.replace("+Inf", "inf"))
    except ValueError:
        return float("-inf")
