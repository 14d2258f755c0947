"""Who of several components are one service, and whom an alarm of a service names."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_REPLICA: Final = re.compile(r"[-_.]\d{1,3}$")
_JOURNAL: Final = re.compile(r"(?i)[-_.](?:host|journal|syslog|kernel|kern|dmesg)$")


def service(component: str) -> str:
    """A component without the number of its replica: the same program, which serves the same requests.

    The journal of the machine on which it runs (`db-2-host`) is told with it: what the kernel says there is first hand.
    """
    return _REPLICA.sub("", without_journal(component))


def without_journal(component: str) -> str:
    """The one that runs on the machine of which a component is the journal; any other component itself."""
    return _JOURNAL.sub("", component)


def is_journal(component: str) -> bool:
    """Whether a component is the journal of a machine by its name."""
    return _JOURNAL.search(component) is not None


def alarmed_of(known: Collection[str], alarmed: Collection[str]) -> list[str]:
    """The components that an alarm names: of a service that is none itself, its replicas (`web` of web-1 and web-2)."""
    named = set(alarmed)
    return sorted(c for c in known if c in named or (service(c) in named and service(c) not in known))
