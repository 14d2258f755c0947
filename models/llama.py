"""A GGUF model on this machine, behind the `Llm` seam: greedy, repeatable, one static prefix restored per call."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Completion, Prompt
from aitia.models.adapters import Role, check_adapter
from aitia.models.calibration import terms_of
from aitia.models.catalogue import Family
from aitia.models.chat import template_of
from aitia.models.files import sha256_of
from aitia.models.grammar import Grammar
from aitia.models.lexical import shortlist
from aitia.models.prefixes import PrefixStore, parts_of
from aitia.models.runtime import KvCache, SavedState, Session, Shape
from aitia.models.scoring import choice_of, log_softmax
from aitia.models.threads import default_threads

CONTEXT, BATCH = 4096, 256
CONTENT_FREE = "N/A"
_ASKED = "\n"  # what stands before the question in the text of a `classify`
_ANSWERED = re.compile(r"(?<=:)(?= )")  # between a question that is answered and its answer
_PREFIXES, _BASELINES = 3, 1024
MOST_OPTIONS = 24  # scored in one choice, so that its time is bounded
_CHARS_PER_TOKEN = 64  # no prompt that fits has more; longer ones are not even tokenised


class LlamaCpp:
    """A language model in this process. Every call starts from the same saved state, so that it depends on nothing before.

    The prefix (system turn) is evaluated once and restored afterwards, from `prefixes` in a later process; the call that
    evaluates it restores it as well. `choose` scores each option's tokens and the end of the turn, so that a short
    option gains nothing from being the beginning of a longer one.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        sha256: str,
        family: Family = "chatml",
        threads: int | None = None,
        context: int = CONTEXT,
        batch: int = BATCH,
        flash_attention: bool = False,
        kv_cache: KvCache = "f16",
        prefixes: PrefixStore | None = None,
        home: Path | None = None,
        adapter: Path | None = None,
        role: Role | None = None,
    ) -> None:
        self._name, self._sha256, self._home = name, sha256, home
        self._role = role if adapter else None
        self._adapter = ""
        if adapter and role:
            check_adapter(adapter, role=role, base=sha256)
            self._adapter = sha256_of(adapter, home=home)
        self._template = template_of(family)
        self._session = Session(
            path,
            Shape(
                threads=threads or default_threads(),
                context=context,
                batch=batch,
                flash_attention=flash_attention,
                kv_cache=kv_cache,
            ),
            adapter=adapter,
        )
        self._end = self._session.token(self._template.end)
        self._lock = threading.RLock()
        self._prefixes: OrderedDict[str, SavedState] = OrderedDict()
        self._store = prefixes
        self._baselines: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._examples = ""  # of `classify`, while they are what the context begins with
        self._steps: list[
            tuple[str, int]
        ] = []  # of `classify`, evaluated after them, each with where it ends

    @property
    def name(self) -> str:
        """The catalogue's name, or the file's."""
        return self._name

    @property
    def sha256(self) -> str:
        """The hash of the model file."""
        return self._sha256

    @property
    def role(self) -> Role | None:
        """What the model was tuned for, where it has an adapter."""
        return self._role

    @property
    def adapter(self) -> str:
        """The hash of the adapter's file, where it has one."""
        return self._adapter

    def close(self) -> None:
        """Free the model's memory."""
        with self._lock:
            self._session.close()

    def count(self, text: str) -> int:
        """How many tokens the text takes."""
        with self._lock:
            return len(self._session.plain_tokens(text))

    def complete(
        self, prompt: Prompt, *, max_tokens: int, grammar: str | None = None, stop: Sequence[str] = ()
    ) -> Completion:
        """Greedy completion of at most `max_tokens`. Raises ModelError where prompt and completion exceed the context."""
        return self.written(
            lambda: self._open_turn(prompt, room=max_tokens),
            max_tokens=max_tokens,
            grammar=grammar,
            stop=stop,
        )

    def written(
        self,
        opened: Callable[[], tuple[int, int]],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        """What the model writes after `opened` evaluated a prompt and told the tokens evaluated and restored."""
        start = time.monotonic()
        with self._lock:
            self._examples = ""
            rules = self._session.grammar(grammar) if grammar else None
            try:
                evaluated, restored = opened()
                text, finish, generated = self._generate(max_tokens, rules, [s.encode() for s in stop if s])
            finally:
                if rules:
                    rules.close()
        return Completion(
            text=text,
            finish="stop" if finish else "length",
            prompt_tokens=evaluated,
            restored_tokens=restored,
            generated_tokens=generated,
            seconds=time.monotonic() - start,
        )

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The most likely whole option text, less what the model would say of it without any question.

        Of more than `MOST_OPTIONS` only those are scored that share most words with the question; the others get
        probability 0. The model's calibration, if there is one, sets the scale of the probabilities.
        """
        start = time.monotonic()
        if len(set(options)) < max(2, len(options)) or not all(options):
            raise ModelError("Give at least two options, all different and none empty.")
        kept = shortlist(prompt.user, options, MOST_OPTIONS)
        texts = [options[i] for i in kept]
        with self._lock:
            scores, evaluated, restored = self._score(prompt, texts)
            missing = [o for o in texts if (prompt.system, o) not in self._baselines]
            if missing:
                empty = Prompt(system=prompt.system, user=CONTENT_FREE)
                baseline, more, again = self._score(empty, missing)
                evaluated, restored = evaluated + more, restored + again
                self._baselines.update(
                    {(prompt.system, o): b for o, b in zip(missing, baseline, strict=True)}
                )
            baselines = [self._baselines[prompt.system, o] for o in texts]
            while len(self._baselines) > _BASELINES:
                self._baselines.popitem(last=False)
        return choice_of(
            scores,
            baselines,
            terms=terms_of(self._sha256, self._home),
            kept=kept,
            of=len(options),
            prompt_tokens=evaluated,
            restored_tokens=restored,
            seconds=time.monotonic() - start,
        )

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        """The likeliest label by the log-probability of its first token; `baselines` are those of a text without content.

        The examples are evaluated once, kept on disk for the next process, and rewound to, which takes a seventh of the time of
        restoring them. So is a text of which a further question is asked: after `Sign:` the text is kept for `Sign: fault Kind:`.
        """
        start = time.monotonic()
        firsts = self._firsts(labels)
        key = prompt.system + "\0" + prompt.user.partition(_ASKED)[2]
        with self._lock:
            scores, evaluated, restored = self._read(prompt, firsts)
            baselines = [self._baselines.get((key, label)) for label in labels]
            if None in baselines:
                empty = f" {CONTENT_FREE}{_ASKED}{prompt.user.partition(_ASKED)[2]}"
                baselines, more, again = self._read(Prompt(system=prompt.system, user=empty), firsts)  # type: ignore[assignment]
                evaluated, restored = evaluated + more, restored + again
                self._baselines.update({(key, n): float(b) for n, b in zip(labels, baselines, strict=True)})  # type: ignore[arg-type]
        return choice_of(
            scores,
            [float(b or 0.0) for b in baselines],
            prompt_tokens=evaluated,
            restored_tokens=restored,
            seconds=time.monotonic() - start,
        )

    def scores(self, prompt: Prompt, labels: Sequence[str]) -> list[float]:
        """Log-probabilities of the labels' first tokens, without baselines; texts are kept as `classify` keeps them."""
        with self._lock:
            return self._read(prompt, self._firsts(labels))[0]

    def _firsts(self, labels: Sequence[str]) -> list[int]:
        firsts = [self._session.plain_tokens(" " + label)[0] for label in labels]
        if len(set(firsts)) < max(2, len(labels)):
            raise ModelError("Give at least two labels that differ in their first token.")
        return firsts

    def continued(
        self, prompt: Prompt, *, max_tokens: int, stop: Sequence[str] = ("\n",), grammar: str | None = None
    ) -> Completion:
        """What follows `system` and `user` as plain text without a chat's turns, as `classify` reads them; under GBNF rules.

        Its `log_prob` is that of the text, each token among those that the rules allow. Raises ModelError.
        """
        start = time.monotonic()
        sure = [0.0]
        with self._lock:
            rules = self._session.grammar(grammar) if grammar else None
            try:
                evaluated, restored = self._put(prompt, room=max_tokens)
                text, finish, generated = self._generate(max_tokens, rules, [s.encode() for s in stop], sure)
            finally:
                if rules:
                    rules.close()
        return Completion(
            text=text,
            finish="stop" if finish else "length",
            prompt_tokens=evaluated,
            restored_tokens=restored,
            generated_tokens=generated,
            log_prob=sure[0],
            seconds=time.monotonic() - start,
        )

    def _read(self, prompt: Prompt, firsts: Sequence[int]) -> tuple[list[float], int, int]:
        """The log-probability of each first token after the prompt; tokens evaluated and tokens kept from the call before."""
        evaluated, restored = self._put(prompt)
        logits = log_softmax(self._session.logits())
        return [float(logits[t]) for t in firsts], evaluated, restored

    def _put(self, prompt: Prompt, *, room: int = 0) -> tuple[int, int]:
        """Evaluate a prompt of plain text; tokens evaluated and tokens kept from the call before."""
        prefix = self._session.first_tokens() + self._session.plain_tokens(prompt.system)
        steps = [(step, self._session.plain_tokens(step)) for step in _steps(prompt.user)]
        size = sum(len(tokens) for _, tokens in steps)
        if len(prefix) + size + room > self._session.context:
            raise ModelError(f"Shorten the text: {size} tokens do not fit beside {len(prefix)} of examples.")
        kept = self._session.rewinds and self._examples == prompt.system
        restored = False
        if not kept:
            restored = self._kept(prefix) is not None  # of an earlier process
            if not restored:
                self._evaluate(prefix)
            self._examples, self._steps = prompt.system, []
        same = 0  # each step is evaluated by itself, so that its logits are the same whether the others were kept or not
        while same < min(len(self._steps), len(steps) - 1) and self._steps[same][0] == steps[same][0]:
            same += 1
        self._steps = self._steps[:same]
        end = self._steps[-1][1] if self._steps else len(prefix)
        if kept:
            self._session.rewind(end)
        evaluated = 0 if kept or restored else len(prefix)
        for step, tokens in steps[same:]:
            self._session.eval(tokens)
            end, evaluated = end + len(tokens), evaluated + len(tokens)
            self._steps.append((step, end))
        return evaluated, end - evaluated

    def _open_turn(self, prompt: Prompt, *, room: int) -> tuple[int, int]:
        """Evaluate the prompt up to where the assistant writes. Returns tokens evaluated and tokens restored."""
        if len(prompt.user) + len(prompt.system) > _CHARS_PER_TOKEN * self._session.context:
            raise ModelError(
                f"Shorten the prompt: {len(prompt.user) + len(prompt.system)} characters exceed the context of "
                f"{self._session.context} tokens by far."
            )
        self._examples = ""
        turn = self._session.tokens(self._template.turn(prompt.user))
        prefix = self._prefix_tokens(prompt.system)
        size = len(prefix) + len(turn)
        if size + room > self._session.context:
            raise ModelError(
                f"Shorten the prompt or lower the token limit: {size} prompt tokens and {room} to write exceed "
                f"the context of {self._session.context}."
            )
        state = self._prefixes.get(prompt.system) or self._kept(prefix)
        restored = len(prefix) if state else 0
        self._prefixes[prompt.system] = state = state or self._evaluate(prefix)
        self._prefixes.move_to_end(prompt.system)
        while len(self._prefixes) > _PREFIXES:
            self._prefixes.popitem(last=False)
        self._session.restore(state)
        self._session.eval(turn)
        return size - restored, restored

    def _kept(self, prefix: Sequence[int]) -> SavedState | None:
        """The prefix's state from disk, if there is one that llama.cpp takes."""
        if self._store is None:
            return None
        parts = parts_of(self._sha256, self._session.shape, prefix)
        state = self._store.load(parts)
        try:
            if state:
                self._session.restore(state)
        except ModelError:
            self._store.forget(parts)
            return None
        return state

    def _evaluate(self, prefix: Sequence[int]) -> SavedState:
        self._session.clear()
        self._session.eval(prefix)
        state = self._session.save()
        if self._store:
            self._store.save(parts_of(self._sha256, self._session.shape, prefix), state)
        return state

    def _prefix_tokens(self, system: str) -> list[int]:
        return self._session.first_tokens() + self._session.tokens(self._template.prefix(system))

    def _generate(
        self, limit: int, rules: Grammar | None, stops: Sequence[bytes], sure: list[float] | None = None
    ) -> tuple[str, bool, int]:
        """The text, whether it ended by itself, and how many tokens were written; their log-probability is added to `sure`."""
        written = b""
        for n in range(limit):
            logits = self._session.logits()
            token = rules.best(logits) if rules else int(np.argmax(logits))
            if sure is not None and token >= 0:
                sure[0] += rules.log_prob(logits, token) if rules else float(log_softmax(logits)[token])
            if token < 0 or self._session.is_end(token):
                return written.decode("utf-8", "ignore"), True, n
            if rules:
                rules.accept(token)
            written += self._session.bytes_of(token)
            if (cut := _first_stop(written, stops)) >= 0:
                return written[:cut].decode("utf-8", "ignore"), True, n + 1
            if n + 1 < limit:
                self._session.eval([token])
        return written.decode("utf-8", "ignore"), False, limit

    def _score(self, prompt: Prompt, options: Sequence[str]) -> tuple[list[float], int, int]:
        """The summed log-probability of each option and the end of the turn after it."""
        texts = [[*self._session.plain_tokens(option), self._end] for option in options]
        longest = max(map(len, texts))
        if longest > self._session.batch:
            raise ModelError(
                f"Shorten the options: the longest takes {longest} of {self._session.batch} tokens."
            )
        evaluated, restored = self._open_turn(prompt, room=longest)
        first, position = log_softmax(self._session.logits()), self._session.position
        state = None if self._session.rewinds else self._session.save()
        scores = []
        for tokens in texts:
            if state:
                self._session.restore(state)
            else:
                self._session.rewind(position)
            scores.append(float(first[tokens[0]]) + self._score_rest(tokens))
        return scores, evaluated + sum(len(tokens) - 1 for tokens in texts), restored

    def _score_rest(self, tokens: Sequence[int]) -> float:
        self._session.eval(tokens[:-1], all_logits=True)
        rows = (self._session.logits(i) for i in range(len(tokens) - 1))
        return sum(float(log_softmax(row)[token]) for row, token in zip(rows, tokens[1:], strict=True))


def _steps(text: str) -> list[str]:
    """A text up to its first question, then each answer with the question after it."""
    head, line, questions = text.partition(_ASKED)
    first, *rest = _ANSWERED.split(questions)
    return [head + line + first, *rest]


def _first_stop(written: bytes, stops: Sequence[bytes]) -> int:
    found = [at for stop in stops if (at := written.find(stop)) >= 0]
    return min(found, default=-1)
