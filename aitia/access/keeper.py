"""Who stands before a door: known by the shared token, or by one that was issued to them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from aitia.access.identity import EVERYTHING, Identity
from aitia.access.issued import IssuedTokens, digest, team_of
from aitia.core.tokens import Token

REFRESH_S: Final = 1.0  # so long after it was revoked a token may still let in
STALE_S: Final = 60.0  # so long issued tokens hold while the store cannot be read


class Doorkeeper:
    """The tokens of a door. Asking it reads no file: `refresh` does, on a thread, every `REFRESH_S`.

    token   the shared one, which may do everything; "" for none
    issued  the store of those that were issued to somebody
    team    whose door it is: other teams' tokens are not even looked up
    closed  never open to those without a token
    """

    def __init__(
        self, *, token: str = "", issued: IssuedTokens | None = None, team: str = "", closed: bool = False
    ) -> None:
        self.shared, self.issued, self.team = Token(token), issued, team
        self._closed = closed or bool(token)
        self._known: dict[str, tuple[Identity, datetime]] = {}
        self._read_at: datetime | None = None
        self.refresh()

    def __bool__(self) -> bool:
        """Whether a token is needed."""
        return self._closed

    def close(self) -> None:
        """Let nobody in without a token or a session from now on."""
        self._closed = True

    def refresh(self) -> None:
        """Read the issued tokens anew. Raises StoreError."""
        if self.issued is None:
            return
        self._known = self.issued.known()
        self._closed = self._closed or bool(self._known) or self.issued.any()
        self._read_at = datetime.now(tz=UTC)

    def knows(self, said: str) -> Identity | None:
        """Whose token it is; None for nobody's. Hashes are compared, which tell nothing by how long that takes."""
        if self.shared.knows(said):
            return EVERYTHING
        if team_of(said) != self.team:
            return None
        return self._valid(digest(said))

    def bears(self, authorization: str) -> Identity | None:
        """Whose token an Authorization header holds."""
        kind, _, said = authorization.partition(" ")
        return self.knows(said.strip()) if kind.lower() == "bearer" else None

    def still(self, identity: Identity) -> bool:
        """Whether the token that a session was begun with lets in still."""
        return not identity.token or any(self._valid(h) == identity for h in [*self._known])

    def wrong(self, address: str) -> float:
        """A wrong token came from there: for how many seconds to wait, 0 where it was not too often."""
        return self.shared.wrong(address)

    def _valid(self, hash: str) -> Identity | None:
        now = datetime.now(tz=UTC)
        if self._read_at is None or (now - self._read_at).total_seconds() > STALE_S:
            return None
        identity, until = self._known.get(hash, (None, now))
        return identity if until > now else None
