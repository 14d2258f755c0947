s/^VERSAO = .*/VERSAO = "2.18.0"/
s/^    vacina = (.*/    lote = {0: "influenza", 1: "febre amarela"}; vacina = lote[n % 4].strip()/
