"""What columns and fields of tables, journals and work orders are usually called, in English and German."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

TIME: Final = ("time", "timestamp", "ts", "datetime", "date_time", "date", "at", "t", "zeit", "zeitstempel", "zeitpunkt",
               "datum", "datumzeit", "timestring", "t_stamp")  # fmt: skip
_COMPONENT: Final = ("component", "service", "app", "machine", "asset", "equipment", "entity", "pod", "instance", "host",
                     "device", "anlagenteil", "anlage", "maschine", "komponente", "dienst")  # fmt: skip
_SUFFIXES: Final = tuple(f"{word}{end}" for word in _COMPONENT for end in ("_name", "_id", "name", "id"))
COMPONENT: Final = (*_COMPONENT, *_SUFFIXES)
METRIC: Final = ("metric", "metric_name", "name", "kpi", "tag", "tagname", "tag_name", "tagpath", "varname", "sensor", "signal",
                 "field", "measurement", "variable", "parameter", "point", "messstelle", "messgröße", "kanal")  # fmt: skip
VALUE: Final = ("value", "val", "v", "wert", "messwert", "istwert", "reading", "varvalue")
DONE: Final = ("at", "time", "timestamp", "ts", "started", "started_at", "start", "start_time", "beginn", "finished_at",
               "deployed_at", "completed_at", "created_at", "date", "datetime", "datum", "zeit",
               "zeitstempel", "end", "ende", "committer_date", "commit.committer.date", "commit.author.date", "committed_date",
               "committeddate", "authored_date", "author_date", "merged_at", "mergedat", "published_at", "released_at",
               "deployedat", "createdat", "created", "updated", "updated_at", "commit.timestamp")  # fmt: skip
OF: Final = ("component", "service", "app", "application", "repo", "repository", "project", "asset", "equipment",
             "machine", "anlagenteil", "anlage", "maschine", "messstelle", "technischer_platz",
             "functional_location", "tag", *_SUFFIXES, "sourceidentifier", "source_identifier", "repository.name",
             "repository.full_name", "project.name", "releasename", "release_name", "chart", "deployable.project.name",
             "reponame", "repo_name", "metadata.name")  # fmt: skip
TEXT: Final = ("text", "message", "title", "description", "summary", "shorttext", "short_text", "short_description",
               "kurztext", "langtext", "beschreibung", "meldung", "bezeichnung", "commit.message", "commit_message",
               "subject", "body")  # fmt: skip
MESSAGE: Final = frozenset(
    {"text", "message", "meldung", "kurztext", "shorttext", "short_text"}
)  # of an event; others may describe a tag
VERSION: Final = ("version", "tag", "image", "sha", "commit", "revision")
ID: Final = ("commit_sha", "commit_id", "commit_hash", "sha", "commit", "hash", "revision", "deploy_id", "deployment_id",
             "change_id", "id", "_id", "key", "number", "pr")  # fmt: skip
FLAG: Final = (
    "flag",
    "flag_key",
    "flag_name",
    "feature_flag",
    "featureflag",
    "featurename",
    "feature",
    "toggle",
    "flagkey",
)
KIND: Final = ("kind", "type", "art", "auftragsart")
ORDER: Final = (
    "auftrag",
    "auftragsnummer",
    "order",
    "work_order",
    "workorder",
    "work_order_no",
    "work_order_number",
    "workorderid",
    "wonum",
    "wo",
    "beginn",
    "ausführender",
)


def plain(name: str) -> str:
    """A name without case, unit and punctuation: `Time (UTC)` and `_time` are `time`, `@timestamp` is `timestamp`."""
    bare = re.sub(r"\s*[(\[].*$", "", name.strip().casefold())
    return re.sub(r"[\s/-]+", "_", bare).strip("_@ ")


def first(names: Iterable[str], wanted: Sequence[str], taken: Sequence[str] = ()) -> str:
    """The name that is meant by one of some words, the earlier word first; "" for none."""
    by_name: dict[str, str] = {}
    for name in names:
        if name not in taken:
            by_name.setdefault(plain(name), name)
    return next((by_name[w] for w in wanted if w in by_name), "")
