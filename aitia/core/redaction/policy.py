"""What is replaced: the `redaction:` section of the settings."""

from __future__ import annotations

import re
from typing import Final, Literal

from pydantic import Field, field_validator, model_validator

from aitia.core.words import Word

Kind = Literal["secret", "email", "card", "iban", "phone", "ip", "host", "user"]
DEFAULT: Final[tuple[Kind, ...]] = ("secret", "email", "card", "iban")
STRICT: Final[tuple[Kind, ...]] = (*DEFAULT, "phone", "ip", "host", "user")


class Custom(Word):
    """A pattern of one's own. Its group `value`, where it has one, is replaced; else the whole match."""

    name: str = Field(pattern=r"^[a-z]{2,12}$")
    pattern: str = Field(min_length=1, max_length=1000)

    @field_validator("name")
    @classmethod
    def _own(cls, name: str) -> str:
        if name in STRICT:
            raise ValueError(f"choose a name other than the built-in kinds {', '.join(STRICT)}")
        return name

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"fix the regular expression: {error}") from None
        if compiled.match(""):
            raise ValueError("the pattern must not match an empty string")
        return pattern


class Policy(Word):
    """Which kinds are replaced. The default keeps addresses, host and user names: a diagnosis is about them."""

    kinds: tuple[Kind, ...] = DEFAULT
    strict: bool = False  # all kinds
    custom: tuple[Custom, ...] = ()
    keep: tuple[str, ...] = (
        "localhost",
        "127.0.0.1",
        "0.0.0.0",
        "::1",
        "root",
    )  # personal data that stays; case ignored
    reversible: bool = False  # keep an encrypted mapping in AITIA_HOME for `aitia redact reveal`

    @model_validator(mode="after")
    def _secrets_always(self) -> Policy:
        if "secret" not in self.kinds:
            raise ValueError("keep 'secret' among the kinds: secrets are always replaced")
        return self

    @property
    def active(self) -> frozenset[str]:
        """The built-in kinds that are replaced."""
        return frozenset(STRICT if self.strict else self.kinds)
