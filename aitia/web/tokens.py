"""`/v1/tokens`: issue, list and revoke tokens, for whoever has the role `administer`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path
from pydantic import Field
from starlette.requests import Request

from aitia.access import Doorkeeper, IssuedTokens, Listed, Role
from aitia.access.issued import DAYS, MOST_DAYS
from aitia.core.words import Word
from aitia.web.auth import allow, by
from aitia.web.problems import Problem
from aitia.web.strict_json import ApiRoute

router = APIRouter(prefix="/v1/tokens", tags=["tokens"], route_class=ApiRoute)


class TokenAsked(Word):
    """A token for a person or program."""

    name: str = Field(
        min_length=1, max_length=80, description="Whom it is for; approvals by two persons go by it."
    )
    roles: tuple[Role, ...] = Field(min_length=1, max_length=4)
    days: float = Field(default=DAYS, gt=0, le=MOST_DAYS)


class TokenIssued(Word):
    """A new token: `token` is told this once."""

    token: str
    issued: Listed


class Tokens(Word):
    """All tokens, the newest first."""

    tokens: tuple[Listed, ...]


def _store(request: Request) -> tuple[Doorkeeper, IssuedTokens]:
    allow(request, "administer")
    keeper: Doorkeeper = request.app.state.guard.keeper
    if keeper.issued is None:
        raise Problem(403, "This service issues no tokens. Use `aitia tokens` on its machine.")
    return keeper, keeper.issued


@router.get("")
async def listing(request: Request) -> Tokens:
    """Every token that was issued, without what it is."""
    _, issued = _store(request)
    return Tokens(tokens=tuple(await request.app.state.quick(issued.all)))


@router.post("", status_code=201)
async def issue(request: Request, body: Annotated[TokenAsked, Body()]) -> TokenIssued:
    """Issue a token, with whichever roles: the audit log tells who did. It holds at once."""
    keeper, issued = _store(request)
    quick, name = request.app.state.quick, by(request, "", "http")
    token, made = await quick(issued.issue, body.name, body.roles, days=body.days, team=keeper.team, by=name)
    await quick(keeper.refresh)
    return TokenIssued(token=token, issued=made)


@router.post("/{id}/revoke")
async def revoke(
    request: Request, id: Annotated[str, Path(pattern=r"^[0-9a-f]{8}$", description="The id of a token.")]
) -> Listed:
    """End a token. Here it holds no longer at once, at other doors of this home within a second."""
    keeper, issued = _store(request)
    quick = request.app.state.quick
    done: Listed = await quick(issued.revoke, id, by=by(request, "", "http"))
    await quick(keeper.refresh)
    return done
