"""What the alarm is about goes first: its own fault excludes those of others that do not affect it, and health."""

from __future__ import annotations

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import Weighed, weigh
from aitia.core.words import Evidence
from tests.agent import evidence as shop


def cluster(component: str, aspect: str, *, strength: float = 0.9, kind: str = "cluster.finding") -> Evidence:
    fact = shop.fact(component, "availability", f"{component}: {aspect}", direction="new", strength=strength)
    return fact.model_copy(update={"kind": kind, "aspect": aspect})


def log(component: str, aspect: str, text: str, *, peer: str = "") -> Evidence:
    fact = shop.fact(component, "errors", text, direction="new", kind="log.new", peer=peer, strength=0.9)
    return fact.model_copy(update={"aspect": aspect})


def judged(facts: list[Evidence], *alarmed: str, calls: dict[str, tuple[str, ...]] | None = None) -> Weighed:
    inventory = shop.inventory(calls or {"job": (), "web": (), "db": ()})
    return weigh(shop.numbered(facts), inventory, bundled(), alarmed=alarmed)


def test_another_ones_plainer_fault_is_not_the_cause_of_what_the_alarm_is_about() -> None:
    facts = [cluster("job", "k8s.exit"), cluster("web", "k8s.image_reference", strength=0.96)]
    assert judged(facts).component == "web"
    assert judged(facts, "job").component == "job"


def test_one_that_it_depends_on_may_still_be_the_cause() -> None:
    facts = [cluster("job", "k8s.probe", strength=0.5), cluster("db", "k8s.oom", strength=0.96)]
    assert judged(facts, "job", calls={"job": ("db",), "db": ()}).component == "db"


def test_nothing_is_wrong_is_not_said_while_it_is_not_ready() -> None:
    calm = [q for name in ("job", "web", "db") for q in shop.quiet(name, "latency")]
    sign = cluster("job", "k8s.not_ready", strength=0.05, kind="cluster.symptom")
    assert judged(calm, "job").verdict == "healthy"
    assert judged([*calm, sign], "job").verdict != "healthy"


def test_where_logs_are_all_the_alarm_and_a_caller_second_what_a_log_says_of_itself() -> None:
    own = log("db", "log.oom", "OutOfMemoryError")
    refused = log("web", "log.connection_refused", "db refused", peer="db")
    assert judged([own]).verdict != "cause"
    told = judged([own, refused], "web", calls={"job": (), "web": (), "db": ()})
    assert (told.verdict, told.component, told.fault) == ("cause", "db", "resource.memory")
