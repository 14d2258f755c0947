"""The miner: messages to forms (equal but for masked parts) in one pass, forms to templates once they are all seen."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aitia.core.errors import BadInput
from aitia.tools.text.templates.cluster import WILDCARD, Key, cluster
from aitia.tools.text.templates.folding import Folded, beginnings, everything, lengths, separators_of
from aitia.tools.text.templates.joining import LIMITS, Limits, joined
from aitia.tools.text.templates.masks import NUMBER, Masker, Tokens, join

MAX_FORMS: Final = 20_000
_SEEN: Final = 100_000
_VALUES: Final = 3  # distinct values of a token with digits that are kept: more than one make it a variable
_OBSERVED: Final = 60  # messages that are looked at for it
_DIGITS: Final = 3  # a word with at most so many digits may be a name (`ssh2`)
VERSION: Final = 2


@dataclass(slots=True, eq=False)
class Form:
    """Messages that are equal but for their masked parts. `size` counts them, `into` is what it was folded into."""

    group: Key
    tokens: Key
    size: int = 0
    values: list[set[str] | None] = field(default_factory=list)
    into: Form | None = None
    observed: int = 0
    name: str = ""  # of the template that it belonged to when it was saved

    @property
    def open(self) -> bool:
        """Whether further values could change its text: a word with digits looks like a name and has not varied so far."""
        return any(
            kept is not None and len(kept) == 1 and _varies(self.tokens, i) and _is_name(next(iter(kept)))
            for i, kept in enumerate(self.values)
        )

    @property
    def last(self) -> Form:
        """What it was folded into in the end."""
        form = self
        while form.into is not None:
            form = form.into
        return form


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The text of one statement in one group. `id` is the same on every machine and in later runs from a saved state."""

    group: Key
    text: str
    id: str
    size: int = 0


def _nothing(token: str) -> str:
    return ""


class Miner:
    """Assigns each message a Form, and each form a Template.

    Messages of different `group` (the level) never share a form; those about different `subject`s (the component that
    a token names) never share a template. Memory is bounded: beyond `max_forms` forms are folded into wider ones.
    """

    def __init__(
        self,
        masker: Masker | None = None,
        *,
        subject: Callable[[str], str] = _nothing,
        max_forms: int = MAX_FORMS,
        limits: Limits = LIMITS,
    ) -> None:
        self.masker = masker or Masker()
        self._subject = subject
        self._max = max_forms
        self._limits = limits
        self.folds = 0  # how often forms were folded
        self.memory: dict[object, Any] = {}  # what passes over lines learned, by layout; emptied by a fold
        self._forms: dict[tuple[Key, Key], Form] = {}
        self._seen: dict[tuple[Key, str], Form] = {}
        self._wide: dict[tuple[Key, Key], list[Form]] = {}
        self._texts: dict[Form, Template] | None = None

    def form(self, message: str, group: Key = ()) -> Form:
        """The form of a message; counts it."""
        key = (group, message)
        form = self._seen.get(key)
        if form is None:
            form = self.take(self.masker.tokens(message), group)
            if len(self._seen) >= _SEEN:
                self._seen.clear()
            self._seen[key] = form
        form.size += 1
        return form

    def take(self, tokens: Tokens, group: Key = ()) -> Form:
        """The form of a masked message, made where it is new. The caller counts."""
        key = (group, tokens.masked)
        form = self._forms.get(key)
        if form is None:
            form = self._matching(key) or self._made(key, tokens)
        elif form.values and form.observed < _OBSERVED and any(tokens.values):
            observe(form, tokens)
        return form

    def adopt(self, other: Form) -> Form:
        """The form of another miner's form."""
        form = self.take(Tokens(other.tokens, ("",) * len(other.tokens)), other.group)
        if other.values and not form.values and form.tokens == other.tokens:
            form.values = [set(v) if v else None for v in other.values]
        else:
            _add_values(form, other.values)
        return form

    def literal(self, text: str, group: Key) -> Form:
        """The form of a text that is a template already."""
        return self.take(Tokens((text,), ("",)), group)

    def _made(self, key: tuple[Key, Key], tokens: Tokens) -> Form:
        if len(self._forms) >= self._max:
            self.fold()
        values: list[set[str] | None] = (
            [{v} if v else None for v in tokens.values] if any(tokens.values) else []
        )
        form = Form(*key, values=values)
        self._forms[key] = form
        self._texts = None
        return form

    def _matching(self, key: tuple[Key, Key]) -> Form | None:
        """A folded form that the tokens fit."""
        if not self._wide:
            return None
        group, tokens = key
        for form in self._wide.get((group, separators_of(tokens)), ()):
            if all(a in (b, WILDCARD) for a, b in zip(form.tokens, tokens, strict=True)):
                return form
        return None

    def fold(self) -> None:
        """Fold forms of one statement into one with wildcards; where that is not enough, ever coarser ones."""
        for found in (self._clusters, beginnings, lengths, everything):
            for group, forms in self._grouped().items():
                by_tokens = {f.tokens: f for f in forms}
                for tokens, members in found(by_tokens):
                    if len(members) > 1:
                        self._merge(group, tokens, [by_tokens[m] for m in members])
            if len(self._forms) <= self._max // 2:
                break
        self._seen.clear()
        self.memory.clear()
        self._texts = None
        self.folds += 1

    def _grouped(self) -> dict[Key, list[Form]]:
        out: dict[Key, list[Form]] = defaultdict(list)
        for form in self._forms.values():
            out[form.group].append(form)
        return out

    def _clusters(self, forms: Iterable[Key]) -> Folded:
        return [(c.tokens, c.members) for c in cluster(forms, subject=self._subject)]

    def _merge(self, group: Key, tokens: Key, members: list[Form]) -> None:
        for form in members:
            del self._forms[group, form.tokens]
            wide = self._wide.get((group, separators_of(form.tokens)), [])
            if form in wide:
                wide.remove(form)
        into = self._forms.get((group, tokens)) or Form(
            group, tokens, name=max(members, key=lambda f: f.size).name
        )
        for form in members:
            form.into = into
            into.size += form.size
        self._forms[group, tokens] = into
        self._wide.setdefault((group, separators_of(tokens)), []).append(into)

    def templates(self) -> dict[Form, Template]:
        """The template of every live form. Forms of all groups are looked at together; a template is of one group."""
        if self._texts is None:
            self._texts = self._settled()
        return self._texts

    def template(self, form: Form) -> Template:
        """The template of a form, folded or not."""
        return self.templates()[form.last]

    def _settled(self) -> dict[Form, Template]:
        by_tokens: dict[Key, list[Form]] = defaultdict(list)
        out: dict[Form, Template] = {}
        named = self._named_words()
        for form in self._forms.values():
            if len(form.group) > 1:  # a literal is its own template, whatever others stand beside it
                text = join(form.tokens)
                out[form] = Template(form.group, text, form.name or _hash(form.group, text), form.size)
            else:
                by_tokens[tuple(named.get(t, t) for t in form.tokens)].append(form)
        alike: dict[Key, list[Form]] = {}
        for found in cluster(by_tokens, subject=self._subject):
            forms = [form for tokens in found.members for form in by_tokens[tokens]]
            alike.setdefault(tuple(_restored(found.tokens, forms)), []).extend(forms)
        parts = list(alike.values())
        for one in joined(list(alike), subject=self._subject, causes=self.masker.apart, limits=self._limits):
            forms = [form for i in one.members for form in parts[i]]
            text = join(one.tokens)
            for group in dict.fromkeys(f.group for f in forms):
                own = [f for f in forms if f.group == group]
                first = max(own, key=lambda f: (bool(f.name), f.size))
                made = Template(group, text, first.name or _hash(group, text), sum(f.size for f in own))
                out |= dict.fromkeys(own, made)
        return out

    def _named_words(self) -> dict[str, str]:
        """Words with digits that are names (`ssh2`): of their masked text no second value was seen anywhere."""
        seen: dict[str, set[str]] = defaultdict(set)
        for form in self._forms.values():
            for i, token in enumerate(form.tokens):
                if NUMBER in token and token != NUMBER:
                    seen[token] |= (form.values[i] if form.values else None) or {"", NUMBER}
        return {
            token: value
            for token, (value, *others) in ((t, sorted(v)) for t, v in seen.items())
            if not others and _is_name(value)
        }

    def state(self) -> dict[str, Any]:
        """Plain JSON: enough to go on mining under the same template names."""
        templates = self.templates()
        return {
            "version": VERSION,
            "forms": [
                {
                    "group": list(f.group),
                    "tokens": list(f.tokens),
                    "size": f.size,
                    "values": [sorted(v) if v else None for v in f.values],
                    "name": templates[f].id,
                }
                for f in self._forms.values()
            ],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Add a `state()`: of an earlier run, or of another worker. Raises BadInput for anything else."""
        try:
            if state["version"] != VERSION:
                raise BadInput(
                    f"The saved templates are of version {state['version']}, not {VERSION}. Mine them again."
                )
            for entry in state["forms"]:
                self._add(entry)
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"The templates cannot be used: {error!r}. Give templates as `aitia logs patterns --save` "
                "writes them."
            ) from None
        self._texts = None

    def _add(self, entry: Mapping[str, Any]) -> None:
        key = (tuple(entry["group"]), tuple(entry["tokens"]))
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = Form(*key, name=str(entry["name"]))
            form.values = [set(v) if v else None for v in entry["values"]]
            if WILDCARD in form.tokens:
                self._wide.setdefault((key[0], separators_of(key[1])), []).append(form)
        else:
            _add_values(form, entry["values"])
        form.size += int(entry["size"])


def observe(form: Form, tokens: Tokens) -> None:
    """Keep a few of the values that the tokens with digits stood for."""
    form.observed += 1
    for kept, value in zip(form.values, tokens.values, strict=True):
        if kept is not None and len(kept) < _VALUES:
            kept.add(value)


def _add_values(form: Form, values: Iterable[Iterable[str] | None]) -> None:
    for mine, theirs in zip(form.values, values, strict=False):
        if mine is not None and theirs:
            mine.update(theirs)


def _restored(tokens: Key, forms: Iterable[Form]) -> list[str]:
    """The tokens, a word with digits that never varied (`ssh2`, `jk2_init`) by its letters and digits again."""
    out = list(tokens)
    for i in range(len(tokens)):
        if not _varies(tokens, i):
            continue
        seen: set[str] = set()
        for form in forms:
            seen |= (form.values[i] if form.values else None) or {"", NUMBER}
        if len(seen) == 1 and _is_name(value := next(iter(seen))):
            out[i] = value
    return out


def _varies(tokens: Key, i: int) -> bool:
    """Whether a token is a word with digits, which may stand for a value or be a name."""
    token = tokens[i]
    return NUMBER in token and token != NUMBER and not (i and tokens[i - 1] == "=")


def _is_name(value: str) -> bool:
    digits = sum(c.isdigit() for c in value)
    return value[:1].isalpha() and digits <= _DIGITS and 2 * digits <= len(value)


def _hash(group: Key, text: str) -> str:
    return hashlib.sha256("\x1f".join((*group, text)).encode("utf-8", "surrogatepass")).hexdigest()[:12]
