// tariefmotor: rekent leveringstarieven uit beursprijzen
'use strict';
const http = require('http'), https = require('https'), fs = require('fs'), dns = require('dns');
const Redis = require('ioredis'), prom = require('prom-client');
const VERSIE = '3.8.1';
const inst = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const pino = (level, msg, extra) => process.stdout.write(JSON.stringify({ level, time: Date.now(), pid: process.pid, hostname: 'zeearend', name: 'tariefmotor', ...extra, msg }) + '\n');

prom.collectDefaultMetrics();
const duur = new prom.Histogram({ name: 'http_server_handling_seconds', help: 'handling time', labelNames: ['route', 'code'], buckets: [0.01, 0.05, 0.2, 0.5, 1, 2, 5] });
const beurs = new prom.Histogram({ name: 'upstream_quote_seconds', help: 'time to fetch a quote', buckets: [0.05, 0.1, 0.3, 1, 3] });
const beursMis = new prom.Counter({ name: 'upstream_quote_failures_total', help: 'quotes not obtained', labelNames: ['reason'] });
const treffers = new prom.Counter({ name: 'quote_cache_lookups_total', help: 'lookups', labelNames: ['result'] });

const prikbord = new Redis({ host: inst.prikbord.split(':')[0], port: +inst.prikbord.split(':')[1], password: process.env.PRIKBORD_WACHTWOORD, commandTimeout: inst.prikbordMs, connectTimeout: 1500, maxRetriesPerRequest: 1, enableOfflineQueue: true, retryStrategy: n => Math.min(n * 200, 2000) });
let laatst = 0;
prikbord.on('error', e => { if (Date.now() - laatst > 1000) { laatst = Date.now(); pino(40, 'prikbord connection', { err: { type: e.name, message: e.message, code: e.code } }); } });

const gids = new dns.Resolver({ timeout: 900, tries: 2 });
gids.setServers([inst.naamserver]);
const zoek = (naam, o, klaar) => gids.resolve4(naam, (e, a) => e ? klaar(e) : o.all ? klaar(null, a.map(address => ({ address, family: 4 }))) : klaar(null, a[0], 4));
const ca = fs.readFileSync(inst.ca);

function haal(regio) {
  return new Promise((goed, mis) => {
    const t = process.hrtime.bigint();
    const r = https.request({ host: inst.beurs.naam, servername: inst.beurs.naam, port: inst.beurs.poort, path: `/dayahead/${regio}`, lookup: zoek, ca, agent: false, headers: { authorization: `Bearer ${process.env.BEURS_SLEUTEL}` } }, a => {
      let s = '';
      a.on('data', d => { s += d; });
      a.on('end', () => {
        beurs.observe(Number(process.hrtime.bigint() - t) / 1e9);
        if (a.statusCode !== 200) return mis(Object.assign(new Error(`${inst.beurs.naam} replied ${a.statusCode} ${s.trim().slice(0, 120)}`), { code: `HTTP_${a.statusCode}` }));
        try { goed(JSON.parse(s)); } catch (e) { mis(e); }
      });
    });
    r.setTimeout(inst.beurs.ms, () => r.destroy(Object.assign(new Error(`no reply from ${inst.beurs.naam} within ${inst.beurs.ms} ms`), { code: 'ETIMEDOUT' })));
    r.on('error', e => { beurs.observe(Number(process.hrtime.bigint() - t) / 1e9); mis(e); });
    r.end();
  });
}

async function prijs(regio) {
  const sleutel = `dagprijs:${regio}`;
  try {
    const s = await prikbord.get(sleutel);
    treffers.inc({ result: s ? 'hit' : 'miss' });
    if (s) return JSON.parse(s);
  } catch (e) { treffers.inc({ result: 'error' }); pino(40, 'quote cache skipped', { err: { message: e.message } }); }
  const p = await haal(regio);
  prikbord.set(sleutel, JSON.stringify(p), 'EX', inst.houdbaar).catch(() => {});
  return p;
}

const factor = { E1: 1, E2: 0.93, E3: 0.88, G1: 0.61 };
const belasting = (klasse, uur) => (factor[klasse] || 1) * (1 + 0.4 * Math.sin(uur / 3.82) + 0.2 * Math.cos(uur / 1391));
const standaard = {};
for (const k of Object.keys(factor)) standaard[k] = Array.from({ length: 8760 }, (_, u) => belasting(k, u));
const profielVan = klasse => standaard[klasse] || standaard.E1;
const eerder = [];

async function tarief(q) {
  const regio = +q.get('regio'), klasse = q.get('klasse');
  const p = await prijs(regio);
  const profiel = profielVan(klasse);
  let som = 0;
  for (let i = 0; i < 8760; i += 4) som += profiel[i] * p.uren[i % 24];
  return { regio, klasse, centPerKwh: Math.round(som / 2190 * 100) / 100, geldigTot: new Date(Date.now() + 9e5).toISOString(), versie: VERSIE };
}

http.createServer(async (v, a) => {
  const u = new URL(v.url, 'http://x');
  if (u.pathname === '/metrics') { a.setHeader('content-type', prom.register.contentType); return a.end(await prom.register.metrics()); }
  const stop = duur.startTimer({ route: u.pathname });
  let code = 200, lijf;
  try {
    if (u.pathname !== '/v1/tarief') { code = 404; lijf = { error: 'unknown' }; } else lijf = await tarief(u.searchParams);
  } catch (e) {
    code = e.code ? 503 : 500; lijf = { error: e.code || e.name };
    beursMis.inc({ reason: e.code || e.name });
    pino(50, 'quote failed', { req: { url: v.url }, err: { type: e.name, code: e.code, message: e.message, stack: e.code ? undefined : e.stack } });
  }
  a.statusCode = code; a.setHeader('content-type', 'application/json'); a.end(JSON.stringify(lijf)); stop({ code });
}).listen(+process.argv[3], '127.0.0.1', () => pino(30, 'listening', { version: VERSIE }));
