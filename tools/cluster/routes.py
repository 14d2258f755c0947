"""Routes in the configuration of gateways and proxies: Spring Cloud Gateway, nginx, Envoy-like YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aitia.tools.cluster.manifest import MAX_CHARS, at, listed
from aitia.tools.cluster.objects import Route

_NGINX = re.compile(r"location\s+(?:[~^=*]+\s*)?(/\S*)\s*\{([^{}]*)\}")
_PASS = re.compile(r"proxy_pass\s+https?://([A-Za-z0-9_.-]+)(?::(\d+))?")
_SPRING = re.compile(
    r"-\s+id:\s*(?P<id>\S+)\s+uri:\s*[\"']?(?:lb|https?)://(?P<host>[A-Za-z0-9_.-]+)(?::(?P<port>\d+))?[\"']?"
    r"\s+predicates:\s+-\s+[\"']?Path=(?P<path>[^\s\"',]+)"
)


def routes_of(holder: str, text: str, where: str) -> list[Route]:
    """The routes that a configuration text holds; [] where it holds none."""
    if len(text) > MAX_CHARS:
        return []
    return [*_nginx(holder, text, where), *_spring(holder, text, where)]


def _nginx(holder: str, text: str, where: str) -> Iterator[Route]:
    for path, body in _NGINX.findall(text):
        for host, port in _PASS.findall(body):
            yield Route(holder=holder, name=path, path=path, host=host.split(".")[0], port=int(port or 0), where=where)


def _spring(holder: str, text: str, where: str) -> Iterator[Route]:
    for match in _SPRING.finditer(text):
        yield Route(
            holder=holder,
            name=match.group("id").strip("\"'"),
            path=match.group("path"),
            host=match.group("host").split(".")[0],
            port=int(match.group("port") or 0),
            where=where,
        )


def env_routes(holder: str, env: Mapping[str, str]) -> list[Route]:
    """Spring Cloud Gateway routes given as environment variables: `..._ROUTES_0_URI`, `_ID`, `_PREDICATES_0`."""
    found: list[Route] = []
    for key, value in sorted(env.items()):
        match = re.match(r"^(.*ROUTES_?\d+_?)URI(?:S)?$", key)
        target = re.match(r"^(?:lb|https?)://([A-Za-z0-9_.-]+?)(?::(\d+))?(?:/.*)?$", value)
        if match and target:
            stem = match.group(1)
            said = [v for k, v in sorted(env.items()) if k.startswith(stem) and "PREDICATES" in k]
            path = next((v.partition("Path=")[2].split(",")[0] for v in said if "Path=" in v), "")
            name = env.get(stem + "ID", path or key)
            host, port = target.group(1).split(".")[0], int(target.group(2) or 0)
            found.append(Route(holder=holder, name=name, path=path, host=host, port=port, where=key))
    return found


def ingress_routes(doc: Any, holder: str) -> list[Route]:
    """The rules of an Ingress, HTTPRoute or VirtualService object."""
    found: list[Route] = []
    for rule in listed(at(doc, "spec", "rules")):
        for path in listed(at(rule, "http", "paths")):
            service = at(path, "backend", "service")
            if isinstance(at(service, "name"), str):
                found.append(_route(holder, at(path, "path"), at(service, "name"), at(service, "port", "number")))
        for match in listed(at(rule, "matches")):
            for back in listed(at(rule, "backendRefs")):
                found.append(_route(holder, at(match, "path", "value"), at(back, "name"), at(back, "port")))
    for http in listed(at(doc, "spec", "http")):
        prefixes = [at(match, "uri", "prefix") or at(match, "uri", "exact") for match in listed(at(http, "match"))]
        for target in listed(at(http, "route")):
            host = at(target, "destination", "host")
            for prefix in prefixes or ["/"]:
                found.append(_route(holder, prefix, host, at(target, "destination", "port", "number")))
    return [r for r in found if r.host]


def _route(holder: str, path: object, host: object, port: object) -> Route:
    name = str(path or "/")
    number = port if isinstance(port, int) else 0
    return Route(holder=holder, name=name, path=name, host=str(host or "").split(".")[0], port=number, where="manifest")
