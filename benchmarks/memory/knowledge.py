"""The sample knowledge as documents and questions: runbooks, playbooks, post-mortems, alert rules; with names masked.

Layout: `prometheus_runbooks/content/runbooks/GROUP/NAME.md`, `scoutflo_playbooks/* Playbooks/**/NAME.md`,
`icco_postmortems/ID.md` (front matter with `summary`, `company`, `product`), `kube_prometheus_alerts/alerts.yaml`
(Prometheus rules; `runbook_url` is the answer and is read by `read_answers` alone).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from aitia.core.errors import BadInput
from aitia.tools.sources.base import Document
from aitia.tools.sources.documents.document_files import read_runbook

RUNBOOKS, PLAYBOOKS, POSTMORTEMS = "prometheus_runbooks", "scoutflo_playbooks", "icco_postmortems"
_PATHS = (
    (RUNBOOKS, "content/runbooks", "*/*.md"),
    (PLAYBOOKS, "", "* Playbooks/**/*.md"),
    (POSTMORTEMS, "", "*.md"),
)
_ABOUT = frozenset({"readme", "_index"})  # pages about a collection
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.S)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is shown of a query."""

    name: str
    text: str


def read_documents(data: Path) -> list[tuple[str, Document]]:
    """(collection, document) of all three collections; the id is the path below the collection's documents."""
    found = []
    for collection, below, pattern in _PATHS:
        base = data / collection / below
        found += [
            (collection, read_runbook(path, base, collection))
            for path in sorted(base.glob(pattern))
            if path.stem.casefold() not in _ABOUT
        ]
    if not found:
        raise BadInput(f"Give --data a folder with {', '.join(c for c, _, _ in _PATHS)}: {str(data)!r}.")
    return found


def read_rules(data: Path) -> list[Mapping[str, Any]]:
    """All alert rules, without their `runbook_url`."""
    shown = []
    for rule in _rules(data):
        notes = {k: v for k, v in rule.get("annotations", {}).items() if k != "runbook_url"}
        shown.append({**rule, "annotations": notes})
    return shown


def read_answers(data: Path, documents: Sequence[tuple[str, Document]]) -> dict[str, str]:
    """Alert name -> id of its runbook, where the path of `runbook_url` (case ignored) is a file; for the scorer only."""
    ids = {f"/runbooks/{d.id}".casefold(): d.id for c, d in documents if c == RUNBOOKS}
    found: dict[str, str] = {}
    for rule in _rules(data):
        path = urlsplit(rule.get("annotations", {}).get("runbook_url", "")).path.casefold()
        if path in ids:
            found.setdefault(rule["alert"], ids[path])
    return found


def _rules(data: Path) -> list[Mapping[str, Any]]:
    path = data / "kube_prometheus_alerts" / "alerts.yaml"
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [rule for rule in rules if "alert" in rule]


def questions(rules: Sequence[Mapping[str, Any]]) -> list[Question]:
    """One query a name, from its first rule, as an alert reads in the product: summary, then summary and description.

    Templates are blank: their values are of a site. The alert's name is taken out.
    """
    first: dict[str, Mapping[str, Any]] = {}
    for rule in rules:
        first.setdefault(rule["alert"], rule)
    made = []
    for name, rule in sorted(first.items()):
        notes = rule.get("annotations", {})
        summary, description = notes.get("summary", ""), notes.get("description", "")
        text = _TEMPLATE.sub(" ", f"{summary}\n{summary}. {description}")
        made.append(Question(name=name, text=Mask([name], loose=True).text(text)))
    return made


class Mask:
    """Takes names out of texts, in any case and with any marks between their parts (`kube pod not-ready`).

    A `loose` one compares letters and digits alone: `Kube Pod sNotReady` is found too. It is for long names only.
    """

    def __init__(self, names: Iterable[str], *, loose: bool = False) -> None:
        self._loose = loose
        ordered = sorted(set(names), key=lambda n: (-len(n), n))
        self._bare = {name: _bare(name)[0] for name in ordered}
        if loose:
            spellings = [re.escape(bare) for bare in self._bare.values()]
        else:
            spellings = [r"[\W_]*".join(re.escape(part) for part in _CAMEL.split(n)) for n in ordered]
        self._pattern = re.compile("|".join(spellings) or r"(?!)", re.IGNORECASE)

    def text(self, text: str) -> str:
        """The text with a blank for each name."""
        while (made := self._once(text)) != text:  # what is left may close up to a name again
            text = made
        return text

    def _once(self, text: str) -> str:
        if not self._loose:
            return self._pattern.sub(" ", text)
        bare, where = _bare(text)
        kept, end = [], 0
        for found in self._pattern.finditer(bare):
            kept.append(text[end : where[found.start()]])
            end = where[found.end() - 1] + 1
        return " ".join([*kept, text[end:]])

    def document(self, document: Document) -> Document:
        """The document with its id, title, text and every field of `meta` masked, and no reference to its file."""
        return dataclasses.replace(
            document,
            id=self.text(document.id),
            title=self.text(document.title),
            text=self.text(document.text),
            meta={key: self.text(value) for key, value in document.meta.items()},
            ref=None,
        )

    def leaks(self, document: Document) -> list[str]:
        """Names that can still be read in one of its fields; of a loose mask, letters and digits alone compared."""
        fields = (document.id, document.title, document.text, *document.meta.values())
        if not self._loose:
            return sorted({found.group() for field in fields for found in self._pattern.finditer(field)})
        bare = [_bare(field)[0] for field in fields]
        return [name for name, sought in self._bare.items() if any(sought in field for field in bare)]


def _bare(text: str) -> tuple[str, list[int]]:
    """Letters and digits in lower case, and where each stands."""
    where = [i for i, c in enumerate(text) if c.isalnum() and len(c.lower()) == 1]
    return "".join(text[i].lower() for i in where), where


def alert_mask(rules: Sequence[Mapping[str, Any]], documents: Sequence[tuple[str, Document]]) -> Mask:
    """The mask of all alerts' names and of all runbooks' file names: which of them is asked for must not matter."""
    files = {d.id.rsplit("/", 1)[-1] for c, d in documents if c == RUNBOOKS}
    return Mask({r["alert"] for r in rules} | files, loose=True)


def company_mask(document: Document) -> Mask:
    """The mask of a post-mortem's company and product, whole and word by word (of at least four letters)."""
    said = [document.meta.get("company", ""), document.meta.get("product", "")]
    words = {w for text in said for w in re.findall(r"[A-Za-z]{4,}", text)}
    return Mask({text for text in said if len(text) > 2} | words)
