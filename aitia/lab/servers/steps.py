"""What can be done to a running system: one model a verb. A step is a mapping with exactly one verb."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from aitia.core.words import Word

Signal = Literal[
    "SIGKILL", "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGABRT", "SIGSEGV"
]
# A parameter that stands alone is a number where it is one; in a command line it is a word.
WORDS: Final = ConfigDict(coerce_numbers_to_str=True)
Share = Annotated[float, Field(ge=0, le=1)]


class Command(Word):
    """A command that is run once and waited for."""

    model_config = WORDS

    argv: tuple[str, ...] = Field(min_length=1)
    user: str = ""
    env: dict[str, str] = {}
    input: str = ""
    timeout_s: float = 60.0


class Kill(Word):
    """End a program by a signal. `back`: its supervisor starts it again; else it stays away."""

    program: str
    signal: Signal = "SIGKILL"
    back: bool = False


class Pause(Word):
    """SIGSTOP; SIGCONT after `for_s`, or never."""

    program: str
    for_s: float | None = Field(default=None, gt=0)


class Restart(Word):
    """Stop a program and start it, with another command line or environment where given."""

    model_config = WORDS

    program: str
    argv: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    env: dict[str, str] = {}
    limit_mb: float | None = None


class Send(Word):
    """A signal that does not end the program: reload, reopen logs."""

    program: str
    signal: Signal


class Run(Command):
    """A command; in the background it stays until the recording ends, with `every_s` it is repeated."""

    background: bool = False
    every_s: float = Field(default=0.0, ge=0)
    may_fail: bool = False


class Burn(Word):
    """Busy loops that compete with a program: both are bound to one processor."""

    program: str
    workers: int = Field(default=1, ge=1, le=128)


class Fill(Word):
    """Write into a folder of `volumes` until only `leave_kb` are free."""

    dir: str
    leave_kb: int = Field(default=0, ge=0)
    name: str = "core.4711"


class Hold(Word):
    """A process that holds memory."""

    mb: int = Field(ge=1)


class EdgeStep(Word):
    """What the proxy of an edge does from now on; all zero is an edge that just passes on."""

    edge: str
    delay_ms: float = Field(default=0.0, ge=0)
    jitter_ms: float = Field(default=0.0, ge=0)
    share: Share = 1.0  # of the connections that are delayed
    stall: Share = 0.0  # of the new connections: accepted, and nothing is passed on
    reset: Share = 0.0  # of the new connections: reset within 50 ms
    refuse: bool = False
    cut: bool = False  # existing connections are reset once
    kb_s: float = Field(default=0.0, ge=0)


class Write(Word):
    """Write a file of `files` anew: another text, or replacements in the present one."""

    model_config = WORDS

    file: str
    text: str = ""
    replace: dict[str, str] = {}

    @model_validator(mode="after")
    def _one(self) -> Write:
        if bool(self.text) == bool(self.replace):
            raise ValueError("give either `text` or `replace`")
        return self


class LoadStep(Word):
    """Change a load: its rate (or its number of workers) is multiplied."""

    load: str
    factor: float = Field(ge=0)


class Journal(Word):
    """What the site's journal of changes gets."""

    model_config = WORDS

    component: str
    kind: Literal["deploy", "config", "maintenance", "flag", "other"] = "config"
    text: str
    version: str = ""


class Wait(Word):
    """Wait."""

    seconds: float = Field(gt=0)


class Step(Word):
    """Exactly one verb."""

    kill: Kill | None = None
    pause: Pause | None = None
    restart: Restart | None = None
    send: Send | None = None
    run: Run | None = None
    burn: Burn | None = None
    fill: Fill | None = None
    hold: Hold | None = None
    edge: EdgeStep | None = None
    write: Write | None = None
    load: LoadStep | None = None
    journal: Journal | None = None
    wait: Wait | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_verb(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) != 1:
            raise ValueError(
                f"a step has exactly one verb, this one has {', '.join(map(str, value)) or 'none'}"
            )
        return value

    @property
    def verb(self) -> str:
        """Its name."""
        return next(iter(self.model_fields_set))

    @property
    def does(self) -> Word:
        """Its fields."""
        word = getattr(self, self.verb)
        assert isinstance(word, Word)
        return word
