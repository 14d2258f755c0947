// lobby: queueing for a match, leaderboard. Settings come from the environment, the name rules from a JSON file.
const http = require('http'), fs = require('fs');
const { connect, JSONCodec } = require('nats'); const Redis = require('ioredis'); const prom = require('prom-client');
const E = process.env, jc = JSONCodec();
const log = (level, msg, extra = {}) => console.log(JSON.stringify({ ts: new Date().toISOString(), level, svc: 'lobby', msg, ...extra }));
prom.collectDefaultMetrics({ eventLoopMonitoringPrecision: 20 });
const reqs = new prom.Counter({ name: 'lobby_http_requests_total', help: 'requests', labelNames: ['route', 'code'] });
const dur = new prom.Histogram({ name: 'lobby_http_request_duration_seconds', help: 'durations', labelNames: ['route'], buckets: [.01, .05, .2, .5, 1, 2, 5] });
const joins = new prom.Counter({ name: 'lobby_join_requests_total', help: 'join requests on the bus', labelNames: ['result'] });
const cmds = new prom.Counter({ name: 'lobby_redis_errors_total', help: 'failed redis commands' });
let names = JSON.parse(fs.readFileSync(E.NAME_RULES)); let rule = new RegExp(names.allowed);
fs.watchFile(E.NAME_RULES, { interval: 1000 }, () => { try { names = JSON.parse(fs.readFileSync(E.NAME_RULES)); rule = new RegExp(names.allowed); log('info', 'name rules loaded', { version: names.version }); } catch (e) { log('error', 'name rules unreadable', { err: e.message }); } });
const [rh, rp] = E.RANKS.split(':');
const redis = new Redis({ host: rh, port: +rp, maxRetriesPerRequest: 1, commandTimeout: 2500, connectTimeout: 2000, retryStrategy: () => 800 });
redis.on('error', e => log('warn', 'redis connection', { err: e.message }));
let nc; let lastErr = 0;
async function bus() {
  for (;;) {
    try {
      nc = await connect({ servers: E.BUS, name: 'lobby', user: 'lobby', pass: E.BUS_PASS, reconnectTimeWait: 700, maxReconnectAttempts: -1, timeout: 3000, pingInterval: 5000 });
      log('info', 'connected to bus', { server: nc.getServer() });
      (async () => { for await (const s of nc.status()) if (s.type !== 'pingTimer') log(s.type === 'reconnect' ? 'info' : 'warn', 'bus ' + s.type, { data: String(s.data) }); })();
      const err = await nc.closed(); log('error', 'bus connection closed', { err: err && err.message });
    } catch (e) { log('error', 'cannot connect to bus', { err: e.message }); }
    await new Promise(r => setTimeout(r, 1000));
  }
}
bus();
const loadout = id => ({ player: id, slots: Array.from({ length: 40 }, (_, i) => ({ item: 'item-' + (id * 7 + i) % 400, skin: 'default', mods: ['none', 'none', 'none'] })) });
const body = q => new Promise(r => { let b = ''; q.on('data', c => b += c); q.on('end', () => r(b)); });
async function handle(q, id, route, text) {
  if (route === 'board') {
    const r = await redis.zrevrange('board:season9', 0, 60, 'WITHSCORES'); return [200, { board: r }];
  }
  if (route === 'rename') {
    const name = JSON.parse(text).name;
    if (!rule.test(name)) return [422, { error: 'name not allowed' }];
    await redis.hset('names', id, name); return [200, { name }];
  }
  if (route === 'queue') {
    await redis.set('session:' + id, Date.now(), 'EX', 120);
    let m;
    try { m = jc.decode((await nc.request('match.join', jc.encode(loadout(id)), { timeout: 4000 })).data); }
    catch (e) { joins.inc({ result: e.code || 'error' }); throw e; }
    joins.inc({ result: m.error ? 'refused' : 'ok' });
    if (m.error) return [503, { error: m.error }];
    await redis.zincrby('board:season9', 1 + id % 5, 'p' + id);
    return [200, m];
  }
  return [404, {}];
}
http.createServer(async (q, r) => {
  const t = process.hrtime.bigint(), [, route, id] = new URL(q.url, 'http://x').pathname.split('/'); let code, out;
  const text = await body(q);
  try { [code, out] = await handle(q, +id || 0, route, text); if (code === 503) log('warn', 'join refused', { player: +id, reason: out.error }); }
  catch (e) { code = 500; out = { error: 'internal' }; log('error', 'request failed', { route, player: +id, err: e.message || String(e), code: e.code }); if (/READONLY|MISCONF|OOM|timed out|ECONN/.test(e.message || '')) cmds.inc(); }
  r.writeHead(code, { 'Content-Type': 'application/json' }); r.end(JSON.stringify(out));
  reqs.inc({ route: route || '-', code }); dur.observe({ route: route || '-' }, Number(process.hrtime.bigint() - t) / 1e9);
}).listen(+E.PORT, '127.0.0.1', () => log('info', 'lobby listening', { version: E.VERSION }));
http.createServer(async (q, r) => { r.end(await prom.register.metrics()); }).listen(+E.METRICS, '127.0.0.1');
