"""How programs write: each site's own form of a line, and what a client library says of a call that failed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aitia.lab.cluster.network import Reached
    from aitia.lab.cluster.spec import App


def line(app: App, at: float, level: str, message: str, pod: str) -> str:
    """One line in the app's style."""
    moment = datetime.fromtimestamp(at, tz=UTC)
    millis = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at * 1000) % 1000:03d}"
    upper = level.upper()
    match app.style:
        case "json":
            return json.dumps({"time": f"{millis}Z", "level": level, "service": app.name, "msg": message})
        case "zap":
            return json.dumps({"level": level, "ts": round(at, 3), "logger": app.name, "msg": message})
        case "bunyan":
            number = {"info": 30, "warn": 40, "error": 50, "fatal": 60}[level]
            return json.dumps({"name": app.name, "hostname": pod, "pid": 1, "level": number, "msg": message, "time": f"{millis}Z", "v": 0})  # fmt: skip
        case "logback":
            return f"{millis.replace('T', ' ').replace('.', ',')} {upper:<5} [main] c.{app.name.replace('-', '.')}.Application - {message}"  # fmt: skip
        case "python":
            return f"{millis.replace('T', ' ').replace('.', ',')} - {app.name} - {upper if level != 'warn' else 'WARNING'} - {message}"  # fmt: skip
        case "nginx":
            word = level if level != "fatal" else "emerg"
            return f"{moment.strftime('%Y/%m/%d %H:%M:%S')} [{word if word != 'info' else 'notice'}] 29#29: {message}"  # fmt: skip
        case "postgres":
            word = {"info": "LOG", "warn": "WARNING", "error": "ERROR", "fatal": "FATAL"}[level]
            return f"{millis.replace('T', ' ')} UTC [{27 + int(at) % 900}] {word}:  {message}"
        case "redis":
            return f"1:M {moment.strftime('%d %b %Y %H:%M:%S')}.{int(at * 1000) % 1000:03d} {'*' if level == 'info' else '#'} {message}"  # fmt: skip
        case "klog":
            return f"{upper[0]}{moment.strftime('%m%d %H:%M:%S')}.{int(at * 1e6) % 1000000:06d}       1 main.go:{80 + len(message) % 300}] {message}"  # fmt: skip
        case _:
            return f"[{millis.replace('T', ' ').replace('.', ',')}] {upper} {message} ({app.name})"


def trouble(style: str, met: Reached) -> str:
    """What a client of this kind of program says when it does not reach an address."""
    where, at = f"{met.host}:{met.port}", f"{met.address or met.host}:{met.port}"
    if style in ("logback", "kafka"):
        return {
            "dns": f"java.net.UnknownHostException: {met.host}: Temporary failure in name resolution",
            "no_host": f"java.net.UnknownHostException: {met.host}: Name or service not known",
            "refused": f"java.net.ConnectException: Connection refused: {met.host}/{at}",
            "timeout": f"java.net.SocketTimeoutException: Connect timed out: {where}",
        }[met.problem]
    if style == "python":
        base = f"HTTPConnectionPool(host='{met.host}', port={met.port}): Max retries exceeded"
        return {
            "dns": f"{base} (Caused by NameResolutionError: Failed to resolve '{met.host}' ([Errno -3] Temporary failure in name resolution))",
            "no_host": f"{base} (Caused by NameResolutionError: Failed to resolve '{met.host}' ([Errno -2] Name or service not known))",
            "refused": f"{base} (Caused by NewConnectionError: [Errno 111] Connection refused)",
            "timeout": f"{base} (Caused by ConnectTimeoutError: timed out. (connect timeout=5))",
        }[met.problem]
    if style == "bunyan":
        return {
            "dns": f"getaddrinfo EAI_AGAIN {met.host}",
            "no_host": f"getaddrinfo ENOTFOUND {met.host}",
            "refused": f"connect ECONNREFUSED {at}",
            "timeout": f"connect ETIMEDOUT {at}",
        }[met.problem]
    if style == "nginx":
        return {
            "dns": f"{met.host} could not be resolved (110: Operation timed out)",
            "no_host": f"{met.host} could not be resolved (3: Host not found)",
            "refused": f"connect() failed (111: Connection refused) while connecting to upstream, upstream: http://{at}/",
            "timeout": f"upstream timed out (110: Operation timed out) while connecting to upstream, upstream: http://{at}/",
        }[met.problem]
    return {
        "dns": f"dial tcp: lookup {met.host} on 10.43.0.10:53: read udp: i/o timeout",
        "no_host": f"dial tcp: lookup {met.host} on 10.43.0.10:53: no such host",
        "refused": f"dial tcp {at}: connect: connection refused",
        "timeout": f"dial tcp {at}: i/o timeout",
    }[met.problem]
