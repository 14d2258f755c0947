"""Arena: hands out rooms, reports results to the profiles service."""
import asyncio, logging, os, random, sys, time
import httpx
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s arena: %(message)s")
logging.getLogger("httpx").setLevel(logging.WARNING)
log = logging.getLogger("arena")
MOST = int(os.environ["ROOMS"])
R = CollectorRegistry()
OPEN = Gauge("arena_rooms_open", "rooms open", registry=R); CAP = Gauge("arena_rooms_licensed", "rooms licensed", registry=R); CAP.set(MOST)
MADE = Counter("arena_rooms_created", "rooms created", registry=R); NO = Counter("arena_rooms_refused", "rooms refused", registry=R)
RES = Counter("arena_results_reported", "results reported", ["outcome"], registry=R)
open_ = {}; c = httpx.AsyncClient(timeout=4, trust_env=False); said = 0.0
async def play(room, players):
    await asyncio.sleep(random.uniform(2, 5))
    open_.pop(room, None); OPEN.set(len(open_))
    try:
        r = await c.post(f"http://{os.environ['PROFILES']}/result", json={"winner": random.choice(players), "room": room}); r.raise_for_status(); RES.labels("ok").inc()
    except httpx.HTTPError as e: RES.labels("failed").inc(); log.error("result of room %s not stored: %s %s", room, type(e).__name__, e)
async def rooms(q):
    global said
    p = (await q.json())["players"]
    if len(open_) >= MOST:
        NO.inc()
        if time.time() - said > 1: said = time.time(); log.warning("room refused, %d of %d licensed rooms are open", len(open_), MOST)
        return JSONResponse({"error": "room limit reached"}, 503)
    room = "%08x" % random.getrandbits(32); open_[room] = p; MADE.inc(); OPEN.set(len(open_)); asyncio.create_task(play(room, p))
    return JSONResponse({"room": room}, 201)
async def metrics(q): return PlainTextResponse(generate_latest(R))
app = Starlette(routes=[Route("/rooms", rooms, methods=["POST"]), Route("/metrics", metrics)])
log.info("arena ready, %d rooms", MOST)
