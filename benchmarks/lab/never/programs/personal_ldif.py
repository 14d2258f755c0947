"""Personalstamm als LDIF fuer den Erstbestand des Verzeichnisses."""
import hashlib
import os
import sys
import uuid

ziel, postfaecher, kennwort, dienst_dovecot, dienst_mta, dienst_webpost, dienst_repl, anzahl = sys.argv[1:9]
VOR = "Anna Bernd Carla Dieter Elke Franz Gisela Heinz Ines Jürgen Karin Lothar Monika Norbert Olga Peter Renate Stefan Ute Volker".split()
NACH = "Albrecht Baumann Conrad Dietz Engel Fuchs Gruber Huber Iffland Jansen Krüger Lehmann Meyer Neumann Ott Pohl Richter Schäfer Thoma Vogt Weiß Ziegler".split()
S = "dc=brandtner,dc=example"
nr = 0


def eintrag(dn, zeilen, f):
    global nr
    nr += 1
    u = uuid.UUID(hashlib.md5(dn.encode()).hexdigest())
    print(f"dn: {dn}", file=f)
    for z in zeilen:
        if not z.isascii():
            import base64
            k, v = z.split(": ", 1)
            z = f"{k}:: {base64.b64encode(v.encode()).decode()}"
        print(z, file=f)
    print(f"entryUUID: {u}\nentryCSN: 20260901060000.{nr:06d}Z#000000#000#000000\n", file=f)


with open(ziel, "w") as f:
    eintrag(S, ["objectClass: organization", "objectClass: dcObject", "o: Brandtner Maschinenbau GmbH", "dc: brandtner"], f)
    for ou in ("leute", "dienste"):
        eintrag(f"ou={ou},{S}", ["objectClass: organizationalUnit", f"ou: {ou}"], f)
    for w in ("werk1", "werk2"):
        eintrag(f"ou={w},ou=leute,{S}", ["objectClass: organizationalUnit", f"ou: {w}"], f)
    for n, p in (("dovecot", dienst_dovecot), ("mta", dienst_mta), ("webpost", dienst_webpost), ("abgleich", dienst_repl)):
        eintrag(f"cn={n},ou=dienste,{S}", ["objectClass: organizationalRole", "objectClass: simpleSecurityObject", f"cn: {n}", f"userPassword: {p}"], f)
    for i in range(1, int(anzahl) + 1):
        v, n = VOR[i % len(VOR)], NACH[(i * 7) % len(NACH)]
        w = "werk2" if i % 3 == 0 else "werk1"
        eintrag(f"uid=m{i},ou={w},ou=leute,{S}", [
            "objectClass: inetOrgPerson", "objectClass: posixAccount", f"uid: m{i}", f"cn: {v} {n}", f"sn: {n}", f"givenName: {v}",
            f"mail: m{i}@brandtner.example", f"departmentNumber: K{i % 40:02d}", f"telephoneNumber: +49 7141 88 {i:04d}",
            f"uidNumber: {20000 + i}", "gidNumber: 20000", f"homeDirectory: {postfaecher}/m{i}", "description: anwesend",
            f"userPassword: {kennwort}"], f)
os.chmod(ziel, 0o644)
