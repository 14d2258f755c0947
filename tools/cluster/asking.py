"""Asking a cluster: lists first, whole namespaces at a time, single objects only where the list is not to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aitia.core.errors import SourceError
from aitia.tools.cluster.text import Branch, Row, rows, trees
from aitia.tools.sources.base import ClusterCall, ClusterSource

MOST_CALLS: Final = 2000
MOST_UNREAD: Final = 40
AT_ONCE: Final = 4


class Asker:
    """Asks one namespace of a source, counts the calls and keeps what could not be read, in words.

    Until the first answer a failure is raised: the cluster cannot be reached. Later it is a question without an answer.
    """

    def __init__(
        self, source: ClusterSource, namespace: str, patient: Callable[[], bool] = lambda: True
    ) -> None:
        self._source, self.namespace, self._patient = source, namespace, patient
        self._known: dict[ClusterCall, str | None] = {}
        self._reached = False
        self.asked = 0
        self.unread: list[str] = []

    @property
    def hurried(self) -> bool:
        """Whether time or calls are used up, so that what is optional is left out."""
        return self.asked >= MOST_CALLS or not self._patient()

    def text(self, verb: str, resource: str = "", name: str = "", **more: int | bool | str) -> str | None:
        """The answer, or None where there is none or where there is no time left for it."""
        if self.hurried:
            self.miss(f"{verb} {resource} {name}: no time left")
            return None
        self.asked += 1
        namespace = str(more.get("namespace", self.namespace))
        call = ClusterCall(
            verb=verb,
            resource=resource,
            name=name,
            namespace=namespace,
            port=int(more.get("port", 0)),
            wide=bool(more.get("wide", False)),
            labels=bool(more.get("labels", False)),
        )
        if call not in self._known:
            self._known[call] = self._answer(call)
        answer = self._known[call]
        return None if answer is None or answer.startswith("Error from server (Forbidden)") else answer

    def ahead(self, wanted: Iterable[tuple[str, str, str]]) -> None:
        """Ask several questions (verb, resource, name) at once; their answers are kept for `text`."""
        calls = [ClusterCall(verb=v, resource=r, name=n, namespace=self.namespace) for v, r, n in wanted]
        calls = [c for c in dict.fromkeys(calls) if c not in self._known]
        if calls and not self._reached and not self.hurried:
            first = calls.pop(0)
            self._known[first] = self._answer(first)

        def one(call: ClusterCall) -> tuple[ClusterCall, str | None] | None:
            return None if self.hurried else (call, self._answer(call))

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            self._known |= dict(found for found in pool.map(one, calls) if found is not None)

    def _answer(self, call: ClusterCall) -> str | None:
        try:
            answer = self._source.ask(call)
        except SourceError as error:
            if not self._reached:
                raise
            what = " ".join(filter(None, (call.verb, call.resource, call.name)))
            self.miss(f"{what} in {call.namespace}: {str(error)[:160]}")
            return None
        self._reached = True
        return answer

    def table(
        self, resource: str, *, wide: bool = False, labels: bool = False, namespace: str = ""
    ) -> list[Row] | None:
        """The rows of `get RESOURCE`, or None where it was not answered."""
        where = namespace or self.namespace
        answer = self.text("get", resource, wide=wide, labels=labels, namespace=where)
        if answer is None and (wide or labels):
            answer = self.text("get", resource, namespace=where)
        if answer is None:
            self.miss(f"get {resource} in {where}: not answered")
            return None
        found = [r for r in rows(answer) if r.get("NAME") or r.get("OBJECT")]
        if answer.strip() and not found and not answer.startswith(("No resources", "Error")):
            self.miss(f"get {resource} in {where}: no table")
        return found

    def described(self, resource: str, names: Iterable[str]) -> dict[str, Branch]:
        """The descriptions of some objects by name: the whole list at once, else one by one."""
        wanted = sorted(set(names))
        if not wanted:
            return {}
        whole = self.text("describe", resource)
        if whole:
            found = {b.text("Name"): b for b in trees(whole) if b.text("Name")}
            if found:
                return found
        single: dict[str, Branch] = {}
        for name in wanted:
            answer = self.text("describe", resource, name)
            branches = trees(answer) if answer else []
            if branches and branches[0].text("Name"):
                single[name] = branches[0]
            elif answer and not answer.startswith("Error"):
                self.miss(f"describe {resource} {name}: no description")
        return single

    def miss(self, what: str) -> None:
        """Note what was not read."""
        if what not in self.unread and len(self.unread) < MOST_UNREAD:
            self.unread.append(what)


def names_of(table: Iterable[Row] | None) -> list[str]:
    """The NAME column."""
    return [r["NAME"] for r in table or () if r.get("NAME")]
