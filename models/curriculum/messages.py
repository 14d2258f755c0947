"""Log messages with what they mean: fault or normal, the kind of trouble, whose it is. Made of templates, systems and layouts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.core.words import Word
from aitia.models.adapters import Role
from aitia.models.curriculum import written
from aitia.models.curriculum.items import Item, Segment, Split, distinct, of_split, split_of

SYSTEM: Final = "Message:"
QUESTION: Final = "\nSign:"
KINDS: Final = (
    "refused", "pool", "timeout", "memory", "exception", "dns", "permission", "certificate", "configuration", "restart",
    "full", "disk", "deadlock", "unavailable", "overload", "replication", "data", "network", "hardware",
    "plant", "quota", "attack", "other",
)  # fmt: skip
"""In the order and the words in which messages are asked about (`aitia.tools.meaning.messages_asking.SAID`)."""
WHOSE: Final = ("own", "peer", "client", "host")
CALM: Final = "calm"
_FAULTS: Final = 0.55  # share of messages that tell of a fault
_FOREIGN: Final = 0.12  # share of messages not in English
_KIND, _WHOSE = 0.7, 0.4  # weights in the loss beside 1 for fault or normal
MADE: Final = 6  # of so many messages to learn one is made of templates
_OTHER_LAYOUT: Final = 0.55  # share of messages that do not stand alone
_SLOT: Final = re.compile(r"\{(\w+)\}")
_EITHER: Final = re.compile(r"\(([^()]*\|[^()]*)\)")
Layout = Callable[[Random, str, Mapping[str, str]], str]


class Template(Word):
    """A message with slots. `kind` is "normal" and `whose` is `CALM` for what is no fault of no kind in particular."""

    text: str
    kind: str
    whose: str
    foreign: bool


@cache
def templates() -> tuple[Template, ...]:
    """All templates."""
    return tuple(
        Template(text=text, kind=kind, whose=whose, foreign=foreign)
        for file, foreign in (("messages.yaml", False), ("messages_more.yaml", True))
        for kind, owners in _read(file).items()
        for whose, texts in owners.items()
        for text in texts.splitlines()
    )


class Messages:
    """The curriculum of messages."""

    role: Role = "messages"
    about = "log message → fault or normal, kind of trouble, whose it is"
    size = 8000

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` different messages, of products and made. Each split has its own."""
        made, random = _Maker(split), Random(f"messages {seed} {split}")
        real = written.of(written.messages(), split)
        random.shuffle(real)
        real = real[: size - size // MADE if split == "train" else size // 2]
        items = [_written(*row, split) for row in real]
        items += distinct(lambda: made.one(random), size - len(items))
        random.shuffle(items)
        return items


def _written(text: str, product: str, kind: str, whose: str, split: Split) -> Item:
    return Item(
        role="messages",
        system=SYSTEM,
        prompt=f" {' '.join(text.split())}{QUESTION}",
        answer=answer_of(kind, CALM if kind == written.CALM else whose),
        split=split,
        vendor=product,
        author="messages of products, language models",
    )


class _Maker:
    """Draws messages of one split."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._things = {k: of_split(map(str, v), split) for k, v in _read("things.yaml").items()}
        self._parts: dict[tuple[bool, bool], dict[str, list[Template]]] = {}
        for template in templates():
            if split_of(template.text) == split:
                place = self._parts.setdefault((template.foreign, template.whose == CALM), {})
                place.setdefault(template.kind, []).append(template)

    def one(self, random: Random) -> Item:
        """A message: first whether it tells of a fault, then its kind, then a template."""
        calm = random.random() >= _FAULTS
        foreign = random.random() < _FOREIGN
        by_kind = self._parts.get((foreign, calm)) or self._parts[False, calm]
        template = random.choice(by_kind[random.choice(sorted(by_kind))])
        slots = self._slots(random)
        text = _filled(template.text, random, slots)
        if random.random() < _OTHER_LAYOUT:
            text = random.choice(LAYOUTS)(random, text, slots)
        return Item(
            role="messages",
            system=SYSTEM,
            prompt=f" {' '.join(text.split())}{QUESTION}",
            answer=answer_of(template.kind, template.whose),
            split=self._split,
            vendor=slots["svc"],
            author="templates, hand" if not template.foreign else "templates of other languages, hand",
        )

    def _slots(self, random: Random) -> dict[str, str]:
        """A value of every slot of which there is one a message; those that may differ within it are drawn when filled."""
        t, pick = self._things, random.choice
        area = pick(t["areas"])
        svc = random.choice([f"{area}-{pick(t['parts'])}", f"{area}d", f"{area}_{pick(t['parts'])}"])
        peer = random.choice(
            [
                f"{pick(t['areas'])}-{pick(t['parts'])}",
                f"{pick(t['hosts'])}-{random.randint(1, 9)}",
                pick(t["domains"]),
            ]
        )
        host = f"{pick(t['hosts'])}-{random.randint(1, 40)}"
        thing = pick(t["things"])
        return {
            "svc": svc, "peer": peer, "host": host, "domain": pick(t["domains"]), "table": pick(t["tables"]), "thing": thing,
            "THING": thing.upper().replace("-", "_"), "user": pick(t["users"]), "role": pick(t["roles"]),
            "module": pick(t["modules"]),
            "method": pick(t["methods"]), "Error": pick(t["errors"]), "file": pick(t["files"]), "path": pick(t["paths"]),
            "dev": pick(t["devices"]), "iface": pick(t["interfaces"]), "tag": pick(t["tags"]), "area": area,
            "url": f"http://{pick(t['domains'])}/{pick(t['tables'])}",
        }  # fmt: skip


def _filled(text: str, random: Random, slots: Mapping[str, str]) -> str:
    text = _EITHER.sub(lambda m: random.choice(m[1].split("|")), text)
    return _SLOT.sub(lambda m: slots[m[1]] if m[1] in slots else _NUMBERS[m[1]](random), text)


def _ip(random: Random) -> str:
    return f"10.{random.randint(0, 99)}.{random.randint(0, 255)}.{random.randint(1, 254)}"


def _id(random: Random) -> str:
    return random.choice(
        [str(random.randint(10, 99999)), f"{random.getrandbits(24):06x}", f"K{random.randint(10, 999)}"]
    )


_NUMBERS: Final[Mapping[str, Callable[[Random], str]]] = {
    "n": lambda r: str(r.randint(2, 64)),
    "big": lambda r: str(r.choice([r.randint(200, 9999), r.randint(10000, 9999999)])),
    "ms": lambda r: str(r.choice([r.randint(5, 900), 1000 * r.randint(1, 60)])),
    "s": lambda r: str(r.choice([r.randint(2, 90), 60 * r.randint(2, 60)])),
    "pct": lambda r: str(r.randint(3, 99)),
    "bytes": lambda r: f"{r.randint(1, 900)} {r.choice(['kB', 'MB', 'GB', 'MiB', 'bytes'])}",
    "port": lambda r: str(r.randint(1024, 65000)),
    "code": lambda r: f"{r.choice('ABEFKQWX')}{r.randint(10, 9999)}",
    "hex": lambda r: f"{r.getrandbits(32):08x}",
    "ip": _ip,
    "id": _id,
}


def answer_of(kind: str, whose: str) -> tuple[Segment, ...]:
    """What is said of a message: `whose` is `CALM` for one that tells of no fault."""
    said = ("fault", "normal")
    if whose == CALM:
        return (Segment(text=" normal", name="sign", labels=said),)
    return (
        Segment(text=" fault", name="sign", labels=said),
        Segment(text=" Kind:", weight=0.0),
        Segment(text=f" {kind}", weight=_KIND, name="kind", labels=KINDS),
        Segment(text=" Whose:", weight=0.0),
        Segment(text=f" {whose}", weight=_WHOSE, name="whose", labels=WHOSE),
    )


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]


def _code(random: Random) -> str:
    letters = "".join(random.choices("ABCDEFGHKLMNPRSTVWZ", k=random.randint(2, 5)))
    return random.choice([f"{letters}-{random.randint(1, 9999)}", f"{letters}{random.randint(100, 99999)}"])


LAYOUTS: Final[tuple[Layout, ...]] = (
    lambda r, text, s: f"{s['svc']}: {text}",
    lambda r, text, s: f"{s['svc']}[{r.randint(100, 40000)}]: {text}",
    lambda r, text, s: f"[{s['module']}] {_cap(text)}",
    lambda r, text, s: f"{s['area']}.{s['module'].lower()} - {text}",
    lambda r, text, s: f"com.{s['area'].replace('-', '')}.{s['module']}: {_cap(text)}",
    lambda r, text, s: f"%{s['area'].upper()[:6]}-{r.randint(2, 6)}-{_code(r)}: {_cap(text)}",
    lambda r, text, s: f"{_code(r)}: {_cap(text)}",
    lambda r, text, s: f"({_code(r)}) {text}.",
    lambda r, text, s: _cap(text) + ".",
    lambda r, text, s: _cap(text),
    lambda r, text, s: f'msg="{text}" svc={s["svc"]} req={_id(r)}',
    lambda r, text, s: f"svc={s['svc']} event={json.dumps(text, ensure_ascii=False)}",
    lambda r, text, s: json.dumps({"component": s["svc"], "message": text}, ensure_ascii=False),
    lambda r, text, s: f"thread-{r.randint(1, 40)} {s['module']}.{s['method']} {text}",
    lambda r, text, s: f"{text} ({s['thing']}={r.randint(1, 90)})",
    lambda r, text, s: f"{text}, {s['thing']}={r.randint(1, 90)} host={s['host']}",
    lambda r, text, s: f"{s['host']} {s['svc']}: {text}",
    lambda r, text, s: f"{s['module']} | {_cap(text)} | {_id(r)}",
)


@cache
def _read(file: str) -> dict[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
