"""Profiles: player profiles and results, in PostgreSQL behind PgBouncer."""
import asyncio, logging, os, sys, time
import asyncpg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s profiles: %(message)s")
log = logging.getLogger("profiles")
R = CollectorRegistry(); ProcessCollector(registry=R)
REQ = Counter("profiles_requests", "requests", ["route", "code"], registry=R)
DUR = Histogram("profiles_request_seconds", "durations", ["route"], registry=R, buckets=(.01, .05, .2, .5, 1, 2, 5))
ERR = Counter("profiles_db_errors", "database errors", ["error"], registry=R)
pool = None
async def db():
    global pool
    if pool is None:
        h, p = os.environ["POOLER"].split(":")
        pool = await asyncpg.create_pool(host=h, port=int(p), user="profiles", password=os.environ["DB_PASS"], database="skirmish", min_size=0, max_size=16, statement_cache_size=0, command_timeout=4, timeout=4, ssl=False, max_inactive_connection_lifetime=20)
    return pool
async def guarded(route, f):
    t = time.monotonic(); code = 200
    try: r = await asyncio.wait_for(f(), 6)
    except Exception as e:
        code = 500; r = {"error": "try later"}; ERR.labels(type(e).__name__).inc(); log.error("%s failed: %s: %s", route, type(e).__name__, str(e).split("\n")[0])
    REQ.labels(route, code).inc(); DUR.labels(route).observe(time.monotonic() - t)
    return JSONResponse(r, code)
async def profile(q):
    i = q.path_params["i"]
    async def f():
        async with (await db()).acquire() as c:
            r = await c.fetchrow("SELECT p.id, p.handle, p.wins, (SELECT count(*) FROM match m WHERE m.winner=p.id) AS played FROM player p WHERE p.id=$1", i)
            return dict(r) if r else {}
    return await guarded("profile", f)
async def result(q):
    b = await q.json()
    async def f():
        async with (await db()).acquire() as c, c.transaction():
            await c.execute("INSERT INTO match(winner, room) VALUES ($1,$2)", b["winner"], b["room"]); await c.execute("UPDATE player SET wins=wins+1 WHERE id=$1", b["winner"])
        return {"ok": True}
    return await guarded("result", f)
async def metrics(q): return PlainTextResponse(generate_latest(R))
app = Starlette(routes=[Route("/profile/{i:int}", profile), Route("/result", result, methods=["POST"]), Route("/metrics", metrics)])
