"""The agent that everybody would write first: LangChain's `create_agent` with tools, over the same model as the product.

What it is given: the model's own tool-call format, calls valid by grammar, the evaluated beginning of the conversation
restored at each step, digests of results, at least three looks before an answer, a step limit, and a published prompt.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from pydantic import BaseModel, Field, create_model

from aitia.models.langchain import ChatAitia
from benchmarks.model.peer_world import World, kinds, told

STEPS, LOOKS = 8, 3  # model calls with the answer; calls of tools before it may answer
MAX_TOKENS, SUMMARY_CHARS, LEAD_CHARS = 300, 360, 200
ANSWER = "answer"

# Each is quoted from where it was published; the sentence about tools in other formats is left out, as Qwen2.5 has its own.
PROMPTS = {
    # Yao et al. 2023 (arXiv 2210.03629), the instruction of its HotpotQA prompt with this task's actions, and a
    # solved example, as there.
    "react": (
        "Solve a question answering task with interleaving Thought, Action, Observation steps. Thought can reason about "
        "the current situation, and Action is a function call. Write each Thought in one line before the function call.\n"
        "Here is an example.\nQuestion: Incident: api is slow\nThought: I need to see what changed in the metrics.\n"
        'Action: {"name": "metrics_scan", "arguments": {}}\n'
        "Observation: db: disk used rose from 61 to 100 % at 09:10:02 UTC. api: latency rose from 0.1 to 2.3 s at 09:12:10 UTC.\n"
        "Thought: The disk of db was full before api got slow. The logs of db may say so too.\n"
        'Action: {"name": "logs_diff", "arguments": {}}\n'
        'Observation: db logged 31 times in the window and never before: "could not extend file: No space left on device".\n'
        "Thought: Metrics and logs agree that db had no disk space left, and api waits for it.\n"
        'Action: {"name": "answer", "arguments": {"summary": "The disk of db rose from 61 to 100 % at 09:10:02 UTC. Then the '
        'latency of api rose from 0.1 to 2.3 s at 09:12:10 UTC.", "verdict": "cause", "component": "db", "fault": '
        '"resource.disk", "confidence": 80}}\n(END OF EXAMPLE)'
    ),
    # LangChain: hub prompt hwchase17/openai-functions-agent, also the example of its agent documentation.
    "langchain": "You are a helpful assistant.",
    # HolmesGPT (robusta-dev/holmesgpt, commit 1af0da8), the general part of its system prompt.
    "holmes": (
        "You are a tool-calling AI assist provided with common devops and IT tools that you can use to troubleshoot "
        "problems or answer questions.\nWhenever possible you MUST first use tools to investigate then answer the question.\n"
        "In general:\n* when it can provide extra information, first run as many tools as you need to gather more "
        "information, then respond.\n* if possible, do so repeatedly with different tool calls each time to gather more "
        "information.\n* do not stop investigating until you are at the final root cause you are able to find.\n"
        '* use the "five whys" methodology to find the root cause.\n* for example, if you found a problem in microservice A '
        "that is due to an error in microservice B, look at microservice B too and find the error in that.\n"
        "* if you don't know, say that the analysis was inconclusive.\n* there will often be errors in the data that are not "
        "relevant or that do not have an impact - ignore them in your conclusion if you were not able to tie them to an "
        "actual error."
    ),
}
TASK = (
    "Find out whether something is wrong and what the root cause is: the component where it began and the kind of fault, "
    "not where its effects are seen. Investigate with the functions, the broad ones first and each call once. Look at all "
    "kinds of telemetry before you decide, then call the function answer. The "
    "verdict is cause if a component is to blame, healthy if nothing is wrong that the telemetry can show (a false alarm), "
    "and unknown if the telemetry cannot tell the cause."
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the agent answered and what it took. `answer` is empty where it gave none."""

    answer: dict[str, Any]
    messages: list[BaseMessage]
    calls: int
    invalid: int
    evaluated: int
    restored: int
    generated: int
    model_calls: int
    seconds: float
    cpu_s: float


class Steps(AgentMiddleware[Any, Any]):
    """First some looks, then free choice, at the last step the answer alone. The prompt and its evaluated state stay.

    Without it the default model answers after one look at the alarm's own component.
    """

    def __init__(self, steps: int, looks: int) -> None:
        super().__init__()
        self.steps, self.looks = steps, min(looks, steps - 1)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> Any:
        """Pass the request on with the calls that are allowed at this step."""
        done = sum(isinstance(m, AIMessage) for m in request.messages)
        tools = tuple(t.name for t in request.tools if isinstance(t, BaseTool))
        allowed = tools if done < self.looks else (ANSWER,) if done >= self.steps - 1 else (*tools, ANSWER)
        return handler(request.override(model_settings={**request.model_settings, "allowed": allowed}))


def answer_model(world: World) -> type[BaseModel]:
    """The final answer's form: reasons first, then the verdict, then the pair from the known names."""
    known = kinds(world.inventory)
    meaning = "; ".join(f"{kind}: {text}" for kind, text in known.items())
    told = {
        "summary": "two sentences: what led to what, with times and numbers from the results",
        "component": "where the cause is; none unless the verdict is cause",
        "fault": f"none unless the verdict is cause. {meaning}",
        "confidence": "percent",
    }
    fields: dict[str, Any] = {
        "summary": (str, Field(max_length=SUMMARY_CHARS, description=told["summary"])),
        "verdict": (Literal["cause", "healthy", "unknown"], ...),
        "component": (Literal[(*world.names, "none")], Field(description=told["component"])),
        "fault": (Literal[(*known, "none")], Field(description=told["fault"])),
        "confidence": (Literal[10, 20, 30, 40, 50, 60, 70, 80, 90], Field(description=told["confidence"])),
    }
    made: type[BaseModel] = create_model(
        ANSWER, __doc__="Give the final answer. Ends the investigation.", **fields
    )
    return made


def investigate(world: World, *, prompt: str, steps: int = STEPS, looks: int = LOOKS) -> Outcome:
    """Let the agent work on an incident."""
    lead = LEAD_CHARS if prompt == "react" else 0  # the other two call functions without a thought before
    chat = ChatAitia(llm=world.llm, max_tokens=MAX_TOKENS, lead_chars=lead)
    agent: Any = create_agent(
        chat,
        world.tools(),
        system_prompt=PROMPTS[prompt],
        middleware=[Steps(steps, looks)],
        response_format=ToolStrategy(answer_model(world)),
    )
    start, cpu = time.monotonic(), time.process_time()
    state = agent.invoke(
        {"messages": [HumanMessage(f"{told(world)}\n\n{TASK}")]}, {"recursion_limit": 4 * steps + 4}
    )
    messages: list[BaseMessage] = state["messages"]
    given = state.get("structured_response")
    said = [m for m in messages if isinstance(m, AIMessage)]
    failed = sum(m.status == "error" for m in messages if isinstance(m, ToolMessage))
    usage = [m.usage_metadata for m in said if m.usage_metadata]
    restored = sum(u["input_token_details"].get("cache_read", 0) for u in usage)
    return Outcome(
        answer=given.model_dump() if given is not None else {},
        messages=messages,
        calls=sum(len(m.tool_calls) + len(m.invalid_tool_calls) for m in said),
        invalid=failed + sum(len(m.invalid_tool_calls) for m in said),
        evaluated=sum(u["input_tokens"] for u in usage) - restored,
        restored=restored,
        generated=sum(u["output_tokens"] for u in usage),
        model_calls=len(said),
        seconds=time.monotonic() - start,
        cpu_s=time.process_time() - cpu,
    )
