"""Rundlaufpruefung: eine Nachricht senden und im Pruefpostfach wiederfinden (Exit 0) oder nicht (Exit 1)."""
import imaplib
import os
import random
import smtplib
import sys
import time

smtp, imap, kennwort, weg = sys.argv[1:5]
nutzer = f"m{random.randint(601, 620)}"
marke = f"rl{os.getpid()}x{time.time_ns()}"
ende = time.time() + 9
h, p = smtp.split(":")
an = "echo@nordnetz.example" if weg == "aussen" else f"{nutzer}@brandtner.example"
try:
    with smtplib.SMTP(h, int(p), timeout=5, local_hostname="pruefung.brandtner.example") as s:
        s.sendmail(f"{nutzer}@brandtner.example", [an], f"From: {nutzer}@brandtner.example\r\nTo: {an}\r\nSubject: {marke}\r\n\r\nPruefung\r\n")
    h, p = imap.split(":")
    c = imaplib.IMAP4(h, int(p), timeout=5)
    c.login(nutzer, kennwort)
    while time.time() < ende:
        c.select("INBOX", readonly=False)
        s, d = c.search(None, "SUBJECT", marke)
        if d and d[0]:
            c.store(d[0].split()[-1], "+FLAGS", "\\Deleted")
            c.expunge()
            c.logout()
            sys.exit(0)
        time.sleep(.4)
except (OSError, smtplib.SMTPException, imaplib.IMAP4.error) as e:
    print(type(e).__name__, e)
sys.exit(1)
