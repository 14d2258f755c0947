"""How a name's words are spelled: snake, camel, paths, SNMP, JMX, Windows counters, tags of plants, German compounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

ACRONYMS: Final = frozenset(
    (
        "cpu", "io", "ip", "tcp", "udp", "http", "gc", "jvm", "os", "id", "db", "sql", "dns", "api", "rpc", "rtt", "vm",
        "iops", "ssl", "tls", "ups", "pdu", "ahu", "vav", "ph", "co2", "hp",
    )
)  # fmt: skip
_UMLAUTS: Final = (("ae", "ä"), ("oe", "ö"), ("(?<![aeq])ue", "ü"))  # not in `Dauer`
_ALONE: Final = 2  # words of which a name alone is somebody's name
_MULTIPLES: Final = 400  # instance numbers are below

Words = Sequence[str]
Style = Callable[[Random, Words, Words], str]
"""Subject words and the words of what is measured, to a name."""


def _cap(word: str, keep: bool) -> str:
    return word.upper() if keep and word in ACRONYMS else word[:1].upper() + word[1:]


def _initials(words: Words) -> str:
    return "".join(w[0] for w in words).upper()


def pascal(random: Random, words: Words) -> str:
    """`CpuLoad` or `CPULoad`."""
    keep = random.random() < 0.5
    return "".join(_cap(word, keep) for word in words)


def camel(random: Random, words: Words) -> str:
    """`cpuLoad`."""
    return words[0] + pascal(random, words[1:]) if words else ""


def snake(random: Random, subject: Words, what: Words) -> str:
    """`db_cpu_load`, seldom in upper case."""
    text = "_".join([*subject, *what])
    return text.upper() if random.random() < 0.05 else text


def camel_name(random: Random, subject: Words, what: Words) -> str:
    """`dbCpuLoad`."""
    return camel(random, [*subject, *what])


def pascal_name(random: Random, subject: Words, what: Words) -> str:
    """`DbCpuLoad`; most often of what is measured alone."""
    return pascal(random, what if len(what) > _ALONE and random.random() < 0.7 else [*subject, *what])


def dotted(random: Random, subject: Words, what: Words) -> str:
    """`db.cpu.load`, `db.cpu_load`, `db.cpuLoad`."""
    inner = random.choice([".".join(what), ".".join(what), "_".join(what), camel(random, what)])
    return ".".join([*subject, inner])


def slashes(random: Random, subject: Words, what: Words) -> str:
    """`cloud.org/db/cpu/load`."""
    cut = random.randrange(len(what)) if random.random() < 0.5 else 0
    tail = "/".join(part for part in ("_".join(what[:cut]), "_".join(what[cut:])) if part)
    host = f"{subject[0]}.{random.choice(['io', 'com', 'dev', 'cloud'])}" if subject else ""
    return "/".join([*([host] if host else []), *(["_".join(subject[1:])] if len(subject) > 1 else []), tail])


def kebab(random: Random, subject: Words, what: Words) -> str:
    """`db-cpu-load`."""
    return "-".join([*subject, *what])


def titled(random: Random, subject: Words, what: Words) -> str:
    """`Db Cpu Load`, `cpu load`, `Cpu load`."""
    words = list(what) if len(what) > _ALONE and random.random() < 0.6 else [*subject, *what]
    text = " ".join(words)
    return random.choice([" ".join(_cap(w, True) for w in words), text[:1].upper() + text[1:], text])


def mib(random: Random, subject: Words, what: Words) -> str:
    """An SNMP object: `acmeSysCpuLoad`, seldom with its instance."""
    head = camel(random, [*subject[:1], *(["sys"] if random.random() < 0.2 else []), *subject[1:2]])
    end = random.choice(["", "", "", ".0", ".1"])
    return (head + pascal(random, what) if head else camel(random, what)) + end


def bean(random: Random, subject: Words, what: Words) -> str:
    """A JMX attribute."""
    attribute = pascal(random, what)
    names = [pascal(random, [w]) for w in subject] or ["Core"]
    if random.random() < 0.5:
        return f"{names[-1]}.{attribute}"
    return f"{'.'.join(subject) or 'app'}:type={names[-1]},name={attribute}"


def counter(random: Random, subject: Words, what: Words) -> str:
    r"""A counter of Windows: `\Db(_Total)\Cpu Load`."""
    place = random.choice(["", "(_Total)", "(*)", "(0)", "(main)"])
    words = [{"percent": "%", "pct": "%"}.get(w, w) for w in what]
    if "%" in words:
        words = ["%", *(w for w in words if w != "%")]
    text = " ".join(_cap(w, True) for w in words)
    for long, short in (("Per Second", "/sec"), ("Per Sec", "/sec")):
        text = text.replace(f" {long}", short)
    named = " ".join(_cap(w, True) for w in subject) or "Objects"
    return f"\\{named}{place}\\{text}"


def wmi(random: Random, subject: Words, what: Words) -> str:
    """A property of a class."""
    return f"Perf_{pascal(random, subject) or 'Base'}.{pascal(random, what)}"


def recorded(random: Random, subject: Words, what: Words) -> str:
    """`db:cpu_load` as recording rules are called."""
    return ":".join(["_".join(subject) or "job", "_".join(what)])


def bracketed(random: Random, subject: Words, what: Words) -> str:
    """`db.cpu[load]`."""
    return ".".join([*subject, *what[:-1]]) + f"[{what[-1]}]"


def tag(random: Random, subject: Words, what: Words) -> str:
    """`Pump_3_CpuLoad`, `PUMP3.CpuLoad`, `Hall2/Pump/Load`: what a control system calls it."""
    number = str(random.randrange(1, _MULTIPLES if random.random() < 0.3 else 9))
    where = random.choice([pascal(random, subject), "".join(subject).upper(), "_".join(subject)])
    where = random.choice([where, where + number, f"{where}_{number}", _initials(subject) + number])
    measured = random.choice([pascal(random, what), "_".join(_cap(w, True) for w in what), "_".join(what)])
    return random.choice(["_", ".", "_", "/", "-", " "]).join([where, measured])


def object_of(random: Random, subject: Words, what: Words) -> str:
    """`AHU-1 Load`, `AI:12 Load`: a point of a building."""
    head = random.choice(["AI", "AV", "BI", "BV", "AO"]) + f":{random.randrange(60)} "
    named = f"{_initials(subject)}-{random.randrange(1, 30)} "
    text = " ".join(_cap(w, True) for w in what)
    spelling = [text, pascal(random, what), text.replace(" ", "-")]
    return random.choice([head, named, named]) + random.choice(spelling)


def node(random: Random, subject: Words, what: Words) -> str:
    """A path of OPC UA or MQTT."""
    path = [pascal(random, subject) + str(random.randrange(1, 9)), pascal(random, what)]
    topic = "/".join(p.lower() for p in path)
    return random.choice([f"ns=2;s={'.'.join(path)}", f"plant/{topic}", ".".join(["Line1", *path])])


def compound(random: Random, subject: Words, what: Words) -> str:
    """German: `Kessel_Vorlauftemperatur`, `Kessel1.VorlaufTemperatur`, sometimes with umlauts."""
    joined, parts = "".join(what), [w.capitalize() for w in what]
    spelling = [joined[:1].upper() + joined[1:], "_".join(parts), " ".join(parts), "_".join(what)]
    measured = random.choice(spelling)
    where = "".join(subject)
    number = random.choice(["", "", str(random.randrange(1, 20))])
    text = random.choice(["_", ".", " ", "", "_"]).join([where[:1].upper() + where[1:] + number, measured])
    if random.random() < 0.3:
        for plain, accented in _UMLAUTS:
            text = re.sub(plain, accented, text)
    return text


STYLES: Final[dict[str, list[tuple[float, Style]]]] = {
    "it": [(26, snake), (5, camel_name), (12, pascal_name), (14, dotted), (6, slashes), (3, kebab), (8, titled),
           (7, mib), (5, bean), (6, counter), (2, wmi), (2, recorded), (2, bracketed)],
    "plant": [(14, snake), (8, pascal_name), (8, dotted), (10, titled), (24, tag), (12, object_of), (7, node), (4, mib),
              (2, camel_name), (2, slashes)],
    "de": [(10, snake), (5, dotted), (8, tag), (22, compound), (3, titled), (3, node)],
}  # fmt: skip


def spelled(random: Random, kind: str, subject: Words, what: Words) -> str:
    """A name in a style that names of this kind of subject have."""
    weights, styles = zip(*STYLES[kind], strict=True)
    (style,) = random.choices(styles, weights)
    made: str = style(random, subject, what)
    return made
