"""A model behind any OpenAI-compatible server (llama-server, vLLM, ...), for teams that outgrow one machine."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Completion, Prompt
from aitia.models.lexical import shortlist
from aitia.models.scoring import choice_of

CONNECT_S, READ_S = 5.0, 120.0
_FLOOR = -20.0  # log-probability of an option that the server does not list
_MOST_OPTIONS = 9  # numbered options are one digit, hence one token, in every vocabulary
_TOP = 20


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Token(_Lenient):
    token: str
    logprob: float


class _Position(_Lenient):
    top_logprobs: tuple[_Token, ...] | None = None


class _LogProbs(_Lenient):
    content: tuple[_Position, ...] | None = None


class _Message(_Lenient):
    content: str | None = None


class _Choice(_Lenient):
    message: _Message | None = None
    finish_reason: str | None = None
    logprobs: _LogProbs | None = None

    @property
    def text(self) -> str:
        return (self.message.content if self.message else None) or ""


class _Cached(_Lenient):
    cached_tokens: int | None = None


class _Usage(_Lenient):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Cached | None = None

    @property
    def cached(self) -> int:
        return (self.prompt_tokens_details.cached_tokens if self.prompt_tokens_details else None) or 0


class _Reply(_Lenient):
    choices: tuple[_Choice, ...] = Field(min_length=1)
    usage: _Usage = _Usage()


class OpenAiCompatible:
    """Speaks `/chat/completions` below `base_url`. Temperature 0 and a fixed seed; how repeatable is up to the server.

    `choose` cannot score whole texts over this protocol. It numbers the options, asks for one token, and reads the
    log-probability of each number (less the same for a content-free question). Where a server gives no
    log-probabilities, the number that it writes is the choice, as good as certain, if need be under a grammar.
    `grammar` is sent as a field of that name, which llama-server honours and others ignore or refuse.
    """

    sha256 = ""

    def __init__(
        self, base_url: str, model: str, api_key_env: str = "", *, timeout_s: float = READ_S
    ) -> None:
        self.name = model
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._key_env = api_key_env
        self._timeout = timeout_s
        self._baselines: dict[tuple[str, tuple[str, ...]], tuple[float, ...]] = {}

    def complete(
        self, prompt: Prompt, *, max_tokens: int, grammar: str | None = None, stop: Sequence[str] = ()
    ) -> Completion:
        """Greedy completion. Raises ModelError where the server cannot be reached or refuses."""
        extra: dict[str, Any] = {"stop": list(stop)[:4]} if stop else {}
        if grammar:
            extra["grammar"] = grammar
        start = time.monotonic()
        reply = self._ask(prompt, max_tokens, extra)
        choice, usage = reply.choices[0], reply.usage
        return Completion(
            text=choice.text,
            finish="length" if choice.finish_reason == "length" else "stop",
            prompt_tokens=usage.prompt_tokens - usage.cached,
            restored_tokens=usage.cached,
            generated_tokens=usage.completion_tokens,
            seconds=time.monotonic() - start,
        )

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        """The most likely option, by the number the model would say first. Of more than nine the most fitting are asked."""
        if len(options) < 2:
            raise ModelError("Give at least two options.")
        start = time.monotonic()
        kept = shortlist(prompt.user, options, _MOST_OPTIONS)
        numbered = [options[i] for i in kept]
        scores, evaluated, cached = self._numbers(prompt, numbered)
        key = (prompt.system, tuple(numbered))
        if key not in self._baselines:
            empty = Prompt(system=prompt.system, user="N/A")
            self._baselines[key], more, again = self._numbers(empty, numbered)
            evaluated, cached = evaluated + more, cached + again
        return choice_of(
            scores,
            self._baselines[key],
            kept=kept,
            of=len(options),
            prompt_tokens=evaluated,
            restored_tokens=cached,
            seconds=time.monotonic() - start,
        )

    def count(self, text: str) -> int:
        """An estimate: the protocol has no tokeniser. Four bytes a token, rounded up."""
        return math.ceil(len(text.encode()) / 4)

    def _numbers(self, prompt: Prompt, options: Sequence[str]) -> tuple[tuple[float, ...], int, int]:
        listed = "\n".join(f"{i}. {option}" for i, option in enumerate(options, 1))
        user = f"{prompt.user}\n\nOptions:\n{listed}\n\nAnswer with the number of one option only."
        asked = Prompt(system=prompt.system, user=user)
        reply = self._ask(asked, 1, {"logprobs": True, "top_logprobs": _TOP})
        scores = _listed(reply.choices[0], len(options)) or _said(reply.choices[0], len(options))
        evaluated, cached = reply.usage.prompt_tokens - reply.usage.cached, reply.usage.cached
        if not scores:  # the second way, for servers that honour a grammar
            digits = "|".join(f'"{i}"' for i in range(1, len(options) + 1))
            reply = self._ask(asked, 1, {"grammar": f"root ::= {digits}"})
            scores = _said(reply.choices[0], len(options))
            evaluated, cached = (
                evaluated + reply.usage.prompt_tokens - reply.usage.cached,
                cached + reply.usage.cached,
            )
        if not scores:
            raise ModelError(
                f"The model wrote {reply.choices[0].text[:40]!r}, not a number from 1 to {len(options)}. Use "
                "a model that follows instructions."
            )
        return scores, evaluated, cached

    def _ask(self, prompt: Prompt, max_tokens: int, extra: Mapping[str, Any]) -> _Reply:
        import httpx

        body = {
            "model": self.name,
            "messages": [
                {"role": "system", "content": prompt.system},
                {"role": "user", "content": prompt.user},
            ],
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            "stream": False,
            **extra,
        }
        try:
            response = httpx.post(
                self._url,
                json=body,
                headers=self._headers(),
                timeout=httpx.Timeout(self._timeout, connect=CONNECT_S),
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelError(
                f"Cannot reach the model server at {self._url} ({type(error).__name__}: {error}). Start it, "
                "or fix its address."
            ) from None
        if response.status_code != httpx.codes.OK:
            raise ModelError(
                f"Check the model server's settings: {self._url} answers {response.status_code} "
                f"({response.text[:200]!r})."
            )
        try:
            return _Reply.model_validate_json(response.content)
        except ValidationError as error:
            raise ModelError(
                f"{self._url} does not answer with a chat completion ({error.errors()[0]['msg']}). Fix the "
                "address of the model server."
            ) from None

    def _headers(self) -> dict[str, str]:
        if not self._key_env:
            return {}
        if not (key := os.environ.get(self._key_env)):
            raise ModelError(
                f"The environment variable {self._key_env} is not set. Set it to the model server's key."
            )
        return {"Authorization": f"Bearer {key}"}


def _listed(choice: _Choice, count: int) -> tuple[float, ...]:
    """The log-probability of each number as the first token, or () where the server lists none of them."""
    best = [_FLOOR] * count
    found = False
    first = choice.logprobs.content[0].top_logprobs if choice.logprobs and choice.logprobs.content else ()
    for item in first or ():
        if number := _number(item.token, count):
            best[number - 1] = max(best[number - 1], item.logprob)
            found = True
    return tuple(best) if found else ()


def _said(choice: _Choice, count: int) -> tuple[float, ...]:
    """0 for the number that the model wrote and the floor for the others, or () where it wrote none."""
    number = _number(choice.text.strip().rstrip("."), count)
    return tuple(0.0 if i == number else _FLOOR for i in range(1, count + 1)) if number else ()


def _number(text: str, count: int) -> int:
    text = text.strip()
    return int(text) if re.fullmatch(r"[1-9]", text) and int(text) <= count else 0
