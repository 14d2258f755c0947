"""greylist: Policy-Dienst fuer den MTA (Protokoll: SMTPD_POLICY_README)."""
import asyncio
import json
import sys
import time

hoert, einstellungen = sys.argv[1], sys.argv[2]
bekannt = {}
zaehler = {"DUNNO": 0, "DEFER_IF_PERMIT": 0}
with open(einstellungen) as f:
    cfg = json.load(f)
mess_adr = sys.argv[3]


def log(stufe, text):
    print(time.strftime("%b %d %H:%M:%S"), "post01", f"greylist[{stufe}]:", text, flush=True)


def urteil(a):
    absender, client, empf = a.get("sender", ""), a.get("client_address", ""), a.get("recipient", "")
    if client in cfg["ausnahmen_netze"] or absender.rpartition("@")[2] in cfg["ausnahmen_absender"]:
        return "DUNNO", "ausnahme"
    k = (client, absender, empf)
    erst = bekannt.setdefault(k, time.time())
    if time.time() - erst < cfg["wartezeit_s"]:
        return "DEFER_IF_PERMIT Greylisting aktiv, bitte spaeter erneut zustellen", "neu"
    return "DUNNO", "bekannt"


async def bedienen(r, w):
    a = {}
    try:
        while zeile := await r.readline():
            z = zeile.decode("utf-8", "replace").strip()
            if z:
                k, _, v = z.partition("=")
                a[k] = v
                continue
            aktion, grund = urteil(a)
            zaehler[aktion.split()[0]] += 1
            log("info", f"client={a.get('client_address')} from=<{a.get('sender')}> to=<{a.get('recipient')}> action={aktion.split()[0]} grund={grund}")
            w.write(f"action={aktion}\n\n".encode())
            await w.drain()
            a = {}
    except ConnectionError as e:
        log("warnung", f"{type(e).__name__}: {e}")
    finally:
        w.close()


async def messwerte(r, w):
    while (await r.readline()).strip():
        pass
    t = "# TYPE greylist_urteile_total counter\n" + "".join(f'greylist_urteile_total{{aktion="{k}"}} {v}\n' for k, v in zaehler.items())
    t += f"# TYPE greylist_tripel gauge\ngreylist_tripel {len(bekannt)}\n"
    w.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n" + t.encode())
    await w.drain()
    w.close()


async def haupt():
    h, p = hoert.split(":")
    s = await asyncio.start_server(bedienen, h, int(p))
    h, p = mess_adr.split(":")
    await asyncio.start_server(messwerte, h, int(p))
    log("info", f"bereit auf {hoert}, wartezeit={cfg['wartezeit_s']}s, ausnahmen={len(cfg['ausnahmen_netze']) + len(cfg['ausnahmen_absender'])}")
    await s.serve_forever()

asyncio.run(haupt())
