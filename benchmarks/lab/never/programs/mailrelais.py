"""The hoster's mail relay: takes everything, refuses a few recipients."""
import asyncio
import os
import signal
import sys

mode = {"text": ""}


def reload(*_):
    mode["text"] = open(sys.argv[1]).read().strip()


async def client(r, w):
    async def say(text):
        w.write(text.encode() + b"\r\n")
        await w.drain()
    try:
        await say("220 relais.hoster.example ESMTP")
        while line := await r.readline():
            cmd = line.strip().upper()
            if cmd.startswith((b"EHLO", b"HELO")):
                w.write(b"250-relais.hoster.example\r\n250 SIZE 20480000\r\n")
                await w.drain()
            elif cmd.startswith(b"MAIL") and mode["text"]:
                await say(mode["text"])
            elif cmd.startswith(b"RCPT") and b"@POSTFACH-VOLL" in cmd:
                await say("552 5.2.2 Mailbox full")
            elif cmd.startswith(b"DATA"):
                await say("354 End data with <CR><LF>.<CR><LF>")
                while (await r.readline()).strip() != b".":
                    pass
                await say("250 2.0.0 Ok: queued")
            elif cmd.startswith(b"QUIT"):
                await say("221 2.0.0 Bye")
                break
            else:
                await say("250 2.0.0 Ok")
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        w.close()


async def main():
    reload()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    host, port = os.environ["LISTEN"].rsplit(":", 1)
    server = await asyncio.start_server(client, host, int(port))
    await server.serve_forever()


asyncio.run(main())
