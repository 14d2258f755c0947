"""The shop's incident."""

from datetime import timedelta

from aitia.core.words import Incident, Window

from .evidence import T0

INCIDENT = Incident(
    id="i1",
    title="Gateway 5xx ratio above 5 %",
    started_at=T0 + timedelta(seconds=60),
    window=Window(start=T0 - timedelta(seconds=60), end=T0 + timedelta(seconds=140)),
)
