"""Markdown post-mortems: front matter, and sections by what their headings say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from aitia.core.bounds import FRONT_VALUES, load_yaml
from aitia.tools.memory.importing.fields import incident_of, items, known, simple
from aitia.tools.memory.importing.lines import made
from aitia.tools.memory.importing.reading import MAX_BYTES, Read, TextFile, moment
from aitia.tools.memory.words import PastIncident

_MAX_FRONT: Final = 1 << 16
_HEADING: Final = re.compile(r"^(?:(#{1,6})\s+(.+?)\s*#*|\*\*([^*]{3,60}?):?\*\*:?\s*(.*))$")
# The first that a heading matches; action items and lessons are what came of it.
_SECTIONS: Final = (
    ("outcome", re.compile(r"action item|follow.?up|lesson|next step|prevent", re.I)),
    ("cause", re.compile(r"\bcauses?\b|trigger|contributing|why (?:did )?(?:it|this) happen", re.I)),
    ("mitigation", re.compile(r"resol|mitigat|remedia|recover|\bfix|workaround", re.I)),
    ("symptoms", re.compile(r"impact|symptom|detect|customer", re.I)),
    ("", re.compile(r".")),
)
_DATED: Final = re.compile(
    r"^[*_\s]{0,4}(?:incident )?(?:date|started(?: at)?|start(?: time)?|began|created|sent|datum|gesendet|beginn|fecha|inicio|"
    r"data|inizio|début|envoyé|início|日期|日付)[*_\s]{0,4}[:：][*_\s]{0,4}(.+?)[*_\s]*$",
    re.I,
)
_SUBJECT: Final = re.compile(
    r"^(?:subject|betreff|objet|asunto|oggetto|assunto|主题|件名)\s?[:：]\s?(.+)$", re.I
)
_IN_NAME: Final = re.compile(r"(20\d\d-\d\d-\d\d)")
_HEAD: Final = 40  # lines at the beginning in which a time or a subject stands
_LINE: Final = 300  # characters of a line by which it is known
_MAX_FIELD: Final = 2000  # characters that a section gives to a field; the text holds all


def post_mortem(file: TextFile) -> Iterator[Read]:
    """The whole file is one incident. One that is larger than a record may be is refused."""
    text = file.chunk(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        yield Read(where=file.path.name, problem=f"larger than {MAX_BYTES >> 20} MiB: shorten or split it")
    elif text.strip():
        yield made({"text": text}, file.path.name, file.path.stem, _incident)


def _incident(record: dict[str, Any], where: str, stem: str) -> PastIncident:
    meta, body = _front_matter(record["text"])
    sections = _sections(body)
    near = [line[:_LINE] for line in body.splitlines()]
    heading = next((m[2] for line in near if (m := _HEADING.match(line)) and m[2]), "")
    heading = heading or next((m[1] for line in near[:_HEAD] if (m := _SUBJECT.match(line))), "")
    held = known(meta)
    fields: dict[str, Any] = {field: meta[name] for field, name in held.items()}
    fields |= {n: v for n, v in meta.items() if n not in held.values()}
    fields["title"] = fields.get("title") or heading or stem.replace("-", " ").replace("_", " ")
    fields["text"] = body.strip() or str(fields.get("text", ""))
    fields["id"] = fields.get("id") or stem[:200]
    fields["at"] = fields.get("at") or _dated(body, stem)
    for name, found in sections.items():
        fields[name] = fields.get(name) or found
    return incident_of(fields, where=where, stem=stem, kind="postmortem")


def _sections(body: str) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    current, depth = "", 0
    for line in body.splitlines():
        if heading := _HEADING.match(line[:_LINE]):
            level, named = len(heading[1] or "") or 7, heading[2] or heading[3]
            field = next(field for field, pattern in _SECTIONS if pattern.search(named))
            if field or level <= depth:
                current, depth = field, level
            line = line[heading.start(4) :] if heading[4] else ""
        if current and line.strip():
            found.setdefault(current, []).append(line.strip())
    texts = {name: "\n".join(lines)[:_MAX_FIELD] for name, lines in found.items()}
    return {name: items(text) if name in ("symptoms", "mitigation") else text for name, text in texts.items()}


def _dated(body: str, stem: str) -> Any:
    for line in body.splitlines()[:_HEAD]:
        if told := _DATED.match(line[:_LINE]):
            try:
                return moment(told[1])
            except ValueError:  # a sentence that only looks like one
                continue
    named = _IN_NAME.search(stem)
    return named[1] if named else None


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The fields of one level: what is nested deeper is left out, so that no alias can grow. Raises ValueError."""
    if not text.startswith("---\n"):
        return {}, text
    head, closed, body = text[4:].partition("\n---")
    if not closed or len(head) > _MAX_FRONT:
        return {}, text
    try:
        fields = load_yaml(head, values=FRONT_VALUES)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise ValueError(f"fix its front matter near line {line}") from None
    if not isinstance(fields, dict):
        return {}, text
    flat = {str(k): v for k, v in fields.items() if not isinstance(v, dict | list)}
    for key, value in fields.items():
        if isinstance(value, list):
            flat[str(key)] = [v for v in value if not isinstance(v, dict | list)]
    return {k: v for k, v in flat.items() if simple(k)}, body.partition("\n")[2]
