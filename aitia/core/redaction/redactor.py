"""The redactor: text in, text with pseudonyms out; a block of log lines in, the same lines out."""

# ruff: noqa: E501 (a pattern is read as one line)
from __future__ import annotations

import hashlib
import hmac
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from aitia.core.disk import tell_once
from aitia.core.errors import StoreError
from aitia.core.redaction import commands, personal, prose, secrets, urls
from aitia.core.redaction.pieces import Span, all_lines, decoded, merged
from aitia.core.redaction.plain import Model, plain_value, word_of
from aitia.core.redaction.policy import Policy
from aitia.core.redaction.prefilter import Prefilter, lines, pairs, prefilter
from aitia.core.redaction.secrets import Rule
from aitia.core.redaction.tokens import TOKENS

if TYPE_CHECKING:
    from aitia.core.redaction.vault import Vault

PSEUDONYM = re.compile(r"<[a-z]{2,12}:[0-9a-f]{8}>")
_DONE = re.compile(r"[\"']?<[a-z]{2,12}:[0-9a-f]{8}>[\"']?$")
_CARD_HINT = re.compile(r"\d{4}(?:\d{9}|[ -]\d{4}[ -]\d{4}|[ -]\d{6})")
_EMAIL_HINT = re.compile(r"@[A-Za-z0-9][A-Za-z0-9-]{0,62}\.[A-Za-z]")
_URL_HINT = re.compile(urls.URL.trigger)
_IBAN_HINT = re.compile(r"[A-Z]{2}\d\d[A-Z0-9 ]")
_WORD = re.compile(r"[^\s\"'<>]+")
_BEFORE_GRAM: Final = 7  # characters of `mot de passe` before its gram; of a key's name there may be more
_SHORTEST: Final = 6  # characters in which a name and a secret could stand
_PASSES: Final = 4  # a replaced value can bring a neighbour to light
_REMEMBERED: Final = 20_000  # texts known to hold nothing
_REMEMBERED_LENGTH: Final = 400  # characters: with the number above 8 MB of ASCII at most
PEM = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|Private-Lines:")
PEM_END = re.compile(rb"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|Private-MAC:")
_RULES: Final[tuple[Rule, ...]] = (
    secrets.PEM, secrets.SECRET_OBJECT, urls.URL, urls.URL_USER, urls.DSN, urls.AUTHORIZATION, urls.COOKIE,
    secrets.ASSIGNED, secrets.LISTED, secrets.JWK, secrets.INSERT, secrets.PUTTY, secrets.XML, secrets.PAIR, secrets.SQL, secrets.OPTION, commands.SHELL, commands.PROTOCOL, urls.SESSION, *TOKENS,
    urls.BEARER, urls.SIGNATURE, urls.AUTH, urls.HOOK, urls.QUERY, urls.USER_AT_HOST, urls.ORACLE, urls.AWS_PAIR, urls.LOGIN_SESSION, urls.CALLED, urls.ENVIRONMENT, urls.BASE64, urls.AUTH_LOGIN, *prose.RULES,
    personal.EMAIL, personal.CARD, personal.IBAN, personal.PHONE,
    personal.USER, personal.IP6, personal.MAC, personal.IP4, personal.HOST,
)  # fmt: skip
_HINTS: Final[dict[Rule, Callable[[str], object]]] = {  # what is quickly told of a text in which a rule finds something
    personal.CARD: _CARD_HINT.search, personal.IBAN: _IBAN_HINT.search, personal.EMAIL: _EMAIL_HINT.search,
    urls.URL: _URL_HINT.search, urls.URL_USER: _URL_HINT.search,
    urls.USER_AT_HOST: lambda text: next(pairs(text.encode("utf-8", "surrogatepass")), None) is not None,
}  # fmt: skip


class Redactor:
    """Replaces secrets by `<secret:1a2b3c4d>`, addresses by `<email:…>`, cards by `<card:…>`, and so on by the policy.

    The pseudonym is an HMAC-SHA-256 of the value, cut to 32 bits: the same value has the same pseudonym under one key,
    and without the key it cannot be guessed. Without a policy the one of the process is in force (`use`).
    """

    def __init__(self, key: bytes, policy: Policy | None = None, vault: Vault | None = None) -> None:
        in_force = _IN_FORCE[-1] if policy is None else (policy, vault)
        self.policy, self._vault = in_force[0], vault or in_force[1]
        self.counts: Counter[str] = Counter()  # how many values of each kind were replaced
        self._key = key
        self._rules = tuple(rule for rule in _RULES if rule.kind in self.policy.active) + tuple(
            Rule(kind=c.name, pattern=_custom(c.pattern), needs=(), trigger="") for c in self.policy.custom
        )
        self._keep = frozenset(k.casefold() for k in self.policy.keep)
        self._shapeless = [(rule, _HINTS.get(rule)) for rule in self._rules if not rule.grams]
        # Kinds without a shape that can be told in a block make every line suspicious.
        self._everywhere = any(not rule.trigger for rule in self._rules)
        self._clean = _clean_texts(self._rules, self._keep)

    def __reduce__(self) -> tuple[type[Redactor], tuple[bytes, Policy]]:
        return Redactor, (
            self._key,
            self.policy,
        )  # for the processes that share a survey; the vault stays here

    # -- text ---------------------------------------------------------------------------------------------------------

    def text(self, text: str, seen: set[str] | None = None) -> str:
        """The text without secrets and personal data. Redacting twice changes nothing more. Secrets go to `seen`."""
        for _ in range(_PASSES):
            changed = self._replaced(text, seen)
            if changed == text:
                break
            text = changed
        return text

    def secret(self, value: str) -> str:
        """The pseudonym of a value that is known to be a secret, whatever it looks like."""
        return value if _DONE.match(value) else self._name("secret", value, value)

    def plain(self, value: Any) -> Any:
        """A plain JSON value whose texts, keys among them, hold no secret."""
        return plain_value(value, self)

    def word(self, model: Model) -> Model:
        """A word of which no field holds a secret."""
        return word_of(model, self)

    def _replaced(self, text: str, seen: set[str] | None) -> str:
        if text in self._clean:
            return text
        spans = list(self._spans(text))
        if not spans:
            if len(text) <= _REMEMBERED_LENGTH:
                if len(self._clean) >= _REMEMBERED:
                    self._clean.clear()
                self._clean.add(text)
            return text
        out, at = [], 0
        for start, end, kind, value in merged(spans, text):
            if seen is not None and kind == "secret":
                seen.add(text[start:end])
            out += [text[at:start], self._name(kind, value, text[start:end])]
            at = end
        return "".join([*out, text[at:]])

    def _spans(self, text: str) -> Iterator[Span]:
        """What the rules find between pseudonyms: one is never taken for a secret again."""
        begin, encoded = 0, "%" in text
        rules = self._hopeful(text)
        if not rules and not encoded:
            return
        for done in [*PSEUDONYM.finditer(text), None] if "<" in text else [None]:
            end = done.start() if done else len(text)
            for rule, places in rules:
                yield from self._found(rule, text, begin, end, places)
            if encoded:
                yield from self._encoded(text, begin, end)
            begin = done.end() if done else end

    def _hopeful(self, text: str) -> list[tuple[Rule, list[int] | None]]:
        """The rules that could find something, and where a match of each may begin: None for anywhere."""
        if len(text) < _SHORTEST:
            return []
        raw = text.encode("utf-8", "surrogatepass")
        plain = len(raw) == len(text)  # a character is a byte
        found: list[tuple[Rule, list[int] | None]] = [
            (rule, _starts(text, places, rule) if plain and rule.back >= 0 else None)
            for rule, places in self._prefilter.fired(raw).items()
            if rule is not secrets.PAIR or secrets.NAMES.search(text)
        ]
        lower = text.lower()
        for rule, hint in self._shapeless:
            if (not rule.needs or any(need in lower for need in rule.needs)) and (hint is None or hint(text)):
                found.append((rule, None))
        return found

    def _encoded(self, text: str, begin: int, end: int) -> Iterator[Span]:
        """What the rules find in percent-encoded words once they are decoded, up to twice."""
        for word in _WORD.finditer(text, begin, end):
            if "%" not in word[0]:
                continue
            for plain, places in decoded(word[0]):
                for rule, where in self._hopeful(plain):
                    for start, stop, kind, value in self._found(rule, plain, 0, len(plain), where):
                        yield word.start() + places[start], word.start() + places[stop], kind, value

    def _found(
        self, rule: Rule, text: str, begin: int, end: int, starts: list[int] | None = None
    ) -> Iterator[Span]:
        named = "n" in rule.pattern.groupindex
        while begin < end and (match := _next(rule.pattern, text, begin, end, starts)):
            group = match.lastgroup or 0
            value = match[group]
            kept = rule.kind != "secret" and value.casefold() in self._keep
            if rule.inside is not None:
                for part in rule.inside.finditer(text, *match.span(group)):
                    yield part.start("v"), part.end("v"), rule.kind, part["v"]
            elif value and not kept and rule.accept(match):
                yield match.start(group), match.end(group), rule.kind, rule.canonical(value)
            elif named:  # what a name that tells no secret is followed by is looked at for itself
                begin = max(match.end("n"), begin + 1)
                continue
            begin = max(match.end(), begin + 1)

    def _name(self, kind: str, canonical: str, value: str) -> str:
        digest = hmac.new(self._key, f"{kind}\0{canonical}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        pseudonym = f"<{kind}:{digest.hexdigest()[:8]}>"
        self.counts[kind] += 1
        if self._vault is not None:
            self._vault.put(pseudonym, value, digest.digest())
        return pseudonym

    # -- blocks -------------------------------------------------------------------------------------------------------

    def spans(self, block: bytes) -> Iterator[tuple[int, int]]:
        """The lines of a block in which something may have to be replaced, as [start, end); all others need no look.

        A private key is one span from its first line to its last.
        """
        if self._everywhere:
            found = all_lines(block)
        else:
            found = lines(block, self._prefilter.places(block))
        covered = -1
        for start, end in found:
            if start < covered:
                continue
            if (begin := PEM.search(block, start, end)) is not None:
                closing = PEM_END.search(block, begin.end())
                end = block.find(b"\n", closing.end()) if closing else -1
                end = len(block) if end < 0 else end
            covered = end
            yield start, end

    def suspicious(self, block: bytes | str) -> bool:
        """Whether anything in the block may have to be replaced. False is sure; True is to be looked at."""
        data = block if isinstance(block, bytes) else block.encode("utf-8", "surrogatepass")
        return next(self.spans(data), None) is not None

    def block(self, block: bytes) -> bytes:
        """Whole lines with what is secret replaced; bytes that are no UTF-8 come through as they are."""
        out, at = [], 0
        for start, end in self.spans(block):
            before = block[start:end].decode("utf-8", "surrogateescape")
            after = self.text(before)
            if after is not before and after != before:
                out += [block[at:start], after.encode("utf-8", "surrogateescape")]
                at = end
        return b"".join([*out, block[at:]]) if out else block

    @cached_property
    def _prefilter(self) -> Prefilter:
        return prefilter(self._rules)


@lru_cache(maxsize=4)
def _clean_texts(rules: tuple[Rule, ...], keep: frozenset[str]) -> set[str]:
    """Texts in which these rules found nothing: a run redacts most of its texts again with every file that holds them."""
    return set()


def _starts(text: str, places: list[int], rule: Rule) -> list[int]:
    """Where a match may begin whose grams stand at the places: up to `back` characters before each."""
    starts: list[int] = []
    for place in dict.fromkeys(places):
        low = max(place - rule.back, starts[-1] + 1 if starts else 0)
        if rule.whole:
            starts += [
                at
                for at in range(low, place)
                if not at or not (text[at - 1].isalnum() or text[at - 1] == "_")
            ]
            starts.append(place)
        else:
            key = "key" in text[place : place + 5].lower()
            starts += range(low if key else max(low, place - _BEFORE_GRAM), place + 1)
    return starts


def _next(
    pattern: re.Pattern[str], text: str, begin: int, end: int, starts: list[int] | None
) -> re.Match[str] | None:
    """The first match from `begin` on, at one of the starts where they are known."""
    if starts is None:
        return pattern.search(text, begin, end)
    at = bisect_left(starts, begin)
    while at < len(starts) and starts[at] < end:
        if match := pattern.match(text, starts[at], end):
            return match
        at += 1
    return None


def _custom(pattern: str) -> re.Pattern[str]:
    compiled = re.compile(pattern)
    return compiled if "value" in compiled.groupindex else re.compile(f"(?P<value>{pattern})")


_IN_FORCE: list[tuple[Policy, Vault | None]] = [(Policy(), None)]


def use(policy: Policy) -> None:
    """Put a policy in force for the redactors that this process makes from now on.

    A reversible one keeps the sealed mapping in AITIA_HOME. Raises BadInput where it cannot.
    """
    vault = None
    if policy.reversible:
        from aitia.core.home import aitia_home
        from aitia.core.redaction.keys import load_key
        from aitia.core.redaction.vault import Vault

        home = aitia_home()
        try:
            vault = Vault.open(home, load_key(home))
        except StoreError as error:
            tell_once(f"{error} Until then pseudonyms cannot be revealed.")
    _IN_FORCE[-1] = (policy, vault)
