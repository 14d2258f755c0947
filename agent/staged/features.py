"""The features of every (component, kind): place, side, events, vetoes, mechanism; each once, the strongest sign of it."""

from __future__ import annotations

from collections import defaultdict

from aitia.agent.fact_values import ratio_of
from aitia.agent.staged.changes import KINDS_OF, slight, touches
from aitia.agent.staged.classes import classes_of
from aitia.agent.staged.mechanisms import FIRM
from aitia.agent.staged.resources import holds_most, lost, many, mounted, of_connections, stalled, walls
from aitia.agent.staged.roles import FITS, ODD, OUTSIDE, STORES
from aitia.agent.staged.scene import Scene
from aitia.agent.staged.tables import (
    BY_WORDS,
    HALTED,
    KINDS,
    MECHANISM,
    QUIET_VETOES,
    SIGNS,
    SPECIFIC,
    SYMMETRIC,
    Row,
)


def alive_or_unseen(s: Scene, c: str) -> bool:
    """Whether nothing says that it is down."""
    return c not in s.down and c not in s.exits


class Staged:
    """The stages over one scene."""

    def __init__(self, scene: Scene) -> None:
        self.s = scene
        self.sources = [c for c in scene.bottom if scene.first[c] <= scene.t0 + 6.0] or scene.bottom[:2]
        firm = {
            k.author for k in scene.claims
            if k.text and k.how & FIRM - {"data", "connections"} and k.at <= scene.t0 + 10.0 and scene.callees(k.author)
        }  # fmt: skip
        if firm:
            self.sources = sorted(c for c in firm if not any(z in firm for z in scene.callees(c)))
        self.shared = {
            z
            for z in scene.names
            if len(self.complainers(z)) > 1 or (self.complainers(z) and not scene.callees(z))
        }
        self._full: dict[str, set[str]] = {}
        self._mounted: dict[str, set[str]] = {}
        self._said: dict[str, dict[str, float]] = {}
        self.flooded = self._flood()
        self.lost = lost(scene, self.sources)

    def rows(self) -> dict[tuple[str, str], Row]:
        """The features of every pair, and of nobody ("", "")."""
        made: dict[tuple[str, str], Row] = {}
        for c in self.s.names:
            place = {k: v for k, v in self.place(c).items() if v}
            for kind in KINDS:
                made[c, kind] = place | {k: v for k, v in self.kind(c, kind).items() if v}
        calm = not self.s.failing and not self.s.down and not self.s.slow
        soft = not (self.s.failing & self.s.hard) and not self.s.down
        made["", ""] = {
            "nobody": 1.0,
            "calm": float(calm),
            "soft": float(soft),
            "unplaced": float(not self.sources),
        }
        return made

    def complainers(self, name: str) -> list[str]:
        """Those that complain first-hand and call it."""
        return [s for s in self.sources if s != name and name in self.s.callees(s)]

    def place(self, c: str) -> Row:
        """Where it is: who complains of it, what happened at it, what clears it."""
        s, row = self.s, defaultdict(float)
        sources = self.sources
        n = max(1, len(sources))
        direct = self.complainers(c)
        row["common"] = float(len(direct) >= 2) * len(direct) / n
        row["single"] = float(len(direct) == 1) / n
        via = [
            x for x in sources
            if x != c and c not in s.callees(x) and any(
                c in s.callees(m) and "errors" in s.quiet[m] and m not in s.failing for m in s.callees(x)
            )
        ]  # fmt: skip
        row["beyond"] = len(via) / n
        authors = {
            k.author for k in s.claims if c in k.targets and k.named and k.text and k.author in sources
        }
        row["named"] = min(2, len(authors)) / 2.0
        row["labelled"] = float(
            any(
                c in k.targets and not k.text and k.at <= s.t0 + 15.0 and k.author in sources
                for k in s.claims
            )
        )
        row["hinted"] = sum(c in s.hints.get(x, ()) for x in sources) / n
        mine = c in sources
        row["bottom"] = float(mine) / n
        replicas = s.replicas(c)
        failing = [r for r in replicas if r in s.failing and abs(s.first[r] - s.first.get(c, 0.0)) <= 4.0]
        row["replica_in"] = float(mine and bool(failing))
        still = [
            r
            for r in replicas
            if (r not in s.failing or s.first[r] > s.first.get(c, 0.0) + 5.0) and r in s.measured
        ]
        row["replica_out"] = float(
            c in s.failing and bool(still) and not failing and s.first[c] <= s.t0 + 5.0
        )
        odd = [x for x in direct if any(r not in s.failing and r in s.measured for r in s.replicas(x))]
        row["shared_but_sibling_quiet"] = float(bool(odd) and len(direct) == 1)
        behind = [
            z for z in s.callees(c) if z in s.failing and c in s.failing and s.first[z] <= s.first[c] + 4.0
        ]
        leaves = [z for z in behind if not s.callees(z) and z not in s.down and z not in s.exits]
        row["relay"] = float(len(behind) > len(leaves) and c not in s.down)
        row["relay_leaf"] = float(bool(leaves) and not row["relay"] and c not in s.down)
        onward = any(e.aspect == "traffic" and e.direction == "down" for e in s.metrics[c])
        complained = any(x in s.failing for x in s.callers(c))
        said = bool(s.callees(c)) or any(k.author == c for k in s.claims)
        row["counts"] = float(complained and c in s.zeros and not said)
        row["emits"] = float(
            said and complained and c in s.zeros and not behind and s.zeros[c] <= s.t0 + 5.0 and onward
        )
        before, _ = s.change_before(c)
        fits = all(s.reaches(x, c) or s.exhausts(c, x) or s.feeds(c, x) for x in sources) and bool(sources)
        row["change"] = float(before <= 6.0 and fits)
        row["change_far"] = float(before <= 6.0 and fits and not self._near(c))
        hosts = [h for h in s.topology.hosts(c) if s.change_before(h)[0] <= 6.0]
        row["change_host"] = float(bool(hosts) and (c in sources or c in s.halts))
        row["change_apart"] = float(before <= 6.0 and not fits)
        row["change_slight"] = float(before <= 6.0 and slight(s.change_said(c)))
        row["change_mid"] = float(6.0 < before <= 25.0 and fits)
        row["change_old"] = float(25.0 < before < 1e9)
        row["labelled_slow"] = float(
            any(c in k.targets and k.what == "metric.latency" and k.at <= s.t0 + 15.0 for k in s.claims)
        )
        row["serves_others"] = float(bool(direct) and s.serves_others(c, set(sources)))
        row["filler"] = float(any(s.fills(c, e) for e in s.metrics[c] if of_connections(e)))
        row["filled"] = float(
            any(s.fills(x, e) for x in s.callers(c) for e in s.metrics[x] if of_connections(e))
            and any(e.kind == "metric.limit" and e.aspect == "connections" for e in s.metrics[c])
        )
        row["halts"] = float(c in s.halts)
        row["halts_first"] = float(c in s.halts and s.halts[c] <= min(s.halts.values()) + 0.3)
        row["halts_busy"] = float(c in s.halts and self._busy(c))
        row["hung"] = float(c in s.hung and s.hung[c] <= s.t0 + 6.0)
        row["client"] = float(s.roles.get(c) == "client")
        if c in s.down:
            row["down"] = float(s.down[c] <= s.t0 + 6.0)
            row["down_late"] = float(s.down[c] > s.t0 + 15.0)
        row["exit"] = float(c in s.exits and s.exits[c] <= s.t0 + 15.0)
        row["wall"] = float(bool(self.full(c)))
        row["flood"] = float(self.flooded and (not s.callers(c) or c in s.facts.alarmed))
        falls = any(e.aspect == "traffic" and e.direction == "down" for e in s.metrics[c])
        against = any(c in k.targets and k.author != c for k in s.claims)
        row["starved"] = float(falls and not against and c not in s.failing)
        q = s.quiet[c]
        row["quiet_all"] = float({"errors", "latency", "availability"} <= q and c not in s.failing)
        row["unobserved"] = float(c not in s.measured and bool(direct or via))
        row["stalled"] = float(stalled(s, c) > 0)
        row["late"] = float(c in s.first and s.first[c] > s.t0 + 6.0)
        row["silent"] = float(
            not against and c not in s.failing and before > 6.0 and not row["wall"] and c not in s.down
        )
        row["rank"] = max(
            (e.strength for e in s.facts.all if e.component == c and e.aspect == "rank.metrics"), default=0.0
        )
        row["host"] = float(bool(s.topology.guests(c)))
        # a caller that sends nothing more to a healthy callee
        row["withheld"] = float(
            c in s.failing
            and bool(s.callees(c))
            and all(z not in s.failing and "latency" in s.quiet[z] for z in s.callees(c) if z in s.measured)
            and any(
                e.aspect == "traffic" and e.direction == "down" for z in s.callees(c) for e in s.metrics[z]
            )
        )
        return dict(row)

    def _near(self, c: str) -> bool:
        """Whether those that complain are it, call it, share a broker with it, or call one that fails and calls it."""
        s = self.s
        return any(
            c == x or c in s.callees(x) or s.feeds(c, x) or s.exhausts(c, x)
            or any(m in s.failing and c in s.callees(m) for m in s.topology.below(x))
            for x in self.sources
        )  # fmt: skip

    def _busy(self, c: str) -> bool:
        """Whether something that it measures of itself rose as its work ended."""
        return any(
            e.kind == "metric.shift" and e.direction == "up" and e.strength >= 0.7 and e.onset
            and abs(e.onset.timestamp() - self.s.halts[c]) <= 5.0
            for e in self.s.metrics[c]
        )  # fmt: skip

    def full(self, c: str) -> set[str]:
        """The resources that ran full at it by T0."""
        if c not in self._full:
            self._full[c] = walls(self.s, c, self.shared)
        return self._full[c]

    def kind(self, c: str, kind: str) -> Row:
        """By which mechanism: the class of what is said of it, what its measurements exclude, what was changed."""
        s, row = self.s, defaultdict(float)
        if c not in self._said:
            self._said[c], self._mounted[c] = classes_of(s, self.sources, c), mounted(s, c)
        classes = self._said[c]
        row["mechanism"] = max(
            (MECHANISM.get(k, {}).get(kind, 0.0) * w for k, w in classes.items()), default=0.0
        )
        most = kind == "resource.connections" and holds_most(s, c)
        texty = kind in BY_WORDS
        row["no_text"] = float(texty and row["mechanism"] == 0)
        for aspect in s.quiet[c] - {"errors"}:
            vetoed = kind in QUIET_VETOES.get(aspect, ())
            if aspect == "connections" and ("connections" in classes or most):
                vetoed = False  # a pool that ran empty holds as many as ever; or its server counts them
            row["quiet_veto"] = max(row["quiet_veto"], float(vetoed))
        inpath = "errors" in s.quiet[c] and bool(s.callees(c))
        row["of_errors_quiet"] = float(
            inpath
            and kind
            in ("software.exception", "software.configuration", "software.credentials", "software.data")
        )
        twin = [
            r
            for r in s.replicas(c)
            if r in s.failing and c in s.failing and abs(s.first[r] - s.first[c]) <= 4.0
        ]
        row["symmetric"] = float(bool(twin) and kind in SYMMETRIC)
        gone = c in s.down or c in s.exits
        full = self.full(c) | ({"connections"} if most else set())
        row["of_down"] = float(gone and kind == "software.crash") * (0.3 if full & {"memory"} else 1.0)
        if c in s.asked and c not in s.exits and classes.keys() & {"identity", "forbidden", "slots"}:
            row["of_down"] *= 0.3  # an exporter that is refused says the same
        row["not_down"] = float(not gone and kind == "software.crash" and c in s.measured)
        before, what = s.change_before(c)
        near = before <= 6.0
        specific = bool(classes.keys() & SPECIFIC)
        row["of_change"] = float(
            near and what == "change.config" and kind == "software.configuration" and not specific
        )
        row["of_change_specific"] = float(
            near and what == "change.config" and kind == "software.configuration" and specific
        )
        row["flood_crash"] = float(self.flooded and kind == "software.crash")
        state = stalled(s, c)
        row["of_stalled"] = float(
            (state == 1 and kind == "resource.io") or (state == 2 and kind == "software.lock_wait")
        )
        row["of_release"] = float(
            near and what in ("change.deploy", "change.flag") and kind == "software.regression"
        )
        row["of_work"] = float(
            near and kind in ("software.credentials", "software.data", "software.certificate")
        )
        if near:
            told = touches(s.change_said(c))
            row["change_says"] = max((KINDS_OF[t].get(kind, 0.0) for t in told), default=0.0)
        row["of_maintenance"] = float(
            near and what == "change.maintenance" and kind == "software.configuration"
        )
        row["no_change"] = float(not near and kind in ("software.configuration", "software.regression"))
        resource = kind.partition(".")[2] if kind.startswith("resource.") else ""
        row["of_wall"] = float(resource in full or (resource == "overload" and "cpu" in full))
        row["no_wall"] = float(resource in ("memory", "disk", "connections", "cpu") and resource not in full)
        row["of_flood"] = float(self.flooded and kind == "resource.overload")
        slow = any(e.aspect == "latency" and e.direction == "up" and e.strength >= 0.5 for e in s.metrics[c])
        row["of_slow"] = float(
            slow and kind in ("software.latency", "resource.io", "software.lock_wait", "network.delay")
        )
        stall = any(e.aspect in ("io", "disk") and e.direction in ("down", "up") for e in s.metrics[c])
        row["of_stall"] = float(stall and kind == "resource.io")
        locks = any(e.aspect == "locks" and e.direction == "up" and many(e) for e in s.metrics[c])
        row["of_stall"] = max(
            row["of_stall"], float(locks and kind in ("software.lock_wait", "software.deadlock"))
        )
        direct = self.complainers(c)
        lone = (len(direct) == 1 and bool(self.place(c)["shared_but_sibling_quiet"])) or bool(
            c in self.sources
            and any(r not in s.failing and r in s.measured for r in s.replicas(c))
            and c not in s.down
        )
        mine_alone = c in self.sources and not any(c in k.targets for k in s.claims if k.author != c)
        row["of_far_side"] = float(
            mine_alone
            and kind in ("software.certificate", "software.quota", "network.dns")
            and row["mechanism"] > 0
        )
        role = s.roles.get(c, "")
        row["role_fits"] = float(role in FITS.get(kind, ()))
        row["role_odd"] = float(role in ODD.get(kind, ()))
        row["of_hung"] = float(c in s.hung and kind in ("software.crash", "software.deadlock"))
        beyond = bool(direct or c in self.sources) and bool({"availability", "latency"} <= s.quiet[c] or lone)
        mine = {h for k in s.claims if k.author == c and k.text and lone for h in k.how}
        unanswered = bool((classes.keys() | mine) & {"reset", "timeout", "refused"})
        row["of_edge"] = float(
            unanswered and beyond and kind.startswith(("network.partition", "network.delay"))
        )
        serving = bool(direct) and s.serves_others(c, set(self.sources))
        row["of_serving"] = float(serving and kind.startswith("network.") and kind != "network.dns")
        faulty = kind in ("software.data", "software.exception", "software.regression")
        thrown = any(k.author == c and k.text and "data" in k.how and k.at <= s.t0 + 15.0 for k in s.claims)
        row["of_own_fault"] = float(thrown and kind == "software.exception")
        row["of_store_data"] = float(
            not thrown and faulty and "data" in classes and role in STORES and kind == "software.data"
        )
        reached = bool(direct) or c in self.sources
        one_way = reached and alive_or_unseen(s, c) and (serving or lone)
        row["all_lost"] = float(one_way and self.lost >= 0.9 and kind == "network.partition")
        waits = any(x in s.slow for x in direct) or c in s.slow
        row["some_late"] = float(one_way and waits and self.lost < 0.9 and kind == "network.delay")
        slowed = any(c in k.targets and k.what == "metric.latency" for k in s.claims)
        row["of_labelled_slow"] = float(slowed and kind in ("software.latency", "network.delay"))
        row["of_own_wall"] = float(resource in self._mounted[c])
        row["of_change_mid"] = float(
            6.0 < before <= 25.0
            and (
                (what == "change.config" and kind == "software.configuration")
                or (what in ("change.deploy", "change.flag") and kind == "software.regression")
            )
        )
        refused = bool({"identity", "forbidden"} & classes.keys())
        emits = c in s.zeros and bool(s.callees(c))
        row["refused_far"] = float(refused and not near and kind == "software.credentials")
        alive = c in s.measured and not gone and bool(classes.keys() & {"timeout", "reset"})
        row["cut"] = float(alive and kind == "network.partition" and not slow)
        row["late_answers"] = float(alive and kind == "network.delay" and slow)
        row["rule_near"] = float(
            (refused or emits) and near and what == "change.config" and kind == "software.configuration"
        )
        row["of_outside"] = float(
            role in OUTSIDE
            and kind in ("software.quota", "software.certificate", "software.latency")
            and row["mechanism"] > 0
        )
        row["of_halt"] = float(c in s.halts and kind in HALTED)
        row["no_sign"] = float(not any(row[n] > 0 for n in SIGNS))
        return dict(row)

    def _flood(self) -> bool:
        """Whether requests rose threefold where they come in, and behind it, before anything failed."""
        s = self.s
        up = {
            e.component
            for every in s.metrics.values()
            for e in every
            if e.aspect == "traffic" and e.direction == "up" and ratio_of(e) >= 2.5
            if e.onset and e.onset.timestamp() <= s.t0 + 3.0
        }
        return len(up) >= 2 and any(not s.callers(c) or c in s.facts.alarmed for c in up)
