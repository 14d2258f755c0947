"""Gegenstelle beim Provider: nimmt Post fuer die Aussenwelt an; echo@ schickt eine Antwort zurueck."""
import asyncio
import smtplib
import sys
import threading
import time

hoert, rueckweg = sys.argv[1], sys.argv[2]


def log(t):
    print(time.strftime("%Y-%m-%dT%H:%M:%S"), "relay.nordnetz.example", t, flush=True)


def antworten(an, betreff):
    h, p = rueckweg.split(":")
    try:
        with smtplib.SMTP(h, int(p), timeout=20, local_hostname="relay.nordnetz.example") as s:
            s.sendmail("echo@nordnetz.example", [an], f"From: echo@nordnetz.example\r\nTo: {an}\r\nSubject: {betreff}\r\n\r\nEcho\r\n")
    except Exception as e:
        log(f"echo to <{an}> failed: {type(e).__name__}: {e}")


async def sitzung(r, w):
    async def sag(t):
        w.write((t + "\r\n").encode())
        await w.drain()
    von, an = "", []
    try:
        await sag("220 relay.nordnetz.example ESMTP")
        while z := await asyncio.wait_for(r.readline(), 300):
            t = z.decode("latin1").strip()
            v = t.upper()
            if v.startswith("EHLO"):
                await sag("250-relay.nordnetz.example\r\n250-SIZE 52428800\r\n250 8BITMIME")
            elif v.startswith("HELO") or v.startswith("RSET") or v.startswith("NOOP"):
                von, an = ("", []) if v.startswith("RSET") else (von, an)
                await sag("250 ok")
            elif v.startswith("MAIL"):
                von, an = t[t.find("<") + 1:t.find(">")], []
                await sag("250 ok")
            elif v.startswith("RCPT"):
                an.append(t[t.find("<") + 1:t.find(">")])
                await sag("250 ok")
            elif v.startswith("DATA"):
                await sag("354 go ahead")
                betreff = ""
                while (d := await r.readline()) and d.strip(b"\r\n") != b".":
                    if d.lower().startswith(b"subject:"):
                        betreff = d[8:].decode("latin1").strip()
                await asyncio.sleep(.25)
                await sag("250 2.0.0 queued")
                if any(a.startswith("echo@") for a in an):
                    threading.Thread(target=antworten, args=(von, betreff), daemon=True).start()
            elif v.startswith("QUIT"):
                await sag("221 bye")
                break
            else:
                await sag("502 not implemented")
    except (ConnectionError, asyncio.TimeoutError):
        pass
    finally:
        w.close()


async def haupt():
    h, p = hoert.split(":")
    s = await asyncio.start_server(sitzung, h, int(p))
    await s.serve_forever()

asyncio.run(haupt())
