"""What a model says of an incident text: small questions with few answers, by log-probability less a content-free baseline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from aitia.core.llm import Classifier, Prompt
from aitia.models.scoring import Terms, pick
from aitia.tools.meaning.incidents.standing import STANDINGS
from aitia.tools.meaning.incidents.symptoms import SYMPTOMS
from aitia.tools.meaning.incidents.words import table

LONGEST: Final = 1200  # characters that a model reads: what is wrong stands at the beginning
MOST_ASKED: Final = 12  # components that are put to a choice
_TERMS: Final = Terms(prior=0.7, temperature=1.0)
_WHICH: Final = Terms(prior=0.0, temperature=1.0)  # letters have no meaning that a baseline could take off
_NONE: Final = "none of these"
_ASKS: Final = {
    "standing": ("What an incident text says of a component: affected (it shows the trouble), excluded (checked, fine, not "
                 "the cause) or mentioned (neither).", "Component: {}\nThis component is:"),
    "symptom": ("The main symptom of an incident text.", "Main symptom:"),
    "which": ("Which component an incident text is about.", "Components: {}\nIt is about:"),
}  # fmt: skip


class Answers:
    """What was answered before, in a JSON-lines file; without a path, for as long as the process lives."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, list[float]] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    raw = json.loads(line)
                    self._known[raw["key"]] = [float(s) for s in raw["shares"]]
                except (ValueError, KeyError, TypeError):  # a line cut by a kill; it is asked again
                    continue

    def get(self, key: str) -> list[float] | None:
        """The shares that were answered, or None."""
        return self._known.get(key)

    def put(self, key: str, shares: Sequence[float]) -> None:
        """Keep an answer."""
        self._known[key] = list(shares)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "shares": list(shares)}) + "\n")


class Reader:
    """Puts the questions to a model, each at most once."""

    def __init__(self, model: Classifier, *, sha256: str, name: str, answers: Answers | None = None) -> None:
        self.name = name
        self._model, self._sha256, self._answers = model, sha256, answers or Answers()

    def standing(self, text: str, component: str) -> dict[str, float]:
        """The probability of each standing of a component."""
        return self._ask("standing", text, component, STANDINGS, _TERMS)

    def symptom(self, text: str) -> dict[str, float]:
        """The probability of each symptom."""
        return self._ask("symptom", text, "", SYMPTOMS, _TERMS)

    def which(self, text: str, components: Sequence[str]) -> str:
        """The component that a text is about, or "" for none."""
        if not 0 < len(components) <= MOST_ASKED:
            return ""
        letters = [chr(ord("A") + n) for n in range(len(components) + 1)]
        listed = ", ".join(
            f"{letter} {_line(name, 80)}" for letter, name in zip(letters, [*components, _NONE], strict=True)
        )
        shares = self._ask("which", text, listed, letters, _WHICH)
        best = max(letters, key=lambda letter: shares[letter])
        return "" if best == letters[-1] else components[letters.index(best)]

    def _ask(self, task: str, text: str, about: str, labels: Sequence[str], terms: Terms) -> dict[str, float]:
        user = f" {_line(text, LONGEST)}\n{_ASKS[task][1].format(_line(about, 400))}"
        prompt = Prompt(system=_examples(), user=user)
        parts = [self._sha256, prompt.system, prompt.user, *labels]
        key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        shares = self._answers.get(key)
        if shares is None or len(shares) != len(labels):
            choice = self._model.classify(prompt, labels)
            shares = [round(p, 6) for p in pick(choice.log_probs, choice.baselines, terms)[1]]
            self._answers.put(key, shares)
        return dict(zip(labels, shares, strict=True))


@cache
def _examples() -> str:
    """The text in front of every question: one for all, so that it is evaluated once."""
    lines = [*(head for head, _ in _ASKS.values()), ""]
    for task, (_, asked) in _ASKS.items():
        for text, *about, answer in table("examples")[task]:
            lines.append(f"Text: {text}\n{asked.format(*about)} {answer}\n")
    return "\n".join(lines) + "\nText:"


def _line(text: str, longest: int) -> str:
    """One line without control characters: no text ends a question or begins another."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest]
