"""Messwerte aus cn=Monitor und contextCSN eines slapd."""
import calendar
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import ldap3

hoert, ziel, wer, kw = sys.argv[1:5]
BASIS = "dc=brandtner,dc=example"


def lesen():
    h, p = ziel.split(":")
    out = []
    c = ldap3.Connection(ldap3.Server(h, int(p), get_info=ldap3.NONE, connect_timeout=2), wer, kw, auto_bind=True, receive_timeout=2)
    c.search("cn=Monitor", "(|(objectClass=monitorOperation)(objectClass=monitorCounterObject))", attributes=["*", "+"])
    for e in c.entries:
        teile = [x.split("=", 1)[1] for x in e.entry_dn.split(",")]
        d = e.entry_attributes_as_dict
        if "monitorOpCompleted" in d and len(teile) == 3:
            out.append(f'slapd_operations_completed_total{{op="{teile[0].lower()}"}} {d["monitorOpCompleted"][0]}')
            out.append(f'slapd_operations_initiated_total{{op="{teile[0].lower()}"}} {d["monitorOpInitiated"][0]}')
        elif "monitorCounter" in d and teile[1] in ("Connections", "Statistics"):
            out.append(f'slapd_{teile[1].lower()}{{counter="{teile[0].lower().replace(" ", "_")}"}} {d["monitorCounter"][0]}')
    c.search("cn=Threads,cn=Monitor", "(|(cn=Active)(cn=Backload)(cn=Open)(cn=Pending))", attributes=["monitoredInfo"])
    for e in c.entries:
        out.append(f'slapd_threads{{state="{e.entry_dn.split(",")[0][3:].lower()}"}} {e.monitoredInfo}')
    c.search(BASIS, "(objectClass=*)", ldap3.BASE, attributes=["contextCSN"])
    if c.entries and c.entries[0].contextCSN:
        t = max(str(x).split(".")[0] for x in c.entries[0].contextCSN.values)
        out.append(f"slapd_context_csn_seconds {calendar.timegm(time.strptime(t, '%Y%m%d%H%M%S'))}")
    c.unbind()
    return out


class H(BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        t = time.time()
        try:
            out = [*lesen(), "slapd_up 1"]
        except Exception:
            out = ["slapd_up 0"]
        out.append(f"slapd_scrape_seconds {time.time() - t:.4f}")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(("\n".join(out) + "\n").encode())


HTTPServer((hoert.split(":")[0], int(hoert.split(":")[1])), H).serve_forever()
