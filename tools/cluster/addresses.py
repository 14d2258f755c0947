"""Addresses in environment variables, held against the services that exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aitia.core.words import Scalar
from aitia.tools.cluster.databases import is_database
from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, Finding, manifest
from aitia.tools.cluster.hosts import host_of, resolved
from aitia.tools.cluster.objects import Service
from aitia.tools.cluster.services import listening
from aitia.tools.cluster.state import State, own_containers

_STEM = re.compile(r"_?(HOST(NAME)?|ADDR(ESS)?|URL|URI|ENDPOINT|SERVER|PORT)S?$", re.IGNORECASE)
_DATABASE_KEY = re.compile(r"MYSQL|MARIADB|POSTGRES|DATABASE|DATASOURCE|JDBC|(^|_)DB(_|$)", re.IGNORECASE)
_FOREIGN = re.compile(r"^(?:[a-z][a-z0-9+.:-]*://)?[a-z0-9-]+\.([a-z0-9-]+)(?:\.svc\b|[:/]|$)", re.IGNORECASE)
# What names a technology, not a service: an app may well use another one of its kind.
_GENERIC = re.compile(
    r"(?i)(my)?sql|redis|rabbit(mq)?|mongo(db)?|kafka|nats|postgres(ql)?|db|database|cache|queue|broker|amqp|(spring_)?.*datasource"
)
_GATE = re.compile(r"(?i)gateway|ingress|edge|proxy|router")


@dataclass(frozen=True, kw_only=True)
class Address:
    """One address that an app is configured with: which variable, which host and port."""

    key: str
    host: str
    port: int
    value: str
    elsewhere: str = ""  # another namespace that the host names


def addresses(state: State, app: str) -> list[Address]:
    """The addresses in an app's environment, arguments and the config maps and secrets that it reads (addresses only)."""
    found: dict[tuple[str, str, int], Address] = {}
    for container in own_containers(state.spec(app)):
        env = dict(container.env)
        for reference in container.references:
            env |= {k: v for k, v in state.addresses.get(reference.name, {}).items() if k not in env}
        env |= {
            w.partition("=")[0]: w.partition("=")[2]
            for w in container.command
            if w.startswith("-") and "=" in w
        }
        for one in _pairs(env, state.namespace):
            found.setdefault((one.key, one.host, one.port), one)
    return [found[k] for k in sorted(found)]


def _pairs(env: Mapping[str, str], namespace: str) -> Iterator[Address]:
    for key, raw in sorted(env.items()):
        value = resolved(raw, env)
        space = _FOREIGN.match(value)
        elsewhere = space.group(1) if space and space.group(1) != namespace else ""
        host, port = host_of(value)
        if not host or (not port and not _STEM.search(key)) or re.search(r"PORT$", key, re.IGNORECASE):
            continue
        if not port:
            stem = _STEM.sub("", key)
            beside = next((env[k] for k in (f"{stem}_PORT", f"{stem}PORT") if env.get(k, "").isdigit()), "0")
            port = int(beside)
        yield Address(key=key, host=host, port=port, value=value, elsewhere=elsewhere)


def find(state: State) -> Iterator[Finding]:
    """Hosts that do not exist, hosts of another service than the variable names, ports that nobody offers."""
    services = {s.name: s for s in state.services}
    plain = {_core(name): name for name in sorted(services, reverse=True)}
    for app in state.apps:
        yield from _database_port(state, app)
        for address in addresses(state, app):
            if address.elsewhere:
                yield from _foreign(state, app, address, services)
                continue
            yield from _host(state, app, address, services, plain)
            if address.host in services:
                yield from _port(state, app, address, services[address.host])


def _foreign(state: State, app: str, address: Address, services: Mapping[str, Service]) -> Iterator[Finding]:
    """An address in another namespace of a service that is here, in an app that is in trouble."""
    complains = any(address.value.split(":")[0] in line.text for line in state.lines(app))
    if address.host in services and (complains or state.short(app)):
        strength = LIKELY if complains else POSSIBLE
        what = f"it names namespace {address.elsewhere}, but the service is in {state.namespace}"
        yield from _found(state, app, address, strength, what)


def _database_port(state: State, app: str) -> Iterator[Finding]:
    """A database port without its host (which a secret holds), held against the only database server's."""
    servers = [a for a in state.apps if is_database(state, a)]
    offered = {p.number for s in servers for x in state.services_of(s) for p in x.ports}
    if len(servers) != 1 or not offered or app in servers:
        return
    for container in own_containers(state.spec(app)):
        for key, value in sorted(container.env.items()):
            alone = _STEM.sub("", key) + "_HOST" not in container.env
            if (
                re.search(r"PORT$", key)
                and _DATABASE_KEY.search(key)
                and value.isdigit()
                and alone
                and int(value) not in offered
            ):
                one = Address(key=key, host=servers[0], port=int(value), value=value)
                ports = ", ".join(map(str, sorted(offered)))
                yield from _found(state, app, one, SAID, f"{servers[0]} exposes port {ports}", database=True)


def _close(host: str, names: list[str]) -> list[str]:
    """The service whose name a host misspells, extends or cuts short."""
    extended = [n for n in names if host.startswith(n + "-") or n.startswith(host + "-")]
    return difflib.get_close_matches(host, names, 1, 0.85) or (extended if len(extended) == 1 else [])


def _core(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _found(
    state: State, app: str, address: Address, strength: float, what: str, *, database: bool = False
) -> Iterator[Finding]:
    told = (
        f"{app}: {address.key}={address.host}{f':{address.port}' if address.port else ''} is wrong: {what}."
    )
    values: dict[str, Scalar] = {"variable": address.key, "host": address.host, "port": address.port}
    aspect = "k8s.database_port" if database else "k8s.env_address"
    yield Finding(
        aspect=aspect,
        component=app,
        statement=told,
        strength=strength,
        call=manifest(app, state.namespace),
        values=values,
    )
    if _GATE.search(app) and not database:
        yield Finding(
            aspect="k8s.gateway",
            component=app,
            statement=told,
            strength=strength - 0.1,
            call=manifest(app, state.namespace),
            values=values,
        )


def _host(
    state: State, app: str, address: Address, services: Mapping[str, Service], plain: Mapping[str, str]
) -> Iterator[Finding]:
    stem = _STEM.sub("", address.key)
    meant = "" if _GENERIC.fullmatch(stem) else plain.get(_core(stem), "")
    if address.host in services:
        if (
            meant
            and meant != address.host
            and state.app_behind(services[meant]) != state.app_behind(services[address.host])
        ):
            yield from _found(
                state, app, address, SAID, f"the variable names service {meant}, its value another one"
            )
        return
    declared = {s.name for s in state.declared_services} | set(state.apps)
    if address.host in declared:
        return  # the service is missing, not the address wrong
    close = [meant] if meant else _close(address.host, sorted(services))
    mentioned = any(
        re.search(rf"(?<![\w-]){re.escape(address.host)}(?![\w-])", line.text) for line in state.lines(app)
    )
    if close:
        yield from _found(
            state, app, address, CONTRADICTION, f"there is no service with this name, but there is {close[0]}"
        )
    elif mentioned and address.port:
        yield from _found(
            state, app, address, LIKELY, "there is no service with this name, and its log complains about it"
        )
    elif address.port and any(p.restarts for p in state.broken(app)):
        yield from _found(state, app, address, POSSIBLE - 0.1, "there is no service with this name")


def _port(state: State, app: str, address: Address, service: Service) -> Iterator[Finding]:
    offered = {p.number for p in service.ports}
    if not address.port or not offered or address.port in offered:
        return
    behind = state.app_behind(service)
    database = bool(behind) and is_database(state, behind)
    others = {
        a.port
        for other in state.apps
        if other != app
        for a in addresses(state, other)
        if a.host == service.name and a.port
    }
    if behind and str(address.port) in listening(state.spec(behind)) and not others & offered:
        return  # the service is mapped wrongly (services.py)
    if others == {address.port}:
        return  # all callers agree: the service changed (services.py)
    ports = ", ".join(map(str, sorted(offered)))
    agree = "" if not others & offered else "; other callers use a port that it exposes"
    yield from _found(
        state,
        app,
        address,
        CONTRADICTION,
        f"service {service.name} exposes port {ports}{agree}",
        database=database or bool(_DATABASE_KEY.search(address.key)),
    )
