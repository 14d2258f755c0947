"""Steps of a Markdown runbook: list items under headings that say what they are for, with their commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final, Literal, TypedDict

from aitia.tools.incidents.vocabulary import vocabulary

Role = Literal["check", "now", "prevent"]
Effect = Literal["read-only", "changing"]

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^(\s*)(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(.*)$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_CODE = re.compile(r"`+([^`]+)`+")
_ROLES: Final[tuple[tuple[re.Pattern[str], Role], ...]] = (
    (re.compile(r"prevent|follow.?up|long.?term|harden|afterwards|permanent", re.I), "prevent"),
    (
        re.compile(
            r"mitigat|remed|resol|fix|recover|workaround|roll.?back|action|what to do|repair|now\b", re.I
        ),
        "now",
    ),
    (re.compile(r"step|diagnos|check|investigat|triage|verif|procedure|playbook|confirm", re.I), "check"),
)
_READ_SQL = re.compile(r"^\s*(?:select|show|explain(?!\s+analy[sz]e)|\\[a-z+]+|table|with)\b|^\s*\\", re.I)
_WRITE_SQL = re.compile(
    r"\b(?:insert|update|delete|drop|alter|create|truncate|grant|revoke|vacuum|reindex|set|copy|call|do)\b"
    r"|pg_(?:terminate|cancel)_backend|pg_reload|pg_switch|pg_promote|nextval|setval|lo_",
    re.I,
)


class Step(TypedDict):
    """One step. `command` is "" where the runbook names none."""

    text: str
    command: str
    effect: Effect
    when: Role


def steps(markdown: str) -> list[Step]:
    """All steps in order. Without a mitigation section, what is headed as steps is what to do."""
    found = [_step(text, role) for role, text in _items(markdown)]
    if found and not any(step["when"] == "now" for step in found):
        return [_step(text, "now" if role == "check" else role) for role, text in _items(markdown)]
    return found


def effect(command: str) -> Effect:
    """`read-only` where every part of the command is known to be; anything else may change something."""
    if not command.strip() or re.search(
        r"\$\(|`|<\(|>(?!/dev/null|&)|\beval\b|\bxargs\b", _unquoted(command)
    ):
        return "changing"
    parts = [part for part in _split(command) if part.strip()]
    return "read-only" if parts and all(_reads(part) for part in parts) else "changing"


def _unquoted(command: str) -> str:
    return re.sub(r"'[^']*'", "''", re.sub(r"2>&1|2>\s*/dev/null", "", command))


def _split(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;\n")
    lexer.whitespace_split, lexer.whitespace = True, " \t\r"
    lexer.commenters = ""
    parts: list[list[str]] = [[]]
    try:
        for token in lexer:
            if token and set(token) <= set("|&;\n"):
                parts.append([])
            else:
                parts[-1].append(token)
    except ValueError:  # an open quote
        return [command]
    return ["\x1f".join(part) for part in parts]


def _reads(part: str) -> bool:
    words = [w for w in part.split("\x1f") if w not in ("2>&1",)]
    while words and (words[0] in ("sudo", "time", "watch", "env") or re.match(r"^[A-Z_]+=", words[0])):
        words = words[1:]
    if not words:
        return False
    verb, rest = words[0].rsplit("/", 1)[-1], words[1:]
    if verb == "curl":
        return _curl_reads(rest)
    if verb == "psql":
        return _sql_reads(rest)
    if verb == "redis-cli":
        return _redis_reads(rest)
    if verb == "find":
        return not {"-delete", "-exec", "-execdir", "-ok", "-fprint"} & set(rest)
    if verb == "dmesg":
        return not {"-C", "-c", "--clear"} & set(rest)
    if verb == "journalctl":
        return not any(word.startswith(("--vacuum", "--rotate", "--flush")) for word in rest)
    if verb in vocabulary().subcommands:
        return _subcommand(rest) in vocabulary().subcommands[verb]
    if verb in ("awk", "date", "hostname", "sort"):
        return not any(word in ("-i", "-s", "-o") or "system(" in word for word in rest)
    return verb in vocabulary().read_only


def _subcommand(words: list[str]) -> str:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-n", "--namespace", "--context", "--kubeconfig", "-C"):
            skip = True
        elif not word.startswith("--"):
            return word
    return ""


def _curl_reads(words: list[str]) -> bool:
    for i, word in enumerate(words):
        if word in ("-X", "--request") and words[i + 1 : i + 2] not in (["GET"], ["HEAD"]):
            return False
        if re.match(
            r"^(?:-[a-zA-Z]*[dTFoO]|--(?:data|upload|form|output|remote-name|json).*|-X(?!GET|HEAD).+)$", word
        ):
            return False
    return True


def _sql_reads(words: list[str]) -> bool:
    queries = [
        words[i + 1]
        for i, w in enumerate(words[:-1])
        if w in ("-c", "--command") or re.match(r"^-[A-Za-z]*c$", w)
    ]
    queries += [w.split("=", 1)[1] for w in words if w.startswith("--command=")]
    if any(w in ("-f", "--file") for w in words):
        return False
    return bool(queries) and all(
        _READ_SQL.match(q) and not _WRITE_SQL.search(re.sub(r"'[^']*'", "''", q)) for q in queries
    )


def _redis_reads(words: list[str]) -> bool:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in ("-h", "-p", "-n", "-a", "-u") else rest[1:]
    verbs = [w.casefold() for w in rest]
    if not verbs or verbs[0] not in vocabulary().redis:
        return False
    return verbs[0] not in ("config", "client", "slowlog", "memory", "latency") or (
        len(verbs) > 1 and verbs[1] in vocabulary().redis_second
    )


def _items(markdown: str) -> Iterator[tuple[Role, str]]:
    """(role, raw text) of each list item; continuation lines and code blocks belong to the item above."""
    role: Role | None = None
    depth, current, fenced = 0, "", False
    for line in [*markdown.splitlines(), "# "]:
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced:
            if current and line.strip():
                current += f" `{line.strip()}`"
            continue
        heading, item = _HEADING.match(line), _ITEM.match(line)
        if (heading or item or line.strip() == "# ".strip()) and current:
            if role is not None:
                yield role, current
            current = ""
        if heading:
            level = len(heading[1])
            named = next((r for pattern, r in _ROLES if pattern.search(heading[2])), None)
            if named is not None:
                role, depth = named, level
            elif level <= depth:
                role = None
        elif item and role is not None:
            current = item[2]
        elif (current and line.strip() and line.startswith((" ", "\t"))) or (current and line.strip()):
            current += " " + line.strip()


def _step(raw: str, role: Role) -> Step:
    spans = [span.strip() for span in _CODE.findall(raw)]
    commands = [span for span in spans if _is_command(span)]
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", raw)
    for command in commands:
        text = re.sub(r"[:,]?\s*`+" + re.escape(command) + r"`+", "", text)
    text = " ".join(text.replace("`", "").replace("**", "").split()).rstrip(":, ")
    command = commands[0] if len(commands) == 1 else "\n".join(commands)
    if not text:
        text = commands[0] if commands else raw.strip("` ")
    if commands:
        does: Effect = "read-only" if all(effect(c) == "read-only" for c in commands) else "changing"
    else:
        first = re.match(r"[A-Za-z]+", text)
        looks = first is not None and first[0].casefold() in vocabulary().look
        does = "read-only" if role == "check" or looks else "changing"
    return Step(text=text[:400], command=command[:600], effect=does, when=role)


def _is_command(span: str) -> bool:
    """A code span with arguments, or one that is a known command; a lone identifier is none."""
    words = span.split()
    known = bool(words) and (words[0] in vocabulary().read_only or words[0] in vocabulary().subcommands)
    return known or (len(words) > 1 and re.match(r"^[a-z./][\w./-]*$", words[0]) is not None)
