"""Routes in the configuration of gateways and proxies: Spring Cloud Gateway, nginx, Envoy-like YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aitia.tools.cluster.hosts import resolved
from aitia.tools.cluster.manifest import at, listed
from aitia.tools.cluster.objects import Route

MAX_CHARS = 2_000_000
_NGINX = re.compile(r"location\s+(?:[~^=*]+\s*)?(/\S*)\s*\{([^{}]*)\}")
_PASS = re.compile(r"proxy_pass\s+https?://([A-Za-z0-9_.-]+)(?::(\d{1,5}))?")
_ID = re.compile(r"^[ \t]*-[ \t]+[\"']?id[\"']?:\s*[\"']?([\w.-]+)", re.MULTILINE)
_JSON_ID = re.compile(r"\"id\"\s*:\s*\"([^\"]+)\"")
_JSON_URI = re.compile(r"\"uri\"\s*:\s*\"(?:lb|https?)://([A-Za-z0-9_.-]+)(?::(\d{1,5}))?")
_JSON_PATH = re.compile(r"Path=([^\",]+)")
_BRACE = re.compile(r"[{}]")
_URI = re.compile(r"[\"']?uri[\"']?:\s*[\"']?(?:lb|https?)://([A-Za-z0-9_.-]+)(?::(\d{1,5}))?")
_PATH = re.compile(r"Path=([^\s\"',\]]+)|pattern:\s*[\"']?(/[^\s\"',\]]+)")


def routes_of(holder: str, text: str, where: str, env: Mapping[str, str] | None = None) -> list[Route]:
    """The routes that a configuration text holds; [] where it holds none. `env` are the variables that its placeholders name."""
    if len(text) > MAX_CHARS:
        return []
    text = resolved(text, env or {})
    return [*_nginx(holder, text, where), *_spring(holder, text, where), *_json(holder, text, where)]


def _json(holder: str, text: str, where: str) -> Iterator[Route]:
    """Routes of a JSON text such as SPRING_APPLICATION_JSON: an id, and before the next one or a brace a uri and a path."""
    starts = [*_JSON_ID.finditer(text)]
    ends = [*(m.start() for m in starts[1:]), len(text)]
    for start, limit in zip(starts, ends, strict=False):
        brace = _BRACE.search(text, start.end(), limit)
        end = brace.start() if brace else limit
        uri = _JSON_URI.search(text, start.end(), end)
        path = _JSON_PATH.search(text, uri.end(), end) if uri else None
        if uri and path:
            host, port = uri.group(1).split(".")[0], int(uri.group(2) or 0)
            yield Route(
                holder=holder, name=start.group(1), path=path.group(1), host=host, port=port, where=where
            )


def _nginx(holder: str, text: str, where: str) -> Iterator[Route]:
    for path, body in _NGINX.findall(text):
        for host, port in _PASS.findall(body):
            yield Route(
                holder=holder, name=path, path=path, host=host.split(".")[0], port=int(port or 0), where=where
            )


def _spring(holder: str, text: str, where: str) -> Iterator[Route]:
    """Each `- id:` begins a route; its uri and its first path follow before the next one."""
    starts = [*_ID.finditer(text)]
    if not starts:
        return
    ends = [*(m.start() for m in starts[1:]), len(text)]
    for start, end in zip(starts, ends, strict=True):
        body = text[start.end() : end]
        uri, path = _URI.search(body), _PATH.search(body)
        if uri:
            yield Route(
                holder=holder,
                name=start.group(1),
                path=(path.group(1) or path.group(2)) if path else "",
                host=uri.group(1).split(".")[0],
                port=int(uri.group(2) or 0),
                where=where,
            )


def env_routes(holder: str, env: Mapping[str, str]) -> list[Route]:
    """Spring Cloud Gateway routes given as environment variables: `..._ROUTES_0_URI`, `_ID`, `_PREDICATES_0`."""
    found: list[Route] = []
    for key, value in sorted(env.items()):
        match = re.match(r"^(.*ROUTES_?\d+_?)URI(?:S)?$", key)
        target = re.match(
            r"^(?:lb|https?)://([A-Za-z0-9_.-]+?)(?::(\d{1,5}))?(?:/.*)?$", resolved(value, env)
        )
        if match and target:
            stem = match.group(1)
            said = [v for k, v in sorted(env.items()) if k.startswith(stem) and "PREDICATES" in k]
            path = next((v.partition("Path=")[2].split(",")[0] for v in said if "Path=" in v), "")
            name = env.get(stem + "ID", path or key)
            host, port = target.group(1).split(".")[0], int(target.group(2) or 0)
            found.append(Route(holder=holder, name=name, path=path, host=host, port=port, where=key))
    return found


def argument_routes(holder: str, words: Iterable[str]) -> list[Route]:
    """The same given as arguments or system properties: `--spring.cloud.gateway.routes[0].uri=...`, `-Dspring....`."""
    named: dict[str, str] = {}
    for word in words:
        for part in word.split():
            key, _, value = part.lstrip("-").removeprefix("D").partition("=")
            if "routes[" in key and value:
                named[re.sub(r"[^A-Z0-9]+", "_", key.upper())] = value
    return env_routes(holder, named)


def ingress_routes(doc: Any, holder: str) -> list[Route]:
    """The rules of an Ingress, HTTPRoute or VirtualService object."""
    found: list[Route] = []
    for rule in listed(at(doc, "spec", "rules")):
        for path in listed(at(rule, "http", "paths")):
            service = at(path, "backend", "service")
            if isinstance(at(service, "name"), str):
                found.append(
                    _route(holder, at(path, "path"), at(service, "name"), at(service, "port", "number"))
                )
        for match in listed(at(rule, "matches")):
            for back in listed(at(rule, "backendRefs")):
                found.append(_route(holder, at(match, "path", "value"), at(back, "name"), at(back, "port")))
    for http in listed(at(doc, "spec", "http")):
        prefixes = [
            at(match, "uri", "prefix") or at(match, "uri", "exact") for match in listed(at(http, "match"))
        ]
        for target in listed(at(http, "route")):
            host = at(target, "destination", "host")
            for prefix in prefixes or ["/"]:
                found.append(_route(holder, prefix, host, at(target, "destination", "port", "number")))
    return [r for r in found if r.host]


def _route(holder: str, path: object, host: object, port: object) -> Route:
    name = str(path or "/")
    number = port if isinstance(port, int) else 0
    return Route(
        holder=holder, name=name, path=name, host=str(host or "").split(".")[0], port=number, where="manifest"
    )
