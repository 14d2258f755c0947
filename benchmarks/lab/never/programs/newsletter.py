"""newsletter: Kundenrundschreiben des Vertriebs ueber den eigenen MTA."""
import smtplib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

mta, je_sekunde, mess = sys.argv[1], float(sys.argv[2]), sys.argv[3]
faeden = max(1, int(je_sekunde // 8))
z = {"versandt": 0, "abgelehnt": 0}


def log(t):
    print(time.strftime("[%d.%m.%Y %H:%M:%S]"), t, flush=True)


def versand(nr):
    h, p = mta.split(":")
    i = nr
    text = "<p>Sehr geehrte Damen und Herren, unsere Hausmesse ...</p>\r\n" * 150
    while True:
        t = time.time()
        i += faeden
        an = f"kunde{i % 9000}@kunden.example"
        try:
            with smtplib.SMTP(h, int(p), timeout=15, local_hostname="newsletter.brandtner.example") as s:
                for k in range(1 if faeden == 1 else 5):
                    s.sendmail("vertrieb@brandtner.example", [an, f"m{1 + (i + k) % 600}@brandtner.example"] if i % 4 == 0 else [an],
                               f"From: vertrieb@brandtner.example\r\nTo: {an}\r\nSubject: Neues aus Ludwigsburg\r\n\r\n{text}")
                    z["versandt"] += 1
        except (smtplib.SMTPException, OSError) as e:
            z["abgelehnt"] += 1
            log(f"Versand an {an} nicht moeglich: {type(e).__name__}: {e}")
        n = 1 if faeden == 1 else 5
        time.sleep(max(0, n * faeden / je_sekunde - (time.time() - t)))


class H(BaseHTTPRequestHandler):
    def log_message(self, *a):
        pass

    def do_GET(self):
        b = "".join(f'newsletter_sendungen_total{{ergebnis="{k}"}} {v}\n' for k, v in z.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b)


for k in range(faeden):
    threading.Thread(target=versand, args=(k,), daemon=True).start()
log(f"Versandlauf gestartet, {je_sekunde:g} je Sekunde")
HTTPServer((mess.split(":")[0], int(mess.split(":")[1])), H).serve_forever()
