"""Several turns with a model: what the call before has evaluated of them is restored, only what is new is evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from aitia.core.errors import ModelError
from aitia.core.llm import Completion, Llm, Prompt
from aitia.models.llama import LlamaCpp
from aitia.models.runtime import SavedState


class Dialogue:
    """A conversation over an `Llm`, which by itself knows one user turn only.

    A `LlamaCpp` gets the turns in its chat format, and the state after the latest prompt is kept (28 kB a token for the
    default model). Any other model gets them in one user turn, each under `User:` or `Assistant:`.
    """

    def __init__(self, llm: Llm) -> None:
        self._llm = llm
        self._kept: tuple[str, list[int], SavedState] | None = None

    def complete(
        self,
        system: str,
        turns: Sequence[str],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        """Greedy completion after texts of user and assistant by turns, the user's first and last."""
        if len(turns) % 2 == 0:
            raise ModelError("The conversation must begin and end with the user's turn.")
        if isinstance(self._llm, LlamaCpp):
            return self._evaluated(self._llm, system, turns, max_tokens, grammar, stop)
        user = turns[0] if len(turns) == 1 else _told(turns)
        return self._llm.complete(
            Prompt(system=system, user=user), max_tokens=max_tokens, grammar=grammar, stop=stop
        )

    def _evaluated(
        self,
        llm: LlamaCpp,
        system: str,
        turns: Sequence[str],
        max_tokens: int,
        grammar: str | None,
        stop: Sequence[str],
    ) -> Completion:
        return llm.written(
            lambda: self._open(llm, system, turns, room=max_tokens),
            max_tokens=max_tokens,
            grammar=grammar,
            stop=stop,
        )

    def _open(self, llm: LlamaCpp, system: str, turns: Sequence[str], *, room: int) -> tuple[int, int]:
        """Evaluate the turns up to where the assistant writes. Returns tokens evaluated and tokens restored."""
        session = llm._session
        wanted = session.tokens(llm._template.conversation(turns))
        state = self._state(system, wanted)
        if state is None:
            done = session.tokens(llm._template.conversation(turns[:1]))
            evaluated, restored = llm._open_turn(
                Prompt(system=system, user=turns[0]), room=room + len(wanted) - len(done)
            )
        else:
            done, evaluated, restored = self._kept[1] if self._kept else [], 0, state.tokens
            size = state.tokens + len(wanted) - len(done)
            if size + room > session.context:
                raise ModelError(
                    f"Shorten the conversation or lower the token limit: {size} prompt tokens and {room} to write "
                    f"exceed the context of {session.context}."
                )
            session.restore(state)
        session.eval(wanted[len(done) :])
        self._kept = (system, wanted, session.save())
        return evaluated + len(wanted) - len(done), restored

    def _state(self, system: str, wanted: Sequence[int]) -> SavedState | None:
        """The kept state, where the conversation goes on from it."""
        if self._kept is None:
            return None
        before, tokens, state = self._kept
        goes_on = before == system and len(tokens) < len(wanted) and list(wanted[: len(tokens)]) == tokens
        return state if goes_on else None


def _told(turns: Sequence[str]) -> str:
    who = ("User", "Assistant")
    return "\n\n".join(f"{who[n % 2]}:\n{text}" for n, text in enumerate(turns)) + "\n\nAssistant:"
