"""Fetch a file from the Hugging Face hub: one try, resumed where an earlier one stopped."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from aitia.core.errors import ModelError
from aitia.models.catalogue import Entry, Hub
from aitia.models.partial import Partial

if TYPE_CHECKING:
    import httpx

CONNECT_S, READ_S = 5.0, 30.0


def hub_url(hub: Hub) -> str:
    """Where the file lies; HF_ENDPOINT names a mirror."""
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    return f"{endpoint.rstrip('/')}/{hub.repo}/resolve/main/{hub.file}"


def fetch_hub(entry: Entry, hub: Hub, partial: Partial) -> None:
    """Complete `partial`. Raises ModelError where the hub cannot be reached or holds another file."""
    import httpx

    if os.environ.get("HF_HUB_OFFLINE", "").casefold() in {"1", "true", "yes", "on"}:
        raise ModelError("Unset HF_HUB_OFFLINE to fetch from the Hugging Face hub.")
    partial.resume()
    if partial.size == entry.bytes:
        return
    _resolve(urlsplit(hub_url(hub)).hostname or "")
    headers = {"Range": f"bytes={partial.size}-"} if partial.size else {}
    timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=True) as client,
            client.stream("GET", hub_url(hub), headers=headers) as response,
        ):
            response.raise_for_status()
            if partial.size and response.status_code != httpx.codes.PARTIAL_CONTENT:
                partial.discard()
                partial.resume()
            _same_size(entry, response, partial.size)
            partial.append(response.iter_bytes())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelError(
            f"Connect to the Hugging Face hub to fetch {hub.repo}/{hub.file} ({type(error).__name__}: {error})."
        ) from None
    if partial.size < entry.bytes:
        raise ModelError(f"Run the fetch again: the hub sent {partial.size} of {entry.bytes} bytes.")


def _resolve(host: str) -> None:
    """Look the name up, for at most CONNECT_S: a dead name server would hold the connection's own timeout up."""
    if getproxies():
        return
    found: list[object] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, None))
        except OSError:
            return

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(CONNECT_S)
    if not found:
        raise ModelError(f"Connect to the Hugging Face hub: the name {host!r} cannot be looked up.")


def _same_size(entry: Entry, response: httpx.Response, have: int) -> None:
    announced = response.headers.get("content-length", "")
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    if announced.isdigit() and not encoded and have + int(announced) != entry.bytes:
        raise ModelError(
            f"The hub's {entry.file} has {have + int(announced)} bytes, the catalogue's {entry.bytes}. "
            "Choose another source."
        )
