// cuadro-api: API del cuadro de mando de telemetria
'use strict';
const http = require('http'), net = require('net'), os = require('os');
const { Resolver } = require('dns').promises;
const { monitorEventLoopDelay } = require('perf_hooks');
const E = process.env;
const [esc, puerto] = process.argv[2].split(':');
const histPuerto = Number(E.HISTORICO_PUERTO);
const dns = new Resolver({ timeout: 1200, tries: 2 });
dns.setServers([E.DNS]);
const lag = monitorEventLoopDelay({ resolution: 20 }); lag.enable();
const cont = new Map(), dur = new Map(), edad = new Map();
const suma = (m, k, v = 1) => m.set(k, (m.get(k) || 0) + v);
const log = (level, msg, o = {}) => process.stdout.write(JSON.stringify({ level, time: Date.now(), pid: process.pid, hostname: 'tele-3', name: 'cuadro-api', ...o, msg }) + '\n');
const err = e => ({ type: e.name, code: e.code, message: e.message });

// --- redis (RESP) ---
let sock = null, espera = [], resto = Buffer.alloc(0);
function redisConecta() {
  if (sock) return sock;
  const [h, p] = E.CACHE.split(':');
  sock = net.connect(Number(p), h);
  sock.setNoDelay(true);
  sock.on('data', d => {
    resto = Buffer.concat([resto, d]);
    for (;;) {
      const i = resto.indexOf('\r\n'); if (i < 0) return;
      const c = String.fromCharCode(resto[0]), l = resto.toString('utf8', 1, i);
      let val = l, fin = i + 2;
      if (c === '$') { const n = Number(l); if (n < 0) val = null; else { if (resto.length < fin + n + 2) return; val = resto.toString('utf8', fin, fin + n); fin += n + 2; } }
      resto = resto.subarray(fin);
      const w = espera.shift(); if (w) c === '-' ? w.no(new Error(l)) : w.si(val);
    }
  });
  const fin = e => { const x = espera; espera = []; resto = Buffer.alloc(0); if (sock) sock.destroy(); sock = null; x.forEach(w => w.no(e || new Error('Socket closed unexpectedly'))); };
  sock.on('error', fin); sock.on('close', () => fin());
  return sock;
}
function redis(...a) {
  return new Promise((si, no) => {
    const s = redisConecta();
    const w = { si: v => { clearTimeout(t); si(v); }, no: e => { clearTimeout(t); no(e); } };
    const t = setTimeout(() => { no(Object.assign(new Error('Command timed out'), { name: 'TimeoutError' })); }, 1800);
    espera.push(w);
    s.write(`*${a.length}\r\n` + a.map(x => `$${Buffer.byteLength(String(x))}\r\n${x}\r\n`).join(''));
  });
}
async function conCache(k, seg, f) {
  try { const v = await redis('GET', k); suma(cont, `cuadro_cache_total{resultado="${v ? 'acierto' : 'fallo'}"}`); if (v) return JSON.parse(v); }
  catch (e) { suma(cont, 'cuadro_cache_total{resultado="error"}'); log(40, 'cache no disponible', { err: err(e), clave: k }); }
  const v = await f();
  redis('SET', k, JSON.stringify(v), 'PX', seg * 1000).catch(() => {});
  return v;
}
function pide(destino, opc, ms) {
  return new Promise((si, no) => {
    const r = http.request({ ...opc, agent: false }, x => {
      let b = ''; x.on('data', d => { b += d; }); x.on('end', () => si({ s: x.statusCode, b })); x.on('error', no);
    });
    r.setTimeout(ms, () => r.destroy(Object.assign(new Error(`timeout of ${ms}ms exceeded`), { code: 'ECONNABORTED' })));
    r.on('error', no); r.end();
  }).then(x => { suma(cont, `cuadro_llamadas_total{destino="${destino}",resultado="${x.s}"}`); return x; },
    e => { suma(cont, `cuadro_llamadas_total{destino="${destino}",resultado="${e.code || e.name}"}`); throw e; });
}
async function influx(q) {
  const ips = await dns.resolve4(E.HISTORICO_NOMBRE);
  for (let n = 0; ; n++) {
    try {
      const r = await pide('historico', { host: ips[0], port: histPuerto, path: '/query?' + new URLSearchParams({ db: 'telemetria', u: 'cuadro', p: E.CLAVE_HISTORICO, epoch: 'ms', q }) }, 4000);
      if (r.s !== 200) throw new Error(`Request failed with status code ${r.s}: ${r.b.trim().slice(0, 160)}`);
      const x = JSON.parse(r.b).results[0];
      if (x.error) throw new Error(x.error);
      return x.series || [];
    } catch (e) { if (n >= 1) throw e; log(40, 'reintento', { destino: 'historico', err: err(e) }); }
  }
}
class SinDatos extends Error {}
const memoria = new Map();
const rutas = {
  async zonas(n) {
    const z = await conCache(`z:${n}`, 1, async () => influx(`SELECT last(caudal) FROM lecturas WHERE zona='z${n}' AND time > now() - 10m GROUP BY contador`));
    const t = z.map(s => s.values[0][0]);
    const v = t.length ? (Date.now() - Math.max(...t)) / 1000 : 600;
    edad.set(n, v);
    if (v > 20) throw new SinDatos(`zona ${n}: ultima lectura hace ${Math.round(v)} s`);
    return { zona: n, contadores: z.length, caudal: z.reduce((a, s) => a + s.values[0][1], 0) };
  },
  async serie(n) {
    const c = 'C' + String(n).padStart(3, '0');
    const s = await conCache(`s:${n}`, 3, async () => influx(`SELECT mean(caudal), max(presion) FROM lecturas WHERE contador='${c}' AND time > now() - 10m GROUP BY time(5s) fill(none)`));
    memoria.set(`${n}:${Math.floor(Date.now() / 1000)}`, s.map(x => x.values.map(v => ({ t: v[0], caudal: v[1], presion: v[2] }))));
    if (memoria.size > 900) memoria.delete(memoria.keys().next().value);
    return { contador: c, valores: s[0] ? s[0].values : [] };
  },
  async ficha(n) {
    const [h, p] = E.CATALOGO.split(':');
    const r = await pide('catalogo', { host: h, port: p, path: '/contadores/C' + String(n).padStart(3, '0') }, 4000);
    if (r.s >= 500) throw new Error(`Request failed with status code ${r.s}`);
    return JSON.parse(r.b);
  },
  async pronostico() {
    const [h, p] = E.METEO.split(':');
    return conCache('meteo', 2, async () => JSON.parse((await pide('meteo', { host: h, port: p, path: '/v2/prevision?cuenca=ebro' }, 3000)).b));
  },
};
http.createServer(async (q, r) => {
  const [, v, ruta, n] = q.url.split('?')[0].split('/');
  if (q.url === '/metrics') {
    r.setHeader('Content-Type', 'text/plain; version=0.0.4');
    const m = process.memoryUsage();
    return r.end([...cont, ...dur].map(([k, x]) => `${k} ${x}`).concat([...edad].map(([z, x]) => `cuadro_edad_lectura_segundos{zona="${z}"} ${x}`),
      `nodejs_eventloop_lag_p99_seconds ${lag.percentile(99) / 1e9}`, `nodejs_heap_size_used_bytes ${m.heapUsed}`, `nodejs_heap_size_total_bytes ${m.heapTotal}`, `process_resident_memory_bytes ${m.rss}`,
      `cuadro_memoria_entradas ${memoria.size}`).join('\n') + '\n');
  }
  if (q.url === '/salud') return r.end('{"estado":"ok"}');
  const f = v === 'v1' && rutas[ruta], t = process.hrtime.bigint();
  let s = 200, b;
  try { if (!f) { s = 404; b = {}; } else b = await f(n); }
  catch (e) {
    s = e instanceof SinDatos ? 503 : 502;
    b = { error: s === 503 ? 'sin_datos_recientes' : 'servicio_no_disponible' };
    log(s === 503 ? 40 : 50, s === 503 ? e.message : `GET ${q.url}`, s === 503 ? { ruta } : { ruta, err: err(e) });
  }
  const d = Number(process.hrtime.bigint() - t) / 1e9;
  suma(cont, `cuadro_peticiones_total{ruta="${ruta}",estado="${s}"}`);
  suma(dur, `cuadro_latencia_segundos_sum{ruta="${ruta}"}`, d); suma(dur, `cuadro_latencia_segundos_count{ruta="${ruta}"}`);
  r.statusCode = s; r.setHeader('Content-Type', 'application/json'); r.end(JSON.stringify(b));
}).listen(Number(puerto), esc, () => log(30, `escuchando en ${puerto}`, { version: E.VERSION || '5.2.0', node: process.version }));
