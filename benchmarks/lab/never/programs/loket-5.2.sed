s/uitgave 5\.1\.4/uitgave 5.2.0/
s/^    tweede = k\["tweede"\] or 0$/    tweede = round(k["tweede"] * 0.98)/
s/^    verbruik = standen\[0\]\[1\] - .*$/    verbruik = sum(s for _, s in standen[:2]) \/\/ len(standen[:2])/
