"""What a format's table may say. A path is names joined by dots, `*` any child; see `aitia.alerts.paths`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pydantic import Field, field_validator

from aitia.core.bounds import own_yaml
from aitia.core.words import Origin, Word


class Part(Word):
    """The texts at several paths joined by a space, or what the groups of a pattern find in them."""

    paths: tuple[str, ...]
    pattern: str = ""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        re.compile(pattern)
        return pattern


Source = str | Part
Sources = tuple[Source, ...]
"""The first that is there counts."""


class Refusal(Word):
    """A message that is no alert but wants something: what a person must do about it."""

    when: dict[str, str]
    says: str  # `{name}`s are filled in
    shown: dict[
        str, Part
    ] = {}  # their pattern bounds what can be filled in: all of it, or `says` is not told
    otherwise: str


class Format(Word):
    """How to read one kind of message. Field names are compared without case and punctuation."""

    name: str
    docs: tuple[str, ...] = Field(min_length=1)  # the pages that the field names are from
    origin: Origin
    marks: tuple[
        tuple[str, ...], ...
    ] = ()  # a message that has all the fields of one of these is of this format
    signed: bool = False  # PagerDuty's signature comes with it
    webhook: dict[str, str] = {}  # what a field must match where a webhook sends the message
    text: dict[str, str] = {}  # of a text: a field's name -> a pattern, whose group is its value
    needs: tuple[str, ...] = ()  # of these fields: a text without one is of another format
    inside: tuple[str, ...] = ()  # fields of a message with such a text
    unwrap: str = ""  # a field whose text is the message itself, as JSON
    refuse: Refusal | None = None
    group: str = ""  # a list of alerts in Alertmanager's shape: taken as it is
    status: Sources = ()
    firing: tuple[str, ...] = ()  # values of the status, in lower case; none at all means firing
    resolved: tuple[str, ...] = ()
    title: Sources = ()
    body: tuple[Source, ...] = ()  # all that are there, each a sentence
    changed: Sources = ()  # when the status became what it is: the start of what fires, the end of what is resolved
    started: Sources = ()
    ended: Sources = ()
    key: Sources = ()  # tells one alert from another, the same from when it fires until it is resolved
    episode: Sources = ()  # tells one time that it fires from the next; else when it started
    tags: tuple[
        str, ...
    ] = ()  # fields that hold labels: a mapping, a list of names and values, or `name:value` texts
    labels: dict[str, Sources] = {}
    components: tuple[Source, ...] = ()  # all that are there; `labels.NAME` is a label found by then
    link: Sources = ()


@cache
def formats() -> tuple[Format, ...]:
    """The formats that come with aitia, by the name of their file."""
    files = sorted(Path(__file__).parent.glob("*.yaml"))
    return tuple(Format.model_validate(own_yaml(file.read_text(encoding="utf-8"))) for file in files)


def known() -> str:
    """The names of all formats, for people."""
    return ", ".join(sorted({one.name for one in formats()}))
