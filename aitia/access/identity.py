"""Who somebody is to a door, and what they may do there."""

from __future__ import annotations

from typing import Final, Literal, get_args

from aitia.core.words import Word

Role = Literal["see", "diagnose", "approve", "administer"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
MEANS: Final[dict[Role, str]] = {
    "see": "read diagnoses and ask about them",
    "diagnose": "ask for a diagnosis, look again, correct, and say what the cause was",
    "approve": "approve or deny a step",
    "administer": "issue and revoke tokens",
}


class Identity(Word):
    """A person or program. `name` is "" where all who come share one token, or need none."""

    name: str = ""
    token: str = (
        ""  # the id of the issued token; "" for the shared one, for nobody's, and for a person's own login
    )
    roles: frozenset[Role] = frozenset()

    def may(self, role: Role) -> bool:
        """Whether the role was given. Whoever has any of them may see."""
        return role in self.roles or (role == "see" and bool(self.roles))

    @property
    def key(self) -> str:
        """Whose requests are counted together; "" where that cannot be told."""
        return self.token or self.name


WHO: Final = "aitia.who"  # where a request's scope tells who asks
NOBODY: Final = Identity()
EVERYTHING: Final = Identity(roles=frozenset(ROLES))
