// catalog: articles and uploads over HTTP, logs as pino writes them. Settings come from the environment.
'use strict';
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');

const version = process.env.APP_VERSION || '5.2.0';
const uploads = process.env.UPLOADS;
const articles = Array.from({ length: 5000 }, (_, id) => ({
  id,
  name: `Article ${id}`,
  price: 990 + (id * 37) % 9000,
  ...(id % 5 ? { prices: { EUR: { amount: 990 + (id * 37) % 9000 } } } : {}),
  words: Array.from({ length: 12 }, (_, k) => `w${(id * 31 + k * 17 + ((id * k) % 13)) % 400}`),
  related: [1, 2, 3, 4, 5].map((k) => (id + k) % 5000),
}));
const started = Date.now() / 1000;
const log = (level, msg, more) =>
  process.stdout.write(JSON.stringify({ level, time: Date.now(), pid: process.pid, hostname: process.env.HOST_NAME, name: 'catalog', ...more, msg }) + '\n');

const counts = new Map();
const sums = new Map();
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const within = new Map();
let active = 0;
let lag = 0;
const kept = [];
let uploaded = 0;

const add = (map, key, value) => map.set(key, (map.get(key) || 0) + value);

function metrics() {
  const memory = process.memoryUsage();
  const cpu = process.cpuUsage();
  const lines = [
    '# TYPE http_request_duration_seconds histogram', '# TYPE http_requests_total counter',
    '# TYPE nodejs_eventloop_lag_seconds gauge', `nodejs_eventloop_lag_seconds ${lag}`,
    '# TYPE nodejs_active_requests gauge', `nodejs_active_requests ${active}`,
    '# TYPE nodejs_heap_size_used_bytes gauge', `nodejs_heap_size_used_bytes ${memory.heapUsed}`,
    '# TYPE nodejs_heap_size_total_bytes gauge', `nodejs_heap_size_total_bytes ${memory.heapTotal}`,
    '# TYPE nodejs_external_memory_bytes gauge', `nodejs_external_memory_bytes ${memory.external}`,
    '# TYPE process_resident_memory_bytes gauge', `process_resident_memory_bytes ${memory.rss}`,
    '# TYPE process_cpu_seconds_total counter', `process_cpu_seconds_total ${(cpu.user + cpu.system) / 1e6}`,
    '# TYPE process_start_time_seconds gauge', `process_start_time_seconds ${started}`,
    '# TYPE catalog_uploads_total counter', `catalog_uploads_total ${uploaded}`,
    '# TYPE nodejs_version_info gauge', `nodejs_version_info{version="${process.version}"} 1`,
    '# TYPE catalog_build_info gauge', `catalog_build_info{version="${version}"} 1`,
  ];
  for (const [key, n] of counts) lines.push(`http_requests_total{${key}} ${n}`);
  for (const [key, s] of sums) lines.push(`http_request_duration_seconds_sum{${key}} ${s}`);
  for (const [key, n] of within) lines.push(`http_request_duration_seconds_bucket{${key}} ${n}`);
  return lines.join('\n') + '\n';
}

let last = process.hrtime.bigint();
setInterval(() => {
  const now = process.hrtime.bigint();
  lag = Math.max(0, Number(now - last) / 1e9 - 0.5);
  last = now;
}, 500);

function related(article) {
  if (process.env.RANKING !== 'full') return article.related;
  return articles
    .map((other) => ({ id: other.id, score: other.words.filter((w) => article.words.includes(w)).length }))
    .sort((a, b) => b.score - a.score).slice(0, 5).map((o) => o.id);
}

function price(article) {
  if (process.env.CURRENCIES !== 'list') return article.price;
  return article.prices.EUR.amount; // articles before 2024 have no list of prices
}

function answer(request, url) {
  const id = Number(url.split('/').pop()) || 1;
  const article = articles[id % articles.length];
  if (process.env.HISTORY === 'on') kept.push({ at: Date.now(), seen: JSON.stringify(article).repeat(60) });
  return JSON.stringify({ id: article.id, name: article.name, price: price(article), related: related(article) });
}

function upload(request, done) {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const file = path.join(uploads, `u${Date.now()}-${uploaded % 50}.jpg`);
    fs.writeFile(file, Buffer.concat([...chunks, Buffer.alloc(20000, 7)]), (error) => {
      if (error) return done(error);
      uploaded += 1;
      setTimeout(() => fs.unlink(file, () => {}), 4000);
      return done(null, JSON.stringify({ stored: path.basename(file) }));
    });
  });
}

const server = http.createServer((request, response) => {
  if (request.url === '/metrics') {
    response.end(metrics());
    return;
  }
  if (request.url === '/healthz') {
    response.end('ok');
    return;
  }
  const begun = process.hrtime.bigint();
  const route = request.method === 'POST' ? '/uploads' : '/articles/:id';
  active += 1;
  const finish = (error, body) => {
    active -= 1;
    const took = Number(process.hrtime.bigint() - begun) / 1e9;
    const status = error ? 500 : 200;
    add(counts, `method="${request.method}",route="${route}",status="${status}"`, 1);
    add(sums, `route="${route}"`, took);
    for (const le of [...buckets, Infinity]) {
      add(within, `route="${route}",le="${le === Infinity ? '+Inf' : le}"`, took <= le ? 1 : 0);
    }
    if (error) {
      log(50, 'request errored', { req: { method: request.method, url: request.url }, err: { type: error.name, message: error.message, stack: error.stack } });
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(error ? JSON.stringify({ message: 'Internal Server Error' }) : body);
  };
  try {
    if (request.method === 'POST') upload(request, finish);
    else finish(null, answer(request, request.url));
  } catch (error) {
    finish(error);
  }
});
server.keepAliveTimeout = 5000;
server.listen(Number(process.env.PORT), '127.0.0.1', () => log(30, `catalog ${version} listening on ${process.env.PORT}`, { cpus: os.cpus().length }));
process.on('SIGTERM', () => {
  log(30, 'SIGTERM received, closing');
  process.exit(0);
});
