// matchmaker: pairs two players and asks the arena for a room
const http = require('http'); const { connect, JSONCodec } = require('nats'); const prom = require('prom-client');
const E = process.env, jc = JSONCodec();
const log = (lvl, msg) => console.log(`${new Date().toISOString()} ${lvl.padEnd(5)} [matchmaker] ${msg}`);
const made = new prom.Counter({ name: 'matchmaker_matches_total', help: 'matches made' });
const no = new prom.Counter({ name: 'matchmaker_room_requests_failed_total', help: 'room requests that failed', labelNames: ['why'] });
const wait = new prom.Gauge({ name: 'matchmaker_players_waiting', help: 'players waiting' });
const recv = new prom.Counter({ name: 'matchmaker_joins_received_total', help: 'joins received' });
prom.collectDefaultMetrics();
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const room = players => new Promise((ok, bad) => {
  const [host, port] = E.ARENA.split(':'); const b = JSON.stringify({ players });
  const q = http.request({ host, port, path: '/rooms', method: 'POST', agent, timeout: 3000, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(b) } }, r => { let t = ''; r.on('data', c => t += c); r.on('end', () => r.statusCode === 201 ? ok(JSON.parse(t)) : bad(new Error(`arena said ${r.statusCode} ${t.slice(0, 80)}`))); });
  q.on('timeout', () => q.destroy(new Error('arena timed out after 3000 ms'))); q.on('error', bad); q.end(b);
});
let waiting = [], n = 0;
async function pair(a, b) {
  try { const r = await room([a.p, b.p]); for (const x of [a, b]) x.m.respond(jc.encode({ room: r.room })); made.inc(); if (++n % 50 === 0) log('INFO', `${n} matches so far`); }
  catch (e) { no.inc({ why: /said (\d+)/.test(e.message) ? RegExp.$1 : 'error' }); log('ERROR', `no room for p${a.p} and p${b.p}: ${e.message}`); for (const x of [a, b]) x.m.respond(jc.encode({ error: 'no room' })); }
}
(async () => {
  for (;;) {
    try {
      const nc = await connect({ servers: E.BUS, name: 'matchmaker', user: 'matchmaker', pass: E.BUS_PASS, reconnectTimeWait: 700, maxReconnectAttempts: -1, pingInterval: 5000 });
      log('INFO', 'subscribed to match.join');
      (async () => { for await (const s of nc.status()) if (s.type !== 'pingTimer') log('WARN', `bus ${s.type} ${s.data}`); })();
      for await (const m of nc.subscribe('match.join', { queue: 'makers' })) {
        recv.inc(); waiting.push({ m, p: jc.decode(m.data).player, t: Date.now() });
        waiting = waiting.filter(x => Date.now() - x.t < 4000);
        if (waiting.length >= 2) pair(waiting.shift(), waiting.shift());
        wait.set(waiting.length);
      }
    } catch (e) { log('ERROR', `bus: ${e.message}`); }
    await new Promise(r => setTimeout(r, 1000));
  }
})();
http.createServer(async (q, r) => r.end(await prom.register.metrics())).listen(+E.METRICS, '127.0.0.1');
