s/^const VERSIE = .*/const VERSIE = '3.9.0';/
s/^  const profiel = profielVan(klasse);/  const profiel = profielVan(klasse); eerder.push({ regio, klasse, t: Date.now(), dagen: Array.from({ length: @DAGEN@ }, (_, d) => ({ dag: `${regio}-${klasse}-${d}`, uren: p.uren.map(x => x * profiel[d % 8760]) })) });/
