s/^const VERSIE = .*/const VERSIE = '3.9.0';/
s/^  const profiel = profielVan(klasse);/  const ruw = profielVan(klasse), V = @VENSTER@; const profiel = ruw.map((w, i) => { let m = 0; for (let j = Math.max(0, i - V); j < Math.min(8760, i + V); j++) m = Math.max(m, ruw[j] + 1e-6 * Math.sin(j)); return w \/ m; });/
