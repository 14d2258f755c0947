"""Placeholders are filled only beyond doubt, and never with a name that a shell would read as more than a word."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.agent.mitigate import mitigations
from aitia.agent.placeholders import fill, fill_prose, names_of
from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.words import Component, Evidence, Inventory, Link, Result, SourceRef

from . import evidence as shop

HOSTILE = [
    "orders; rm -rf /", "$(reboot)", "`reboot`", "orders\nreboot", "a b", "a|b", "a&b", "a>b", "'; DROP TABLE x; --", '"', "",
    "-rf", "--all", "..", "../etc", "a/b", "ördërs", "orders\u202e", "{component}", "$HOME", "a\\b", "*", "~root", "a=b", "x" * 254,
]  # fmt: skip


def inventory(name: str = "orders", kind: str = "service", *links: Link) -> Inventory:
    others = (
        Component(id="n1", type="node"),
        Component(id="shop", type="namespace"),
        Component(id="db", type="service"),
    )
    own = Component.model_validate({"id": name, "type": kind, "links": links})
    return Inventory(components=(own, *others))


def fact(component: str = "orders", *, taint: bool = False, **values: str) -> Evidence:
    return Evidence(
        id="E1", component=component, kind="cluster.x", aspect="x", statement="x", strength=1.0, values=values, taint=taint,
        source=SourceRef(source="cluster", query="get pods"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "filled", "note"),
    [
        ("shopctl rollback SERVICE", "shopctl rollback orders", " (SERVICE filled in: orders)"),
        ("ctl restart <service-name>", "ctl restart orders", " (<service-name> filled in: orders)"),
        ("ctl restart <my-app>", "ctl restart orders", " (<my-app> filled in: orders)"),
        ("ctl restart ${SERVICE}", "ctl restart orders", " (${SERVICE} filled in: orders)"),
        ("ctl restart {{ service }}", "ctl restart orders", " ({{ service }} filled in: orders)"),
        ("kubectl logs deployment/{component}", "kubectl logs deployment/orders", ""),
        (
            "psql -c \"where name = 'SERVICE'\"",
            "psql -c \"where name = 'orders'\"",
            " (SERVICE filled in: orders)",
        ),
        (
            "kubectl logs <pod> -n <namespace>",
            "kubectl logs <pod> -n <namespace>",
            " (fill in <pod>, <namespace>)",
        ),
        ("ctl SERVICE <pod>", "ctl orders <pod>", " (SERVICE filled in: orders; fill in <pod>)"),
        ("aws s3 ls <bucket-name>", "aws s3 ls <bucket-name>", " (fill in <bucket-name>)"),
        (
            "set image {component} CONTAINER=IMAGE:TAG",
            "set image orders CONTAINER=IMAGE:TAG",
            " (fill in CONTAINER, IMAGE, TAG)",
        ),
    ],
)
def test_a_placeholder_is_filled_or_named(command: str, filled: str, note: str) -> None:
    done = fill(command, names_of("orders", inventory(), ()))
    assert (done.command, done.note) == (filled, note)


@pytest.mark.parametrize(
    "command",
    [
        "SERVICE=$(ctl first); ctl restart $SERVICE", "export POD=x && kubectl logs $POD", "psql -c 'SELECT 1'",
        "redis-cli PING", "awk '{print}' < in > out", "docker inspect -f '{{.State}}' x", "SERVICE_OWNER", "x-SERVICE", "$HOME",
        "cat <<EOF", "kubectl get pods -o template --template='{{range .items}}{{end}}'", "up{job=\"x\"}",
    ],
)  # fmt: skip
def test_what_is_no_placeholder_is_left_alone(command: str) -> None:
    done = fill(command, names_of("orders", inventory(), ()))
    assert (done.command, done.note) == (command, "")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_never_put_into_a_command(name: str) -> None:
    told = names_of(name, inventory(name), [fact(name, pod=name, namespace=name)])
    command = "ctl {component} SERVICE <pod> $NAMESPACE"
    done = fill(command, told)
    assert done.command == command
    assert done.left == ("{component}", "SERVICE", "<pod>", "$NAMESPACE")


@given(st.text(max_size=30) | st.sampled_from(HOSTILE))
def test_what_is_put_in_is_one_plain_word_for_a_shell(name: str) -> None:
    done = fill("ctl rollback SERVICE", names_of(name, inventory(name), ()))
    words = shlex.split(done.command)
    assert len(words) == 3
    assert words[2] in ("SERVICE", name)
    if words[2] == name != "SERVICE":
        assert name.isascii()
        assert shlex.quote(name) == name
        assert not name.startswith(("-", "."))


@pytest.mark.parametrize(
    "name",
    [
        "a;b",
        "$(x)",
        "a`b`",
        "a'b",
        'a"b',
        "a|b",
        "a\nb",
        "a{b}",
        "a>b",
        "a\\b",
        "http://x/p",
        "-rf",
        "a --all",
    ],
)
def test_nor_into_the_words_of_a_step(name: str) -> None:
    told = fill_prose("ALTER ROLE {component} LOGIN", name)
    assert re.fullmatch(r"ALTER ROLE component-[0-9a-f]{6} LOGIN", told)
    assert told == fill_prose("ALTER ROLE {component} LOGIN", name)


def test_the_words_of_a_step_take_names_that_a_person_reads() -> None:
    for name in ("P-101A", "shop/payment", "10.0.0.3:9100", "Kühlwasserpumpe 2"):
        assert fill_prose("Restart {component}.", name) == f"Restart {name}."


def test_the_kind_of_the_component_must_fit() -> None:
    assert names_of("orders", inventory(kind="unknown"), ()) == {"component": "orders"}
    assert "service" not in names_of("n1", inventory(), ())
    assert names_of("n1", inventory(), ())["node"] == "n1"
    assert "service" not in names_of("orders", inventory(kind="app"), ())


def test_a_link_names_the_node_where_there_is_one() -> None:
    one = (
        Link(relation="runs_on", to="n1"),
        Link(relation="part_of", to="shop"),
        Link(relation="calls", to="db"),
    )
    told = names_of("orders", inventory("orders", "service", *one), ())
    assert (told["node"], told["namespace"]) == ("n1", "shop")
    two = Inventory(components=(*inventory("orders", "service", *one, Link(relation="runs_on", to="n2")).components,
                                Component(id="n2", type="node")))  # fmt: skip
    assert "node" not in names_of("orders", two, ())
    assert "node" not in names_of(
        "orders", inventory("orders", "service", Link(relation="runs_on", to="db")), ()
    )


def test_facts_name_what_they_agree_on_and_quotes_name_nothing() -> None:
    held = inventory()
    assert (
        names_of("orders", held, [fact(pod="orders-7f9c"), fact(pod="orders-7f9c")])["pod"] == "orders-7f9c"
    )
    assert "pod" not in names_of("orders", held, [fact(pod="a"), fact(pod="b")])
    assert "pod" not in names_of("orders", held, [fact(pod="evil", taint=True)])
    assert "pod" not in names_of("orders", held, [fact("db", pod="db-0")])
    assert "pod" not in names_of("orders", held, [fact(pod="a"), fact(pod="a;b")])
    assert "service" not in names_of(
        "orders", held, [fact(service="orders-svc")]
    )  # two names: which one is meant?


def test_a_step_of_a_runbook_says_what_was_filled_in() -> None:
    book = {
        "id": "rb", "origin": "site", "title": "Pool full", "faults": ["resource.connections"],
        "steps": [{"text": "Roll it back", "when": "now", "effect": "changing", "command": "shopctl rollback SERVICE"},
                  {"text": "shopctl top <pod>", "when": "now", "effect": "read-only", "command": "shopctl top <pod>"}],
    }  # fmt: skip
    facts = shop.connection_leak()
    weighed = weigh(facts, shop.inventory(), bundled())
    found = [Result(status="ok", data={"runbooks": [book]})]
    told = {
        m.command: m.text
        for m in mitigations(weighed, found, bundled(), inventory=shop.inventory(), evidence=facts)
    }
    assert told["shopctl rollback orders"] == "Roll it back (SERVICE filled in: orders)"
    assert told["shopctl top <pod>"] == "shopctl top <pod> (fill in <pod>)"
    plain = {m.command for m in mitigations(weighed, found, bundled())}
    assert "shopctl rollback SERVICE" in plain


@pytest.mark.parametrize(
    "command",
    [
        "for NODE in a b; do kubectl drain $NODE; done",
        "kubectl get node -o name | while read -r NODE; do kubectl drain $NODE; done",
        "check() { local NODE=$1; ping $NODE; }",
        "ping ${NODE:-localhost}",
        "psql -c 'SELECT VERSION()'",
    ],
)
def test_variables_of_a_script_and_functions_are_no_placeholders(command: str) -> None:
    assert fill(command, {"node": "n1", "version": "1.2"}).command == command


def test_a_part_is_not_taken_out_of_service_but_its_machine() -> None:
    held = Inventory(components=(
        Component(id="P-1", type="machine"),
        Component(id="P-1-DE", type="part", links=(Link(relation="part_of", to="P-1"),)),
        Component(id="P-1-DE-H", type="channel", links=(Link(relation="part_of", to="P-1-DE"),)),
    ))  # fmt: skip
    for name in ("P-1", "P-1-DE", "P-1-DE-H"):
        machine = names_of(name, held, ()).get("machine", "")
        assert fill_prose("stop {machine}", name, machine) == "stop P-1"
    assert fill_prose("stop {machine}", "P-2-DE") == "stop P-2-DE"


def test_who_is_called_is_told_in_words_where_no_name_is_known() -> None:
    step = "Look at {callee} as {alarmed} sees it."
    assert (
        fill_prose(step, "web", "", {"callee": "ledger"})
        == "Look at ledger as what the alarm is about sees it."
    )
    assert "{" not in fill_prose("Ask {caller} of {callee}", "web")


@pytest.mark.parametrize(
    ("aspect", "values", "command"),
    [
        ("k8s.secret", {"name": "orders-db"}, "kubectl set env deployment/orders --from=secret/orders-db"),
        ("k8s.service_account", {"service_account": "picker"}, "kubectl create serviceaccount picker"),
        (
            "k8s.env_address",
            {"variable": "CACHE_ADDR", "host": "cachee"},
            "kubectl set env deployment/orders CACHE_ADDR=<right-host>:<right-port>",
        ),
    ],
)
def test_what_the_control_plane_misses_stands_in_the_command_and_what_is_wrong_never_does(
    aspect: str, values: dict[str, str], command: str
) -> None:
    said = fact(**values).model_copy(update={"aspect": aspect})
    names = names_of("orders", inventory(), [said])
    written = next(
        s.command
        for f in bundled()
        for s in f.now
        if any(p.aspect == aspect and p.primary for p in f.patterns) and s.effect == "changing"
    )
    assert fill(written, names).command == command


def test_no_step_of_the_catalogue_asks_for_a_bare_name() -> None:
    commands = [s.command for f in bundled() for s in (*f.now, *f.prevent)]
    assert [c for c in commands if re.search(r"(?<![\w-])NAME(?![\w-])", c)] == []
