"""A monitoring script that opens a connection a round and never closes one."""
import socket
import sys
import time

host, port = sys.argv[1].rsplit(":", 1)
held = []
while len(held) < int(sys.argv[2]):
    try:
        s = socket.create_connection((host, int(port)), 2)
        s.sendall(b"version\r\n")
        held.append(s)
    except OSError:
        time.sleep(0.2)
while True:
    time.sleep(30)
