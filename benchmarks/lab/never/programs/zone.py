"""Serveur de noms faisant autorité, TCP et UDP. zone.py PORT FICHIER ; une ligne : nom adresse durée"""
import os, socketserver, struct, sys, threading
port, path = int(sys.argv[1]), sys.argv[2]
cache = [0, {}]
def zone():
    t = os.stat(path).st_mtime_ns
    if t != cache[0]:
        cache[1] = {l.split()[0].lower(): l.split()[1:] for l in open(path) if l.strip() and l[0] != ";"}; cache[0] = t
    return cache[1]
def answer(q):
    i, labels = 12, []
    while q[i]:
        labels.append(q[i + 1:i + 1 + q[i]].decode()); i += q[i] + 1
    i += 1; name = ".".join(labels).lower(); typ, = struct.unpack("!H", q[i:i + 2]); question = q[12:i + 4]
    z = zone(); r = z.get(name); rr = b""; code = 0; n = 0; soa = b""
    if r is None: code = 3
    elif typ == 1:
        rr = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, int(r[1]), 4) + bytes(map(int, r[0].split("."))); n = 1
    if not n:
        d = b"\x02ns\x07example\x00" * 2 + struct.pack("!IIIII", 2026112901, 3600, 600, 86400, 3)
        soa = b"\x07example\x00" + struct.pack("!HHIH", 6, 1, 3, len(d)) + d
    return q[:2] + struct.pack("!HHHHH", 0x8400 | (q[2] & 1) << 8 | code, 1, n, 1 if soa else 0, 0) + question + rr + soa
class T(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(20)
        try:
            while True:
                h = self.request.recv(2, 256)
                if len(h) < 2: return
                n, = struct.unpack("!H", h); q = b""
                while len(q) < n: q += self.request.recv(n - len(q))
                a = answer(q); self.request.sendall(struct.pack("!H", len(a)) + a)
        except OSError: pass
class S(socketserver.ThreadingTCPServer): allow_reuse_address = True; daemon_threads = True; request_queue_size = 64
S(("127.0.0.1", port), T).serve_forever()
