"""Units of work over a Ray cluster. Ray does a dead worker's task again; what comes back is taken once."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from aitia.core.errors import AitiaError, BadInput
from aitia.core.home import aitia_home
from aitia.core.spread import TRIES, WAITING, Need, died

NEEDED: Final = "Install the extra for clusters: pip install '.[ray]'."
LOOK_S: Final = 2.0  # how often the cluster is asked which nodes it has
KNOCK_S: Final = 5.0
POLL_S: Final = 0.5  # Ctrl-C is heard between two waits
_LOCAL: Final = "local"
_THREADS: Final = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
)  # OMP_NUM_THREADS Ray sets itself, by cores of the unit
_SHARE: Final = 0.9  # of a node's memory that one unit may claim
A = TypeVar("A")
B = TypeVar("B")


def over_ray(
    work: Callable[[A], B],
    units: Mapping[int, A],
    *,
    address: str,
    need: Callable[[A], Need],
    lost: Callable[[A, str], B],
) -> Iterator[tuple[int, B]]:
    """As `aitia.core.spread.spread`; the address is `auto`, HOST:PORT, or `local` for a cluster of this machine alone."""
    with connected(address) as ray:
        nodes = _Nodes(ray)
        hands = _Hands(ray, nodes, work)
        todo, running = deque(units), dict[Any, int]()
        deaths = Counter[int]()
        try:
            while todo or running:
                while todo and (given := hands.give(units[todo[0]], need(units[todo[0]]))) is not None:
                    running[given] = todo.popleft()
                if not running:
                    time.sleep(POLL_S)  # no node has room: one may come
                    continue
                ready, _ = ray.wait(list(running), num_returns=1, timeout=POLL_S)
                for ref in ready:
                    n, node = running.pop(ref), hands.take(ref)
                    try:
                        told = _result(ray, ref)
                    except (
                        ray.exceptions.RayError
                    ):  # the node or its process died, and Ray's own tries are used up
                        deaths[n] += 1
                        if hands.is_gone(node) and deaths[n] < TRIES:
                            todo.append(n)
                        else:
                            yield n, lost(units[n], died(TRIES))
                    else:
                        yield n, told
        finally:
            for ref in running:
                ray.cancel(ref, force=not hands.holds(ref))


def _result(ray: Any, ref: Any) -> Any:
    """What came back; what `work` raised on purpose is raised as it was there. Raises RayError for a worker that is dead."""
    try:
        return ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, AitiaError):
            raise error.cause from None
        raise RuntimeError(str(error)) from error


class _Nodes:
    """The nodes that are alive, by id, with cores and memory."""

    def __init__(self, ray: Any) -> None:
        self._ray, self._due, self._known = ray, 0.0, dict[str, dict[str, float]]()

    def alive(self) -> dict[str, dict[str, float]]:
        """Asked anew every two seconds: nodes come and go."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + LOOK_S
            self._known = {n["NodeID"]: n["Resources"] for n in self._ray.nodes() if n["Alive"]}
        return self._known

    def cores(self) -> int:
        """How many units can be under way at a time."""
        return int(sum(r.get("CPU", 0.0) for r in self.alive().values()))

    def memory(self, wanted: int) -> int:
        """What may be claimed: at most most of the largest node, or Ray would wait for a larger one for ever."""
        largest = max((r.get("memory", 0.0) for r in self.alive().values()), default=0.0)
        return int(min(wanted, _SHARE * largest))


class _Hands:
    """Hands units out: as tasks, or to one process a node. What is under way is bounded."""

    def __init__(self, ray: Any, nodes: _Nodes, work: Callable[[Any], Any]) -> None:
        self._ray, self._nodes = ray, nodes
        self._work = ray.put((work, version("aitia")))  # sent once
        self._task, self._tasks = ray.remote(_done), 0
        self._holders: dict[str, Any] = {}
        self._busy: dict[str, int] = {}
        self._at: dict[Any, str] = {}  # the node of a unit that a holder has

    def give(self, unit: Any, need: Need) -> Any | None:
        """The unit is under way; None where enough are."""
        memory = self._nodes.memory(need.memory)
        if need.a_node:
            return self._held(unit, memory)
        if self._tasks >= WAITING * max(1, self._nodes.cores()):
            return None
        self._tasks += 1
        return self._task.options(num_cpus=1, memory=memory, max_retries=TRIES - 1).remote(self._work, unit)

    def _held(self, unit: Any, memory: int) -> Any | None:
        nodes = [n for n, held in self._nodes.alive().items() if held.get("memory", 0.0) * _SHARE >= memory]
        node = min(nodes, key=lambda n: self._busy.get(n, 0), default=None)
        if node is None or self._busy.get(node, 0) >= WAITING:
            return None
        if node not in self._holders:
            self._holders[node] = self._holder(node, memory)
        ref = self._holders[node].do.remote(unit)
        self._busy[node] = self._busy.get(node, 0) + 1
        self._at[ref] = node
        return ref

    def _holder(self, node: str, memory: int) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        cores = max(1.0, self._nodes.alive()[node].get("CPU", 1.0))
        placed = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
        made = self._ray.remote(_Holder).options(
            num_cpus=cores, memory=memory, max_restarts=-1, max_task_retries=TRIES - 1, scheduling_strategy=placed
        )  # fmt: skip
        return made.remote(self._work)

    def take(self, ref: Any) -> str:
        """A unit is under way no more; the node whose holder had it, "" for a task."""
        node = self._at.pop(ref, "")
        if node:
            self._busy[node] -= 1
        else:
            self._tasks -= 1
        return node

    def holds(self, ref: Any) -> bool:
        """Whether a holder has it."""
        return ref in self._at

    def is_gone(self, node: str) -> bool:
        """Whether a holder's node is no more, so that another one may take its unit. A task Ray has moved itself."""
        if not node or any(n["NodeID"] == node and n["Alive"] for n in self._ray.nodes()):
            return False
        self._holders.pop(node, None)
        return True


class _Holder:
    """The one process of a node."""

    def __init__(self, given: tuple[Callable[[Any], Any], str]) -> None:
        self._given = given

    def do(self, unit: Any) -> Any:
        """A unit, as a task does it."""
        return _done(self._given, unit)


def _done(given: tuple[Callable[[A], B], str], unit: A) -> B:
    """On a node: the work, by the same aitia."""
    work, wanted = given
    if (here := version("aitia")) != wanted:
        raise BadInput(
            f"Install aitia {wanted} on every node of the cluster: {os.uname().nodename} has {here}."
        )
    return work(unit)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, connected for the time of the block. Raises BadInput."""
    if find_spec("ray") is None:
        raise BadInput(NEEDED)
    if address.startswith("ray://"):
        raise BadInput(
            "Start it on a machine of the cluster (`ray start --address=HOST:6379` makes it one) and give HOST:6379 or auto."
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing of the site goes to Ray's makers
    os.environ.setdefault("RAY_worker_niceness", "5")  # of a cluster that is started here
    if address not in (_LOCAL, "auto"):
        _knock(address)
        if os.environ.get("RAY_AUTH_TOKEN") or _token_file().is_file():
            os.environ.setdefault(
                "RAY_AUTH_MODE", "token"
            )  # of a cluster that is named Ray does not ask for it itself
    import ray

    options: dict[str, Any] = {"runtime_env": {"env_vars": dict.fromkeys(_THREADS, "1")}}
    if address == _LOCAL:
        options["include_dashboard"] = False
    try:
        with _elsewhere():
            ray.init(
                address=address,
                namespace="aitia",
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                **options,
            )
    except (ConnectionError, ValueError) as error:
        raise _nobody(address, str(error).splitlines()[0][:200]) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Ray itself would try for a minute."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise BadInput(f"Give --ray as HOST:PORT, auto or local, not {address[:80]!r}.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_S).close()
    except (OSError, OverflowError) as error:
        raise _nobody(address, str(error)) from None


def _token_file() -> Path:
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")


def _nobody(address: str, why: str) -> BadInput:
    return BadInput(
        f"No Ray cluster answers at {address!r} ({why}). Start one (`ray start --head`), or fix --ray; "
        "where it asks for a token, copy the head's ~/.ray/auth_token."
    )


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Ray lets its workers import from the folder that it was connected in: none that anybody else writes to."""
    before = Path.cwd()
    os.chdir(aitia_home())
    try:
        yield
    finally:
        os.chdir(before)
