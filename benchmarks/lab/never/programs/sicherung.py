"""Postfachsicherung: haelt die Sperre eines Postfachs, solange seine Dateien kopiert werden."""
import fcntl
import glob
import os
import sys
import time

ordner, muster = sys.argv[1:3]
halt = {}
while True:
    for p in glob.glob(f"{ordner}/{muster}/Maildir/dovecot.index.log"):
        if p in halt:
            continue
        f = open(p, "r+b")
        try:
            fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            halt[p] = f
        except OSError:
            f.close()
    time.sleep(.5)
