// Spans for a Node service, loaded before it (`node --require tracing.js`): requests that it serves, files that it writes.
// The OpenTelemetry SDK for Node is a package of npm only; what it would send, OTLP as JSON, is made by hand here. Settings
// come from the environment, by the names of the SDK. Without an endpoint nothing is done.
'use strict';
const { AsyncLocalStorage } = require('async_hooks');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');

const endpoint = process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
const [INTERNAL, SERVER] = [1, 2];
const ERROR = 2;
const MOST = 2048; // spans that wait: the SDK drops what is more
const QUIET = ['/metrics', '/healthz'];

const current = new AsyncLocalStorage();
let ended = [];

const begunAt = Date.now();
const begun = process.hrtime.bigint();
const now = () => BigInt(begunAt) * 1000000n + (process.hrtime.bigint() - begun);
const attributes = (values) => Object.entries(values).map(([key, value]) => ({
  key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: String(value) },
}));

function start(name, kind, parent, values) {
  return {
    traceId: parent ? parent.traceId : crypto.randomBytes(16).toString('hex'),
    spanId: crypto.randomBytes(8).toString('hex'),
    ...(parent ? { parentSpanId: parent.spanId } : {}),
    name, kind, startTimeUnixNano: String(now()), values, events: [], status: {},
  };
}

function end({ values, ...span }) {
  if (ended.length < MOST) ended.push({ ...span, endTimeUnixNano: String(now()), attributes: attributes(values) });
}

function failed(span, error) {
  const told = { 'exception.type': error.code || error.name, 'exception.message': error.message, 'exception.stacktrace': error.stack };
  span.events.push({ timeUnixNano: String(now()), name: 'exception', attributes: attributes(told) });
  span.status = { code: ERROR, message: error.message };
}

function parentOf(headers) {
  const found = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(headers.traceparent || '');
  return found ? { traceId: found[1], spanId: found[2] } : null;
}

function send() {
  if (!ended.length) return;
  const spans = ended;
  ended = [];
  const body = JSON.stringify({
    resourceSpans: [{
      resource: { attributes: attributes({ 'service.name': process.env.OTEL_SERVICE_NAME, 'process.runtime.name': 'nodejs', 'process.runtime.version': process.versions.node }) },
      scopeSpans: [{ scope: { name: 'http' }, spans }],
    }],
  });
  const request = http.request(endpoint, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } });
  request.on('response', (response) => response.resume());
  request.on('error', () => {}); // spans that nobody takes are lost
  request.end(body);
}

if (endpoint) {
  const emit = http.Server.prototype.emit;
  http.Server.prototype.emit = function traced(event, request, response) {
    if (event !== 'request' || QUIET.includes(request.url)) return emit.apply(this, arguments);
    const route = request.url.split('?')[0].replace(/\/\d+/g, '/:id');
    const span = start(`${request.method} ${route}`, SERVER, parentOf(request.headers), {
      'http.request.method': request.method, 'http.route': route, 'url.path': request.url,
    });
    response.on('close', () => {
      span.values['http.response.status_code'] = response.statusCode;
      if (response.statusCode >= 500) span.status = { code: ERROR };
      end(span);
    });
    const tell = request.emit; // what it emits later comes from the socket, outside of the span
    request.emit = (...told) => current.run(span, () => tell.apply(request, told));
    return current.run(span, () => emit.apply(this, arguments));
  };
  const writeFile = fs.writeFile;
  fs.writeFile = (...given) => {
    const span = start('fs writeFile', INTERNAL, current.getStore(), {});
    const done = given.pop();
    writeFile(...given, (error) => {
      if (error) failed(span, error);
      end(span);
      done(error);
    });
  };
  setInterval(send, 1000).unref();
}
