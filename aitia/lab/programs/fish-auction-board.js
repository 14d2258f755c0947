// The price board of an auction hall: last prices from NATS, charts from InfluxDB, bids as requests over NATS. What may change while
// it runs is read from etcd, all else from the environment. Logs as log4js writes them.
'use strict';
const fs = require('fs');
const http = require('http');
const net = require('net');
const tls = require('tls');

const env = process.env;
const version = env.APP_VERSION || '7.4.1';
const started = Date.now() / 1000;
const log = (level, category, text) =>
  process.stdout.write(`[${new Date().toISOString().slice(0, -1)}] [${level}] ${category} - ${text}\n`);

// ---- measurements
const series = new Map();
const types = new Map();
const LE = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4];
const add = (type, name, labels, by = 1) => {
  types.set(name, type);
  const key = `${name}{${labels}}`;
  series.set(key, type === 'gauge' ? by : (series.get(key) || 0) + by);
};
function observe(name, labels, seconds) {
  types.set(name, 'histogram');
  for (const le of [...LE, '+Inf']) {
    const key = `${name}_bucket{${labels},le="${le}"}`;
    series.set(key, (series.get(key) || 0) + (le === '+Inf' || seconds <= le ? 1 : 0));
  }
  for (const [end, by] of [['_sum', seconds], ['_count', 1]]) {
    series.set(`${name}${end}{${labels}}`, (series.get(`${name}${end}{${labels}}`) || 0) + by);
  }
}
function exposition() {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  for (const hall of ['north', 'south']) {
    const times = [...prices.values()].filter((p) => p.hall === hall).map((p) => p.at);
    if (times.length) add('gauge', 'fishboard_quote_age_seconds', `hall="${hall}"`, (Date.now() - Math.max(...times)) / 1e3);
  }
  add('gauge', 'fishboard_wire_connected', '', wire.ready ? 1 : 0);
  add('gauge', 'fishboard_bids_waiting', '', waiting.size);
  add('gauge', 'fishboard_settings_revision', '', Number(revision));
  add('gauge', 'fishboard_info', `version="${version}"`, 1);
  add('gauge', 'process_resident_memory_bytes', '', memory.rss);
  add('gauge', 'process_start_time_seconds', '', started);
  add('gauge', 'nodejs_heap_size_used_bytes', '', memory.heapUsed);
  add('gauge', 'nodejs_external_memory_bytes', '', memory.external);
  add('gauge', 'nodejs_eventloop_lag_seconds', '', lag);
  types.set('process_cpu_seconds_total', 'counter');
  series.set('process_cpu_seconds_total{}', (cpu.user + cpu.system) / 1e6);
  return [...types].map(([name, type]) => `# TYPE ${name} ${type}`).concat([...series].map(([key, n]) => `${key.replace('{}', '')} ${n}`)).join('\n') + '\n';
}
let lag = 0;
let last = process.hrtime.bigint();
setInterval(() => {
  const now = process.hrtime.bigint();
  lag = Math.max(0, Number(now - last) / 1e9 - 0.5);
  last = now;
}, 500);

// ---- settings
let settings = null;
let revision = 0;
const keeper = new URL(env.KEEPER);
function ask(options, body, ms, done) {
  let over = false;
  const once = (error, text) => { if (!over) { over = true; done(error, text); } };
  const request = http.request(options, (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('error', once);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      if (response.statusCode < 300) once(null, text);
      else once(new Error(`HTTP ${response.statusCode}: ${text.trim().slice(0, 200)}`));
    });
  });
  request.setTimeout(ms, () => request.destroy(new Error(`no answer within ${ms} ms`)));
  request.on('error', once);
  request.end(body);
}
function readSettings() {
  const body = JSON.stringify({ key: Buffer.from('/auction/board').toString('base64') });
  ask({ host: keeper.hostname, port: keeper.port, path: '/v3/kv/range', method: 'POST', headers: { 'Content-Length': body.length } }, body, 3000, (error, text) => {
    try {
      if (error) throw error;
      const [found] = JSON.parse(text).kvs;
      if (found.mod_revision === revision) return;
      settings = JSON.parse(Buffer.from(found.value, 'base64').toString());
      revision = found.mod_revision;
      log('INFO', 'settings', `revision ${revision} of /auction/board in use: ${JSON.stringify(settings)}`);
    } catch (problem) {
      add('counter', 'fishboard_settings_errors_total', '');
      log('WARN', 'settings', `cannot read /auction/board, keeping revision ${revision}: ${problem.message}`);
    }
  });
}
readSettings();
setInterval(readSettings, 4000);

// ---- NATS
const prices = new Map();
const waiting = new Map();
const tape = [];
const wire = { socket: null, ready: false, pings: 0 };
const inbox = `_INBOX.${Math.random().toString(36).slice(2)}`;
let bids = 0;

function lost(socket, why) {
  if (wire.socket !== socket) return;
  wire.socket = null;
  wire.ready = false;
  socket.destroy();
  add('counter', 'fishboard_wire_disconnects_total', '');
  log('ERROR', 'wire', `connection lost: ${why}; reconnecting in 1 s`);
  setTimeout(connect, 1000);
}
function connect() {
  const raw = net.connect(Number(env.WIRE_PORT), '127.0.0.1');
  wire.socket = raw;
  wire.pings = 0;
  raw.setTimeout(5000, () => wire.ready || lost(wire.socket, 'timeout'));
  raw.on('error', (error) => lost(wire.socket, error.message));
  raw.on('close', () => lost(wire.socket, 'closed by server'));
  raw.once('data', () => { // INFO; the server wants TLS
    const socket = tls.connect({ socket: raw, ca: fs.readFileSync(env.WIRE_CA), servername: env.WIRE_NAME });
    wire.socket = socket;
    socket.on('error', (error) => lost(socket, error.message));
    socket.on('close', () => lost(socket, 'closed by server'));
    socket.on('secureConnect', () => {
      const hello = { verbose: false, pedantic: false, user: env.WIRE_USER, pass: env.WIRE_PASSWORD, lang: 'javascript', name: 'board', protocol: 1 };
      socket.write(`CONNECT ${JSON.stringify(hello)}\r\nSUB price.> 1\r\nSUB ${inbox}.* 2\r\nPING\r\n`);
    });
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const words = rest.subarray(0, end).toString().split(' ');
        if (words[0] === 'MSG') {
          const size = Number(words[words.length - 1]);
          if (rest.length < end + size + 4) return;
          message(words[1], rest.subarray(end + 2, end + 2 + size).toString());
          rest = rest.subarray(end + size + 4);
          continue;
        }
        if (words[0] === 'PING') socket.write('PONG\r\n');
        if (words[0] === 'PONG') {
          wire.pings = 0;
          if (!wire.ready) log('INFO', 'wire', `connected to ${env.WIRE_NAME}`);
          wire.ready = true;
        }
        if (words[0] === '-ERR') log('ERROR', 'wire', `server says ${words.slice(1).join(' ')}`);
        rest = rest.subarray(end + 2);
      }
    });
  });
}
setInterval(() => {
  if (!wire.ready) return;
  if (wire.pings >= 2) lost(wire.socket, 'stale connection, no PONG');
  else {
    wire.pings += 1;
    wire.socket.write('PING\r\n');
  }
}, 4000);

function message(subject, text) {
  if (subject.startsWith(inbox)) {
    const found = waiting.get(subject);
    if (found) found(JSON.parse(text));
    return;
  }
  const tick = JSON.parse(text);
  add('counter', 'fishboard_ticks_total', `hall="${tick.hall}"`);
  prices.set(`${tick.hall}/${tick.lot}`, { ...tick, at: Date.now() });
  if (env.TAPE === 'whole-day') tape.push({ at: Date.now(), board: JSON.stringify([...prices.values()]), marks: Buffer.alloc(40000, 1) });
}
connect();

// ---- what is asked
class Refused extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}
function fresh(hall, lot) {
  const price = prices.get(`${hall}/${lot}`);
  if (!price) throw new Refused(503, `no price of ${hall}/${lot} yet`);
  const age = (Date.now() - price.at) / 1e3;
  if (age > settings.stale_s) throw new Refused(503, `price of ${hall}/${lot} is ${age.toFixed(1)} s old`);
  const amount = Number(price.price);
  if (Number.isNaN(amount)) throw new TypeError(`price of ${hall}/${lot} is not a number: ${JSON.stringify(price.price)}`);
  return { hall, lot: price.lot, price: amount, kg: price.kg, species: price.species };
}
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
function chart(hall, done) {
  const from = `FROM ticks WHERE hall = '${hall}' AND time > now() - ${settings.chart_window}`;
  const q = `SELECT mean(price), max(price), min(price) ${from} GROUP BY time(${settings.chart_step}), lot fill(none)`;
  const begun = Date.now();
  ask({
    agent, host: settings.ledger_host, port: settings.ledger_port, path: `/query?db=auction&epoch=s&q=${encodeURIComponent(q)}`,
    headers: { Authorization: `Basic ${Buffer.from(`board:${env.LEDGER_PASSWORD}`).toString('base64')}` },
  }, undefined, 4000, (error, text) => {
    observe('fishboard_ledger_query_seconds', 'query="chart"', (Date.now() - begun) / 1e3);
    if (!error) {
      const [result] = JSON.parse(text).results;
      if (!result.error) {
        const lines = (result.series || []).map((s) => ({ lot: s.tags.lot, points: s.values.slice(-30) }));
        return done(null, { hall, lines });
      }
      error = new Error(result.error);
    }
    add('counter', 'fishboard_ledger_errors_total', 'query="chart"');
    return done(new Refused(502, `ledger ${settings.ledger_host}:${settings.ledger_port}: ${error.message}`));
  });
}
function bid(hall, lot, body, done) {
  if (!wire.ready) throw new Refused(503, 'not connected to wire');
  const { price } = fresh(hall, lot);
  bids += 1;
  const reply = `${inbox}.${bids}`;
  const begun = Date.now();
  const timer = setTimeout(() => {
    waiting.delete(reply);
    add('counter', 'fishboard_bids_total', `hall="${hall}",result="timeout"`);
    done(new Refused(504, `no reply from hall ${hall} within ${settings.bid_timeout_ms} ms`));
  }, settings.bid_timeout_ms);
  waiting.set(reply, (answer) => {
    clearTimeout(timer);
    waiting.delete(reply);
    observe('fishboard_bid_reply_seconds', `hall="${hall}"`, (Date.now() - begun) / 1e3);
    add('counter', 'fishboard_bids_total', `hall="${hall}",result="${answer.error ? 'refused' : 'taken'}"`);
    if (answer.error) done(new Refused(502, `hall ${hall}: ${answer.error}`));
    else done(null, answer);
  });
  const text = JSON.stringify({ ...JSON.parse(body), lot, price, board: version, terms: 'net 14 days, delivery ex hall, weights as landed, box deposit charged apart' });
  wire.socket.write(`PUB hall.${hall}.bid ${reply} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
}

// ---- the banner above the board
const SPECIES = { cod: { latin: 'Gadus morhua' }, plaice: { latin: 'Pleuronectes platessa' }, turbot: { latin: 'Scophthalmus maximus' } };
setInterval(() => {
  const words = [...prices.values()].map((p) => (env.BANNER === 'latin' ? `${SPECIES[p.species].latin} ${p.price}` : `${p.species} ${p.price}`));
  add('gauge', 'fishboard_banner_length', '', words.join(' +++ ').length);
}, 3000);

http.createServer((request, response) => {
  if (request.url === '/metrics') return response.end(exposition());
  if (request.url === '/healthz') return response.end('ok');
  const begun = process.hrtime.bigint();
  const [, what, hall, lot] = request.url.split('/');
  const chunks = [];
  const finish = (error, found) => {
    const code = error ? error.code || 500 : 200;
    const status = typeof code === 'number' ? code : 500;
    add('counter', 'fishboard_requests_total', `handler="${what}",code="${status}"`);
    observe('fishboard_request_seconds', `handler="${what}"`, Number(process.hrtime.bigint() - begun) / 1e9);
    if (error) log(error instanceof Refused ? 'WARN' : 'ERROR', 'http', `${request.method} ${request.url} ${status}: ${error instanceof Refused ? error.message : error.stack}`);
    const keep = { board: 1, chart: settings ? settings.chart_ttl_s : 0 }[what];
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': error || !keep ? 'no-store' : `max-age=${keep}` });
    response.end(JSON.stringify(error ? { message: http.STATUS_CODES[status] } : found));
  };
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    try {
      if (!settings) throw new Refused(503, 'no settings yet');
      if (what === 'board') finish(null, fresh(hall, lot));
      else if (what === 'chart') chart(hall, finish);
      else if (what === 'bids') bid(hall, Number(lot), Buffer.concat(chunks).toString(), finish);
      else throw new Refused(404, 'no such page');
    } catch (error) {
      finish(error);
    }
  });
}).listen(Number(env.PORT), '127.0.0.1', () => log('INFO', 'http', `board ${version} listens on ${env.PORT}`));
process.on('SIGTERM', () => {
  log('INFO', 'http', 'SIGTERM, closing');
  process.exit(0);
});
