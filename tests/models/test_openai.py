"""The OpenAI protocol against a real server on loopback: the real small model behind HTTP."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from aitia.core.errors import ModelError
from aitia.core.llm import Llm, Prompt
from aitia.models.grammar import top
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.models.openai import OpenAiCompatible
from aitia.models.scoring import log_softmax

SYSTEM = "Answer the question."
ASK = Prompt(system=SYSTEM, user="What is the capital of France?")
Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


class Server(ThreadingHTTPServer):
    """Answers chat completions with what `answer` makes of the request."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.seen: list[tuple[str, dict[str, Any], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, body, self.headers.get("Authorization", "")))
        status, data = self.server.answer(body)
        with contextlib.suppress(BrokenPipeError):  # the client that gave up
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    """Starts servers and stops them at the end."""
    running: list[Server] = []

    def start(answer: Answer) -> Server:
        running.append(Server(answer))
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return running[-1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def real(llm: LlamaCpp, *, logprobs: bool) -> Answer:
    """What an OpenAI-compatible server would say with this model behind it."""

    def answer(body: dict[str, Any]) -> tuple[int, bytes]:
        system, user = (m["content"] for m in body["messages"])
        prompt = Prompt(system=system, user=user)
        said = llm.complete(
            prompt, max_tokens=body["max_tokens"], grammar=body.get("grammar"), stop=body.get("stop", ())
        )
        choice: dict[str, Any] = {"message": {"content": said.text}, "finish_reason": said.finish}
        if logprobs and body.get("logprobs"):
            choice["logprobs"] = {
                "content": [{"top_logprobs": first_tokens(llm, prompt, body["top_logprobs"])}]
            }
        usage = {
            "prompt_tokens": said.prompt_tokens + said.restored_tokens,
            "prompt_tokens_details": {"cached_tokens": said.restored_tokens},
            "completion_tokens": said.generated_tokens,
        }
        return 200, json.dumps({"choices": [choice], "usage": usage}).encode()

    return answer


def first_tokens(llm: LlamaCpp, prompt: Prompt, count: int) -> list[dict[str, Any]]:
    """The most likely first tokens, as `top_logprobs` lists them."""
    with llm._lock:
        llm._open_turn(prompt, room=1)
        shares = log_softmax(llm._session.logits())
    ids = top(shares.astype("float32"), count)[:count]
    return [
        {"token": llm._session.bytes_of(int(i)).decode("utf-8", "replace"), "logprob": float(shares[i])}
        for i in ids
    ]


@pytest.mark.model
@pytest.mark.server
def test_a_completion_is_what_the_model_says(smollm: LlamaCpp, serve: Callable[[Answer], Server]) -> None:
    server = serve(real(smollm, logprobs=True))
    llm = load_llm(f"openai:{server.url}#smollm")
    assert isinstance(llm, Llm)
    here, there = smollm.complete(ASK, max_tokens=12), llm.complete(ASK, max_tokens=12)
    assert there.text == here.text
    assert (there.finish, there.generated_tokens) == (here.finish, here.generated_tokens)
    assert there.prompt_tokens + there.restored_tokens == here.prompt_tokens + here.restored_tokens
    path, body, key = server.seen[0]
    assert (path, body["temperature"], body["model"], key) == ("/v1/chat/completions", 0, "smollm", "")
    grammar = 'root ::= "yes" | "no"'
    assert llm.complete(ASK, max_tokens=4, grammar=grammar).text in ("yes", "no")
    assert llm.complete(ASK, max_tokens=12, stop=("Paris",)).text == here.text.split("Paris")[0]


@pytest.mark.model
@pytest.mark.server
def test_choose_reads_the_log_probabilities_of_the_numbers(
    smollm: LlamaCpp, serve: Callable[[Answer], Server]
) -> None:
    server = serve(real(smollm, logprobs=True))
    llm = OpenAiCompatible(server.url, "smollm")
    options = ("a screwdriver", "Paris", "blue")
    choice = llm.choose(ASK, options)
    assert sum(choice.probabilities) == pytest.approx(1)
    user = f"{ASK.user}\n\nOptions:\n1. a screwdriver\n2. Paris\n3. blue\n\nAnswer with the number of one option only."
    listed = {t["token"]: t["logprob"] for t in first_tokens(smollm, Prompt(system=SYSTEM, user=user), 20)}
    assert choice.log_probs == pytest.approx([listed.get(n, -20.0) for n in "123"])
    asked = len(server.seen)
    assert llm.choose(ASK, options).probabilities == choice.probabilities
    assert len(server.seen) == asked + 1  # the content-free baseline is asked for once


@pytest.mark.server
def test_of_many_options_the_nine_most_like_the_question_are_numbered(
    serve: Callable[[Answer], Server],
) -> None:
    server = serve(lambda _: (200, json.dumps({"choices": [{"message": {"content": "9"}}]}).encode()))
    options = [f"thing {i}" for i in range(500)] + ["the capital of France"]
    choice = OpenAiCompatible(server.url, "m").choose(ASK, options)
    assert choice.confidence == pytest.approx(1 / 9)  # it says 9 to everything: nothing over the baseline
    assert [i for i, p in enumerate(choice.probabilities) if p > 0] == [*range(8), 500]
    assert "9. the capital of France" in server.seen[0][1]["messages"][1]["content"]


@pytest.mark.model
@pytest.mark.server
def test_choose_without_log_probabilities_takes_the_number_said(
    smollm: LlamaCpp, serve: Callable[[Answer], Server]
) -> None:
    server = serve(real(smollm, logprobs=False))
    choice = OpenAiCompatible(server.url, "smollm").choose(ASK, ("a screwdriver", "Paris"))
    assert any("grammar" in body for _, body, _ in server.seen)  # this model writes a number only if it must
    assert sorted(choice.log_probs) == [-20.0, 0.0]
    assert 0 <= choice.index < 2


@pytest.mark.server
@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (500, b"out of memory", r"answers 500 .*out of memory"),
        (
            200,
            b"<html>",
            r"does not answer with a chat completion",
        ),
        (200, b"[]", r"does not answer with a chat completion"),
        (200, b"{}", r"does not answer with a chat completion"),
        (200, b'{"choices": [{"logprobs": "none"}]}', r"does not answer with a chat completion"),
        (
            200,
            b'{"choices": [{"logprobs": {"content": [{"top_logprobs": [{"token": "1"}]}]}}]}',
            r"Field required",
        ),
        (200, b'{"choices": []}', r"does not answer with a chat completion"),
    ],
)
def test_servers_that_are_none(
    serve: Callable[[Answer], Server], status: int, body: bytes, message: str
) -> None:
    llm = OpenAiCompatible(serve(lambda _: (status, body)).url, "m")
    with pytest.raises(ModelError, match=message):
        llm.complete(ASK, max_tokens=4)


@pytest.mark.server
@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": "I think the first"}},
        {"message": {"content": "3"}},
        {"message": None},
        {},
        {"message": {"content": "x"}, "logprobs": {"content": []}},
        {
            "message": {"content": "x"},
            "logprobs": {"content": [{"top_logprobs": [{"token": "a", "logprob": -1}]}]},
        },
    ],
)
def test_a_model_that_names_no_option(serve: Callable[[Answer], Server], choice: dict[str, Any]) -> None:
    llm = OpenAiCompatible(serve(lambda _: (200, json.dumps({"choices": [choice]}).encode())).url, "m")
    with pytest.raises(ModelError, match=r"Use a model that follows instructions"):
        llm.choose(ASK, ("a", "b"))


def test_a_dead_server_and_too_few_options() -> None:
    llm = OpenAiCompatible("http://127.0.0.1:9/v1", "m")
    with pytest.raises(ModelError, match=r"Cannot reach the model server at http://127\.0\.0\.1:9/v1"):
        llm.complete(ASK, max_tokens=4)
    with pytest.raises(ModelError, match=r"Give at least two options"):
        llm.choose(ASK, ["one"])


@pytest.mark.server
def test_a_server_that_hangs_costs_the_timeout(serve: Callable[[Answer], Server]) -> None:
    gate = threading.Event()

    def hang(_: dict[str, Any]) -> tuple[int, bytes]:
        gate.wait(20)
        return 200, b"{}"

    llm = OpenAiCompatible(serve(hang).url, "m", timeout_s=0.3)
    with pytest.raises(ModelError, match="ReadTimeout"):
        llm.complete(ASK, max_tokens=4)
    gate.set()


@pytest.mark.server
def test_the_key_comes_from_the_environment(
    serve: Callable[[Answer], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda _: (200, json.dumps({"choices": [{"message": {"content": "hi"}}]}).encode()))
    llm = OpenAiCompatible(server.url, "m", "AITIA_TEST_KEY")
    with pytest.raises(ModelError, match=r"The environment variable AITIA_TEST_KEY is not set"):
        llm.complete(ASK, max_tokens=4)
    monkeypatch.setenv("AITIA_TEST_KEY", "s3cret")
    assert llm.complete(ASK, max_tokens=4).text == "hi"
    assert server.seen[0][2] == "Bearer s3cret"
