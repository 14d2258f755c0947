"""Ein altes Telefon mit veraltetem Kennwort, und ein Absender, der Adressen raet: steht an jedem Tag im Protokoll."""
import imaplib
import random
import smtplib
import sys

smtp, imap = sys.argv[1:3]
try:
    if random.random() < .5:
        c = imaplib.IMAP4(imap.split(":")[0], int(imap.split(":")[1]), timeout=6)
        c.login("m44", "sommer2019")
    else:
        with smtplib.SMTP(smtp.split(":")[0], int(smtp.split(":")[1]), timeout=6, local_hostname="ylmf-pc") as s:
            s.sendmail("info@billig.example", [random.choice(["admin", "test", "einkauf", "info"]) + "@brandtner.example"], "Subject: Rechnung\r\n\r\n.")
except Exception:
    pass
