"""A LangChain chat model over an `Llm`: tool calls in the model's own format, valid by grammar. Needs langchain-core."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.messages.tool import invalid_tool_call, tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr

from aitia.core.errors import ModelError
from aitia.core.llm import Completion, Llm
from aitia.models.dialogue import Dialogue
from aitia.models.toolgrammar import calls_grammar

# How Qwen2.5 was trained to be told of tools (the template in its tokenizer_config.json).
TOOLS = (
    "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>{tools}\n</tools>\n\n"
    "For each function call, return a json object with function name and arguments within <tool_call></tool_call> "
    'XML tags:\n<tool_call>\n{{"name": <function-name>, "arguments": <args-json-object>}}\n</tool_call>'
)
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|$)", re.DOTALL)
_TAG = re.compile(r"<(/?(?:tool_call|tool_response|tools))>", re.IGNORECASE)
_ANY = ("any", "required", True)


class ChatAitia(BaseChatModel):
    """A chat model over any `Llm`. Greedy; one conversation's beginning is restored, not evaluated again.

    `lead_chars` bounds the line of free text before a tool call that `tool_choice` demands; 0 leaves none.
    """

    llm: Any
    max_tokens: int = 512
    lead_chars: int = 300
    _dialogue: Dialogue = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        """Begin a conversation."""
        super().model_post_init(context)
        if not isinstance(self.llm, Llm):
            raise ModelError("ChatAitia needs an aitia model: llm=load_llm('default').")
        self._dialogue = Dialogue(self.llm)

    @property
    def _llm_type(self) -> str:
        return "aitia"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.llm.name, "sha256": self.llm.sha256, "max_tokens": self.max_tokens}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        allowed: Sequence[str] = (),
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools. `tool_choice`: `auto`, `any` (call one), `none`, or a name; `allowed` narrows the names.

        `allowed` changes the grammar and not the prompt, so that the prompt's evaluated state stays good.
        """
        specs = [convert_to_openai_tool(t)["function"] for t in tools]
        return self.bind(tools=specs, tool_choice=tool_choice, allowed=tuple(allowed), **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        tools = kwargs.get("tools") or []
        system, turns = conversation(messages, tools)
        grammar = self._grammar(tools, kwargs.get("tool_choice"), kwargs.get("allowed") or ())
        done = self._dialogue.complete(
            system,
            turns,
            max_tokens=kwargs.get("max_tokens") or self.max_tokens,
            grammar=grammar,
            stop=stop or (),
        )
        message = said(done) if tools else AIMessage(content=done.text)
        message.usage_metadata = UsageMetadata(
            input_tokens=done.prompt_tokens + done.restored_tokens,
            output_tokens=done.generated_tokens,
            total_tokens=done.prompt_tokens + done.restored_tokens + done.generated_tokens,
            input_token_details=InputTokenDetails(cache_read=done.restored_tokens),
        )
        message.response_metadata = {
            "model_name": self.llm.name,
            "finish_reason": done.finish,
            "seconds": done.seconds,
        }
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _grammar(self, tools: Sequence[dict[str, Any]], choice: Any, allowed: Sequence[str]) -> str | None:
        if isinstance(choice, dict):  # OpenAI's {"type": "function", "function": {"name": ...}}
            choice = choice.get("function", choice).get("name", "")
        if not tools or choice == "none":
            return None
        names = {t["name"] for t in tools}
        if isinstance(choice, str) and choice not in ("auto", *_ANY):
            allowed, choice = (choice,), "any"
        if missing := sorted(set(allowed) - names):
            raise ModelError(
                f"Choose one of the bound tools {', '.join(sorted(names))}, not {', '.join(missing)}."
            )
        called = [t for t in tools if t["name"] in allowed] if allowed else tools
        return calls_grammar(called, forced=choice in _ANY, lead_chars=self.lead_chars)


def conversation(messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]]) -> tuple[str, list[str]]:
    """The system text, and the texts of user and assistant by turns. Tool results are the user's, as Qwen2.5 has it."""
    system = "\n\n".join(m.text for m in messages if isinstance(m, SystemMessage))
    if tools:
        signatures = "".join(f"\n{json.dumps({'type': 'function', 'function': t})}" for t in tools)
        system += TOOLS.format(tools=signatures)
    turns: list[str] = []
    for message in (m for m in messages if not isinstance(m, SystemMessage)):
        is_model = isinstance(message, AIMessage)
        if is_model == (len(turns) % 2 == 1):
            turns.append(_text(message))
        elif turns:
            turns[-1] += f"\n{_text(message)}"
        else:
            raise ModelError("The conversation must begin with the user's message.")
    if len(turns) % 2 == 0:
        raise ModelError("The conversation must end with a message from the user or a tool.")
    return system, turns


def _text(message: BaseMessage) -> str:
    if isinstance(message, AIMessage):
        calls = [
            json.dumps({"name": c["name"], "arguments": c["args"]}, ensure_ascii=False)
            for c in message.tool_calls
        ]
        return "\n".join(
            part for part in (message.text, *(f"<tool_call>\n{c}\n</tool_call>" for c in calls)) if part
        )
    harmless = _TAG.sub(r"(\1)", message.text)
    return f"<tool_response>\n{harmless}\n</tool_response>" if isinstance(message, ToolMessage) else harmless


def said(done: Completion) -> AIMessage:
    """What the model wrote, its tool calls parsed; those that are no JSON object with name and arguments are invalid."""
    calls, invalid = [], []
    for number, match in enumerate(_CALL.finditer(done.text)):
        try:
            told = json.loads(match[1])
            calls.append(tool_call(name=told["name"], args=dict(told["arguments"]), id=_id(done, number)))
        except (ValueError, KeyError, TypeError) as error:
            invalid.append(
                invalid_tool_call(name=None, args=match[1], id=_id(done, number), error=repr(error))
            )
    lead = done.text[: start.start()] if (start := _CALL.search(done.text)) else done.text
    return AIMessage(content=lead.strip(), tool_calls=calls, invalid_tool_calls=invalid)


def _id(done: Completion, number: int) -> str:
    """A call's id: the tokens before it tell it from the calls of other turns, and a second run gives the same."""
    return f"call_{done.prompt_tokens + done.restored_tokens}_{number}"
