"""The HTTP service: the API, and the pages on it, over one job table."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from aitia import __version__
from aitia.access import Doorkeeper
from aitia.access.keeper import REFRESH_S
from aitia.access.oidc import Provider
from aitia.access.tickets import SharedTickets
from aitia.core.disk import tell_once
from aitia.core.errors import StoreError
from aitia.jobs import Jobs, Workers
from aitia.settings import Settings
from aitia.web import answers, diagnoses, metrics, openapi, pages, problems, search, sign_in, stream, tokens
from aitia.web.auth import Guard, login_router
from aitia.web.limits import Aside, Bounds
from aitia.web.middleware import Door
from aitia.web.shedding import Shedding


def create_app(
    jobs: Jobs,
    settings: Settings,
    *,
    token: str | Doorkeeper = "",
    workers: Workers | None = None,
    bounds: Bounds | None = None,
    pagerduty_secret: str = "",
) -> FastAPI:
    """The ASGI application.

    token             what clients must bear, or who knows their tokens; "" answers requests for localhost alone
    workers           the worker processes, where they belong to this service: `/readyz` and `/metrics` tell of them
    pagerduty_secret  of PagerDuty's webhook subscription: its messages must be signed with it

    `app.state` holds for the pages: jobs, settings, guard (Guard), quick and heavy (Aside: `await quick(function, ...)`),
    finder (Finder).
    """
    bounds = bounds or Bounds(body=settings.service.max_body)
    meters = metrics.Meters(jobs, workers)
    app = FastAPI(
        title="aitia",
        version=__version__,
        docs_url=None,  # they load scripts from other sites
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    state = app.state
    state.jobs, state.settings, state.meters = jobs, settings, meters
    keeper = token if isinstance(token, Doorkeeper) else Doorkeeper(token=token)
    tickets = SharedTickets(jobs.home, salt=_salt(keeper, settings))
    state.guard = Guard(keeper, tickets)
    if settings.service.oidc is not None:
        keeper.close()
        provider = Provider(settings.service.oidc, team=settings.service.team, tickets=tickets)
        app.include_router(sign_in.router(provider, team=settings.service.team))
    state.sign_in = sign_in.path_of(settings)
    state.pagerduty_secret = pagerduty_secret
    state.quick = Aside(threads=16, waiting=200, seconds=30.0)
    state.heavy = Aside(threads=bounds.heavy, waiting=bounds.heavy_waiting, seconds=bounds.heavy_s)
    state.shedding = Shedding(bounds.when_full, meters.shed)
    state.streams = stream.Streams(most=bounds.streams)
    state.finder = search.Finder(jobs.home)
    state.problem_page = pages.problem_page
    app.include_router(login_router())
    for part in (diagnoses, stream, answers, search, tokens):
        app.include_router(part.router)
    app.include_router(metrics.router(jobs, workers))
    app.include_router(pages.router(jobs, settings))
    problems.install(app)
    openapi.install(app)
    app.add_middleware(
        Door,
        bounds=bounds,
        local_only=lambda: not state.guard.keeper,
        known=state.guard.known,
        shedding=state.shedding,
        on_answer=meters.answered,
    )
    return app


def _salt(keeper: Doorkeeper, settings: Settings) -> str:
    """What ends all sessions where it changes: the shared token, and who may sign in with which roles."""
    oidc = settings.service.oidc
    return f"{keeper.shared.mark}\n{settings.service.team}\n{oidc.model_dump_json() if oidc else ''}"


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    refreshing = asyncio.create_task(_refreshed(app))
    with app.state.jobs.table.held_open():
        yield
    refreshing.cancel()
    app.state.quick.close()
    app.state.heavy.close()


async def _refreshed(app: FastAPI) -> None:
    """Read the issued tokens again and again; while they cannot be read those that are known hold for a while."""
    while True:
        await asyncio.sleep(REFRESH_S)
        try:
            await asyncio.to_thread(app.state.guard.keeper.refresh)
        except (StoreError, sqlite3.OperationalError) as error:
            tell_once(f"the issued tokens cannot be read now ({error})")
