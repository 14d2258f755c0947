"""Programs whose arguments are read as a whole: what `redis-cli` asks, objects of `ip`, verbs of the clouds' tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aitia.core.commands.languages import words as listed
from aitia.core.commands.lexer import Token


def _redis(tokens: Sequence[Token]) -> bool:
    """`redis-cli` with a command that only asks; two-word commands by both words."""
    if not tokens or not tokens[0].certain:
        return False
    verb = tokens[0].text.casefold()
    if verb in listed()["redis_pairs"]:
        return len(tokens) > 1 and tokens[1].text.casefold() in listed()["redis_pairs"][verb].split()
    return verb in listed()["redis"]


_SECRETS: Final = re.compile(r"(?i)(?:^|,)secrets?(?:\.[\w.]*)?(?:[,/]|$)")


def _kube(tokens: Sequence[Token]) -> bool:
    """What `kubectl get` asks for, all but secrets: with an output format their values would come."""
    return bool(tokens) and not any(_SECRETS.search(t.text) for t in tokens)


def _find(tokens: Sequence[Token]) -> bool:
    """Paths and operators; what `-exec` runs was taken out before (see `aitia.core.commands.judge`)."""
    return all(
        t.text in ("(", ")", "!", ",") or not (t.text.startswith("-") or (i and t.variable and t.bare))
        for i, t in enumerate(tokens)
    )


def _shows(verbs: str) -> Callable[[Sequence[Token]], bool]:
    """A tool of an object path that ends in its verb: nothing that sets, and no other verb."""
    wanted = frozenset(verbs.split())

    def reads(tokens: Sequence[Token]) -> bool:
        words = [t.text.casefold() for t in tokens]
        at = next((i for i, w in enumerate(words) if w in wanted), -1)
        path = words[:at] if at >= 0 else []
        plain = all(re.fullmatch(r"[a-z0-9/:=]+", w) and w not in _ACTIONS for w in path)
        return (
            at >= 0
            and plain
            and all(t.certain and "file=" not in t.text.casefold() for t in tokens)
            and not _ACTIONS & set(words[at:])
        )

    return reads


_ACTIONS: Final = frozenset(
    [
        "set",
        "add",
        "delete",
        "del",
        "remove",
        "create",
        "modify",
        "start",
        "stop",
        "erase",
        "init",
        "rebuild",
        "flush",
        "clear",
        "enable",
        "disable",
        "shutdown",
        "import",
    ]
)


def _dig(tokens: Sequence[Token]) -> bool:
    """`@server`, `+option`, names and types."""
    return all(re.fullmatch(r"[@+]?[\w.:/=-]+", t.text) and not t.secret for t in tokens)


def _ip(tokens: Sequence[Token]) -> bool:
    """An object, then nothing or a verb that shows."""
    words = [t.text for t in tokens]
    if not words or not tokens[0].certain or words[0] not in listed()["ip_objects"]:
        return False
    if words[1:2] == ["s"]:  # shows addresses and routes, but sets links
        return words[0] in ("a", "addr", "address", "r", "ro", "route")
    return len(words) == 1 or words[1] in ("show", "list", "ls", "sh", "get", "lst")


def _aws(tokens: Sequence[Token]) -> bool:
    """Service, then a verb that describes, lists or gets; no argument of its own (some write what they get to a file)."""
    tokens = _past_options(tokens)
    words = [t.text for t in tokens]
    if len(words) < 2 or not all(t.certain for t in tokens[:2]):
        return False
    service, verb, rest = words[0], words[1], words[2:]
    if service in ("s3", "logs") and verb in ("ls", "tail"):
        return len(_arguments(rest, aws=True)) <= 1 and _aws_options(rest)
    if not re.fullmatch(r"[a-z0-9-]+", service) or not re.fullmatch(
        r"(?:describe|list|lookup|filter|head|batch-get|get|search|query|scan|simulate)-?[a-z0-9-]*", verb
    ):
        return False
    if re.search(
        r"token|credential|secret|password|login|-id$|export|api-key|get-object(?!-attributes|-acl|-tagging)|get-(?:random|media|sdk|job-output|dashboard-embed|snapshot-block|package-version-asset|raw-message|clip|configuration$|latest-configuration|hosted-configuration|image-frame|reference$|read-set$|activity-task|instance-access)|shard-iterator",
        verb,
    ):
        return False
    if (
        service in ("iot-data", "kms", "secretsmanager", "sqs")
        and verb.startswith("get")
        and not verb.startswith(("get-queue", "get-key-pol", "get-key-rot", "get-resource"))
    ):
        return False
    return not rest or (rest[0].startswith("--") and _aws_options(rest))


def _past_options(tokens: Sequence[Token]) -> Sequence[Token]:
    """The words behind options that choose an account's part and a form of output."""
    left = list(tokens)
    while left and left[0].text.startswith("--"):
        name, equals, _ = left.pop(0).text.partition("=")
        if name in ("--no-cli-pager", "--no-paginate", "--quiet"):
            continue
        if name not in (
            "--profile",
            "--region",
            "--output",
            "--query",
            "--color",
            "--project",
            "--format",
            "--zone",
        ):
            return ()
        if not equals and left:
            left.pop(0)
    return left


_AWS_REFUSED: Final = (
    "--endpoint-url",
    "--cli-",
    "--with-decryption",
    "--include-value",
    "--no-verify-ssl",
    "--outfile",
    "--ca-bundle",
)


def _abbreviates(word: str, refused: Sequence[str]) -> bool:
    """Whether an option begins as a refused one does: these tools may take the beginning of a name for the whole."""
    name = word.partition("=")[0]
    return name != "--output" and any(
        name.startswith(r) or (len(name) > 2 and r.startswith(name)) for r in refused
    )


def _aws_options(words: Sequence[str]) -> bool:
    return all(
        re.fullmatch(r"--[a-z][a-z0-9-]*(?:=.*)?", w) is not None and not _abbreviates(w, _AWS_REFUSED)
        for w in words
        if w.startswith("-") and not re.fullmatch(r"-\d+", w)
    )


def _arguments(words: Sequence[str], *, aws: bool = False) -> list[str]:
    """Words that are neither an option nor what stands behind one."""
    flags = (
        "--recursive",
        "--human-readable",
        "--summarize",
        "--follow",
        "--no-paginate",
        "--no-sign-request",
    )
    return [
        w
        for i, w in enumerate(words)
        if not w.startswith("-")
        and not (
            i and words[i - 1].startswith("--") and words[i - 1] not in flags and "=" not in words[i - 1]
        )
    ]


def _groups(tool: str) -> Callable[[Sequence[Token]], bool]:
    """`gcloud compute instances list`: known groups, then a verb that reads."""

    def reads(tokens: Sequence[Token]) -> bool:
        tokens = _past_options(tokens)
        words = [t.text for t in tokens]
        known = listed()[tool]
        groups, verbs, refused = (frozenset(known[k].split()) for k in ("groups", "verbs", "refused"))
        n = next((i for i, w in enumerate(words) if w not in groups), len(words))
        if n == len(words) or not all(t.certain for t in tokens[: n + 1]) or words[n] not in verbs:
            return False
        path = " ".join(words[: n + 1])
        if any(re.search(rf"(?:^|_){re.escape(r)}$", path.replace(" ", "_")) for r in refused):
            return False
        return all(
            re.fullmatch(r"--?[a-z][a-z0-9-]*(?:=.*)?", w) is not None
            and not _abbreviates(w, known["options_refused"].split())
            for w in words[n + 1 :]
            if w.startswith("-") and not re.fullmatch(r"-\d+", w)
        )

    return reads


LISTS: Final[Mapping[str, Callable[[Sequence[Token]], bool]]] = {
    "REDIS": _redis, "FIND": _find, "KUBE": _kube, "DIG": _dig, "IP": _ip, "SHOW": _shows("show"), "ESX": _shows("list get"),
    "AWS": _aws, "GCLOUD": _groups("gcloud"), "AZ": _groups("az"),
}  # fmt: skip
"""Readers of all arguments of a program at once."""
