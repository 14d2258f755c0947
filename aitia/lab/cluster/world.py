"""A cluster's API objects, its events and a virtual clock in seconds: what controllers, scheduler and kubelets work on.

Nothing here knows of an incident. Everything follows from the seed: no wall clock, no order of sets.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from aitia.lab.cluster.physics import Physics

Object = dict[str, Any]
Key = tuple[str, str, str]  # kind, namespace, name

EVENT_TTL: Final = 3600  # seconds; the API server's --event-ttl
SPAM_BURST: Final = 25  # events of one source about one object, then one in five minutes (client-go's EventSourceObjectSpamFilter)
SPAM_REFILL: Final = 300
SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"  # k8s.io/apimachinery/pkg/util/rand
ROUNDS: Final = 60  # of controllers at one moment; more means that two of them fight


def stamp(at: float) -> str:
    """Epoch seconds as the API writes a time."""
    return datetime.fromtimestamp(int(at), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text: str) -> int:
    """The seconds of an API time."""
    return int(datetime.fromisoformat(text).timestamp())


def digest(*parts: object) -> int:
    """A number that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:16])


def safe(number: int, length: int) -> str:
    """A suffix in the letters that Kubernetes takes."""
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(SAFE))
        letters.append(SAFE[rest])
    return "".join(letters)


class World:
    """Objects by kind, namespace and name; events as the recorders of client-go keep them; timers."""

    def __init__(self, seed: int, start: int, minor: int = 31) -> None:
        self.seed, self.start, self.now, self.minor = seed, start, start, minor
        self.physics = Physics()
        self.version = 100_000 + seed % 10_000
        self.objects: dict[Key, Object] = {}
        self.controllers: list[Callable[[World], None]] = []
        self.assigned: list[Callable[[World, Object], None]] = []  # kubelets hear of a pod that got its node
        self.removed: list[Callable[[World, Object], None]] = []  # and of one that is to go
        self.host_ports = count(20)
        self._kinds: dict[str, dict[Key, Object]] = {}
        self._owned: dict[tuple[str, str], dict[Key, Object]] = {}  # by uid of the controller and kind
        self._settled = -1  # the version at which the controllers came to rest
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._made: dict[str, int] = {}
        self._events: dict[tuple[str, ...], Object] = {}
        self._tokens: dict[tuple[str, ...], tuple[float, int]] = {}

    def chance(self, *parts: object) -> random.Random:
        """A generator that depends on the seed and the parts alone, whatever was drawn before."""
        return random.Random(digest(self.seed, *parts))

    def uid(self, *parts: object) -> str:
        """A version 4 UUID, another one at each call with the same parts."""
        name = "/".join(map(str, parts))
        self._made[name] = self._made.get(name, 0) + 1
        text = f"{digest(self.seed, 'uid', name, self._made[name]):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:32]}"

    def at(self, delay: float, call: Callable[[], None]) -> None:
        """Run `call` after so many seconds."""
        heapq.heappush(self._heap, (self.now + max(0, round(delay)), next(self._order), call))

    def run_until(self, moment: int) -> None:
        """Let the time pass. What happens in one second is settled by the controllers before the next."""
        self.settle()
        while self._heap and self._heap[0][0] <= moment:
            self.now = self._heap[0][0]
            while self._heap and self._heap[0][0] == self.now:
                heapq.heappop(self._heap)[2]()
            self.settle()
        self.now = moment

    def settle(self) -> None:
        """All controllers, until none changes anything."""
        for _ in range(ROUNDS):
            if self.version == self._settled:
                return
            before = self.version
            for controller in self.controllers:
                controller(self)
            if self.version == before:
                self._settled = before
        raise RuntimeError(f"The controllers do not come to rest at {stamp(self.now)}.")

    # Objects

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return self.objects.get((kind, namespace, name))

    def all_of(self, kind: str, namespace: str | None = None) -> list[Object]:
        """The objects of a kind, by name."""
        held = self._kinds.get(kind, {})
        return [held[k] for k in sorted(held) if namespace is None or k[1] == namespace]

    def owned(self, kind: str, owner: Object) -> list[Object]:
        """What an object controls, oldest first."""
        mine = self._owned.get((owner["metadata"]["uid"], kind), {}).values()
        return sorted(mine, key=lambda o: (o["metadata"]["creationTimestamp"], o["metadata"]["name"]))

    def create(self, item: Mapping[str, Any], owner: Object | None = None) -> Object:
        """A new object with the metadata that the API server gives it."""
        meta = dict(item["metadata"])
        kind, space, name = str(item["kind"]), str(meta.get("namespace", "")), str(meta["name"])
        self.version += 1
        full: Object = {"metadata": {"name": name}}
        full["metadata"] |= {k: v for k, v in meta.items() if k not in ("name", "ownerReferences")}
        full["metadata"] |= {
            "uid": self.uid(kind, space, name),
            "resourceVersion": str(self.version),
            "creationTimestamp": stamp(self.now),
        }
        if kind in GENERATIONS:
            full["metadata"]["generation"] = 1
        if owner is not None:
            full["metadata"]["ownerReferences"] = [
                {
                    "apiVersion": owner["apiVersion"],
                    "kind": owner["kind"],
                    "name": owner["metadata"]["name"],
                    "uid": owner["metadata"]["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ]
        elif meta.get("ownerReferences"):
            full["metadata"]["ownerReferences"] = meta["ownerReferences"]
        full = {"apiVersion": item["apiVersion"], "kind": kind, **full}
        full |= {k: v for k, v in item.items() if k not in full}
        self.objects[kind, space, name] = full
        self._kinds.setdefault(kind, {})[kind, space, name] = full
        if reference := owner_of(full):
            self._owned.setdefault((reference["uid"], kind), {})[kind, space, name] = full
        return full

    def touch(self, item: Object, *, spec: bool = False) -> None:
        """An object was written: a new version, and a new generation where its spec changed."""
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        if spec and item["kind"] in GENERATIONS:
            item["metadata"]["generation"] = item["metadata"].get("generation", 1) + 1

    def write(self, item: Object, field: str, value: Any) -> bool:
        """Set one field if it differs; whether it did."""
        if item.get(field) == value:
            return False
        item[field] = value
        self.touch(item)
        return True

    def delete(self, item: Object) -> None:
        """Take an object away."""
        key = (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
        self.version += 1
        self.objects.pop(key, None)
        self._kinds.get(key[0], {}).pop(key, None)
        if reference := owner_of(item):
            self._owned.get((reference["uid"], key[0]), {}).pop(key, None)

    def alive(self, item: Object) -> bool:
        """Whether this very object is still there."""
        key = (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
        return self.objects.get(key) is item

    # Events

    def event(
        self, item: Object, reason: str, message: str, source: str, *, host: str = "", warning: bool = False, field: str = ""
    ) -> None:  # fmt: skip
        """What a component says of an object: counted where it said the same before, dropped where it says too much."""
        meta = item["metadata"]
        source_key = (source, host, item["kind"], meta.get("namespace", ""), meta["name"], meta["uid"])
        key = (*source_key, reason, message, field)
        if not self._may_tell(source_key):
            return
        known = self._events.get(key)
        at_rest = self._settled == self.version
        self.version += 1
        if at_rest:
            self._settled = self.version  # no controller acts on an event
        if known is not None and self.now - epoch(known["lastTimestamp"]) < EVENT_TTL:
            known["count"] += 1
            known["lastTimestamp"] = stamp(self.now)
            known["metadata"]["resourceVersion"] = str(self.version)
            return
        space = meta.get("namespace") or "default"
        number = digest(self.seed, *key, self.now)
        involved = {
            "kind": item["kind"],
            **({"namespace": meta["namespace"]} if meta.get("namespace") else {}),
        }
        involved |= {"name": meta["name"], "uid": meta["uid"] if item["kind"] != "Node" else meta["name"]}
        if item["kind"] != "Node":
            involved |= {"apiVersion": item["apiVersion"], "resourceVersion": meta["resourceVersion"]}
        if field:
            involved["fieldPath"] = field
        made: Object = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{meta['name']}.{0x17F0000000000000 + number % (1 << 52):x}",
                "namespace": space,
                "uid": self.uid("Event", space, meta["name"], reason),
                "resourceVersion": str(self.version),
                "creationTimestamp": stamp(self.now),
            },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "source": {"component": source, **({"host": host} if host else {})},
            "firstTimestamp": stamp(self.now),
            "lastTimestamp": stamp(self.now),
            "count": 1,
            "type": "Warning" if warning else "Normal",
            "eventTime": None,
            "reportingComponent": source,
            "reportingInstance": host,
        }
        self._events[key] = made
        self.objects["Event", space, made["metadata"]["name"]] = made

    def _may_tell(self, source: tuple[str, ...]) -> bool:
        """A bucket of SPAM_BURST tokens, one more every SPAM_REFILL seconds."""
        tokens, before = self._tokens.get(source, (float(SPAM_BURST), self.now))
        tokens = min(SPAM_BURST, tokens + (self.now - before) / SPAM_REFILL)
        self._tokens[source] = (tokens - 1 if tokens >= 1 else tokens, self.now)
        return tokens >= 1

    def events(self) -> list[Object]:
        """The events that the API server still keeps, oldest first."""
        kept = [e for e in self._events.values() if self.now - epoch(e["lastTimestamp"]) < EVENT_TTL]
        return sorted(kept, key=lambda e: (e["lastTimestamp"], int(e["metadata"]["resourceVersion"])))


GENERATIONS: Final = frozenset(
    {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Ingress", "NetworkPolicy",
     "PodDisruptionBudget", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Certificate", "VirtualService",
     "DestinationRule", "Gateway", "AuthorizationPolicy", "PostgresCluster"}
)  # fmt: skip
"""Kinds whose metadata has a generation."""


def owner_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reference to the controller, {} for none."""
    return next((r for r in item["metadata"].get("ownerReferences", ()) if r.get("controller")), {})


def labels_of(item: Mapping[str, Any]) -> Mapping[str, str]:
    """metadata.labels."""
    found: Mapping[str, str] = item["metadata"].get("labels", {})
    return found


def selected(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether equality selectors take these labels."""
    return bool(selector) and all(labels.get(k) == v for k, v in selector.items())


def condition(item: Object, kind: str) -> Object:
    """A condition by its type, {} where it has none."""
    return next((c for c in item.get("status", {}).get("conditions", ()) if c["type"] == kind), {})


def set_condition(world: World, item: Object, kind: str, status: str, reason: str = "", message: str = "", *,
                  stamps: tuple[str, ...] = ("lastTransitionTime",), probe: bool = False) -> bool:  # fmt: skip
    """Write a condition in the API's form; whether anything changed. `stamps` are the times it has, `probe` adds lastProbeTime."""
    conditions = item.setdefault("status", {}).setdefault("conditions", [])
    known = next((c for c in conditions if c["type"] == kind), None)
    told = {
        "status": status,
        **({"reason": reason} if reason else {}),
        **({"message": message} if message else {}),
    }
    if known is not None and {k: known[k] for k in ("status", "reason", "message") if k in known} == told:
        return False
    turned = known is None or known["status"] != status
    before = "" if known is None else str(known.get("lastTransitionTime", ""))
    made: Object = {"type": kind, **told, **({"lastProbeTime": None} if probe else {})}
    made |= dict.fromkeys(stamps, stamp(world.now))
    if not turned:
        made["lastTransitionTime"] = before
    if known is None:
        conditions.append(made)
    else:
        known.clear()
        known.update(made)
    world.touch(item)
    return True


def walk(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)
