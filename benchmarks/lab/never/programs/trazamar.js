'use strict'
// Servicios de Trazamar Envios: recepcion, encaminador, reparto.   uso: node trazamar.js ROL
const net = require('net')
const http = require('http')
const https = require('https')
const fs = require('fs')
const crypto = require('crypto')

const rol = process.argv[2]
const E = process.env
const nombre = E.NOMBRE || rol

// ------------------------------------------------------------------ registro
const NIVEL = { debug: 20, info: 30, warn: 40, error: 50, fatal: 60 }
const serr = e => ({ type: e.name === 'Error' ? 'Error' : e.name, message: e.message, stack: String(e.stack || '').split('\n').slice(0, 3).join('\n'), ...(e.code ? { code: e.code } : {}), ...(e.errno ? { errno: e.errno } : {}), ...(e.syscall ? { syscall: e.syscall } : {}) })
function escribe (nivel, obj, msg) {
  if (typeof obj === 'string') { msg = obj; obj = {} }
  if (obj instanceof Error) { msg = msg || obj.message; obj = { err: serr(obj) } }
  if (obj.err instanceof Error) obj = { ...obj, err: serr(obj.err) }
  process.stdout.write(JSON.stringify({ level: NIVEL[nivel], time: Date.now(), pid: process.pid, hostname: E.EQUIPO, name: nombre, ...obj, msg }) + '\n')
}
const log = { info: (o, m) => escribe('info', o, m), warn: (o, m) => escribe('warn', o, m), error: (o, m) => escribe('error', o, m), fatal: (o, m) => escribe('fatal', o, m) }
// una misma queja no mas de una vez por segundo
const visto = new Map()
function poco (nivel, clave, obj, msg) {
  const v = visto.get(clave) || { t: 0, n: 0 }
  if (Date.now() - v.t < 1000) { v.n++; visto.set(clave, v); return }
  if (v.n) obj = { ...obj, repetido: v.n }
  visto.set(clave, { t: Date.now(), n: 0 })
  log[nivel](obj, msg)
}

// ------------------------------------------------------------------ metricas
const contadores = new Map(); const medidas = new Map(); const histos = new Map()
const eti = l => Object.keys(l || {}).length ? '{' + Object.entries(l).map(([k, v]) => `${k}="${v}"`).join(',') + '}' : ''
function suma (n, l, d = 1) { const k = n + eti(l); contadores.set(k, (contadores.get(k) || 0) + d) }
function mide (n, f) { medidas.set(n, f) }
const CUBOS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
function observa (n, l, s) {
  const k = n + '|' + JSON.stringify(l)
  let h = histos.get(k); if (!h) { h = { n, l, c: CUBOS.map(() => 0), s: 0, t: 0 }; histos.set(k, h) }
  CUBOS.forEach((b, i) => { if (s <= b) h.c[i]++ }); h.s += s; h.t++
}
let retardo = 0; let ultimo = Date.now()
setInterval(() => { const a = Date.now(); retardo = Math.max(0, a - ultimo - 500) / 1000; ultimo = a }, 500)
function pagina () {
  const o = []
  for (const [k, v] of contadores) o.push(`${k} ${v}`)
  for (const [k, f] of medidas) o.push(`${k} ${f()}`)
  for (const h of histos.values()) {
    CUBOS.forEach((b, i) => o.push(`${h.n}_bucket${eti({ ...h.l, le: b })} ${h.c[i]}`))
    o.push(`${h.n}_bucket${eti({ ...h.l, le: '+Inf' })} ${h.t}`, `${h.n}_sum${eti(h.l)} ${h.s}`, `${h.n}_count${eti(h.l)} ${h.t}`)
  }
  const m = process.memoryUsage(); const c = process.cpuUsage()
  o.push(`process_resident_memory_bytes ${m.rss}`, `nodejs_heap_size_used_bytes ${m.heapUsed}`, `nodejs_external_memory_bytes ${m.external}`,
    `process_cpu_seconds_total ${(c.user + c.system) / 1e6}`, `nodejs_eventloop_lag_seconds ${retardo}`,
    `nodejs_version_info{version="${process.version}",app="${E.VERSION || '0'}"} 1`)
  return o.join('\n') + '\n'
}
http.createServer((q, r) => { r.setHeader('content-type', 'text/plain; version=0.0.4'); r.end(pagina()) }).listen(+E.PUERTO_METRICAS, '127.0.0.1')

class NatsError extends Error { constructor (m, c) { super(m); this.name = 'NatsError'; this.code = c } }

// ------------------------------------------------------------------ NATS
class Bus {
  constructor (url) {
    const u = new URL(url); this.host = u.hostname; this.port = +u.port; this.user = decodeURIComponent(u.username); this.pass = decodeURIComponent(u.password)
    this.subs = new Map(); this.sid = 0; this.ok = false; this.espera = new Map(); this.cola = []; this.intentos = 0
    this.inbox = '_INBOX.' + crypto.randomBytes(8).toString('hex'); this.n = 0; this.enviados = 0
    this.sub(this.inbox + '.*', null, (subj, data, reply, estado) => {
      const e = this.espera.get(subj); if (!e) return
      this.espera.delete(subj); clearTimeout(e.t)
      if (estado === '503') e.no(new NatsError('503', '503')); else e.si(data)
    })
    mide('bus_conectado', () => this.ok ? 1 : 0)
    setInterval(() => {
      if (!this.ok) return
      if (++this.pend > 2) { log.warn({ servidor: `${this.host}:${this.port}` }, 'nats: stale connection'); suma('bus_desconexiones_total', { motivo: 'stale' }); this.s.destroy(); return }
      this.s.write('PING\r\n')
    }, 4000)
    this.conecta()
  }
  conecta () {
    this.buf = Buffer.alloc(0); this.pend = 0
    const s = this.s = net.connect(this.port, this.host)
    s.setNoDelay(true)
    s.setTimeout(4000, () => { if (!this.ok) s.destroy(new NatsError('TIMEOUT', 'TIMEOUT')) })
    s.on('data', d => { this.buf = this.buf.length ? Buffer.concat([this.buf, d]) : d; try { this.lee() } catch (e) { setImmediate(() => { throw e }) } })
    s.on('error', e => { poco('error', 'bus' + e.code + e.message, { err: e, intento: this.intentos }, 'nats: ' + e.message) })
    s.on('close', () => {
      if (this.ok) { log.warn({ servidor: `${this.host}:${this.port}` }, 'nats: desconectado'); suma('bus_desconexiones_total', { motivo: 'cierre' }) }
      this.ok = false; this.intentos++
      setTimeout(() => this.conecta(), Math.min(2000, 250 * this.intentos) + Math.random() * 200)
    })
  }
  lee () {
    for (;;) {
      const i = this.buf.indexOf('\r\n'); if (i < 0) return
      const l = this.buf.toString('utf8', 0, i); const op = l.slice(0, 4).toUpperCase()
      if (op === 'MSG ' || op === 'HMSG') {
        const p = l.split(/\s+/); const h = op === 'HMSG'
        const tot = +p[p.length - 1]; const cab = h ? +p[p.length - 2] : 0
        if (this.buf.length < i + 2 + tot + 2) return
        const todo = this.buf.subarray(i + 2, i + 2 + tot); this.buf = this.buf.subarray(i + 4 + tot)
        const reply = p.length === (h ? 6 : 5) ? p[3] : null
        let estado = null; if (h) { const m = /^NATS\/1\.0 (\d{3})/.exec(todo.toString('utf8', 0, cab)); if (m) estado = m[1] }
        const s = this.subs.get(+p[2]); suma('bus_recibidos_total')
        if (s) s.f(p[1], todo.subarray(cab).toString(), reply, estado)
        continue
      }
      this.buf = this.buf.subarray(i + 2)
      if (op === 'PING') this.s.write('PONG\r\n')
      else if (op === 'PONG') {
        this.pend = 0
        if (!this.ok) {
          this.ok = true; log.info({ servidor: `${this.host}:${this.port}`, intentos: this.intentos }, this.intentos ? 'nats: reconectado' : 'nats: conectado'); this.intentos = 0
          for (const x of this.cola.splice(0)) this.s.write(x)
        }
      } else if (op === 'INFO') {
        this.max = JSON.parse(l.slice(5)).max_payload
        this.s.write('CONNECT ' + JSON.stringify({ verbose: false, pedantic: false, user: this.user, pass: this.pass, name: nombre, lang: 'node', version: '2.28.0', protocol: 1, headers: true, no_responders: true }) + '\r\n')
        for (const [id, x] of this.subs) this.s.write(`SUB ${x.subj}${x.q ? ' ' + x.q : ''} ${id}\r\n`)
        this.s.write('PING\r\n')
      } else if (op === '-ERR') {
        const t = l.slice(5).replace(/'/g, ''); suma('bus_errores_total')
        poco('error', 'err' + t, { err: new NatsError(t, t.toUpperCase().replace(/ /g, '_')) }, 'nats: ' + t)
      }
    }
  }
  sub (subj, q, f) { const id = ++this.sid; this.subs.set(id, { subj, q, f }); if (this.ok) this.s.write(`SUB ${subj}${q ? ' ' + q : ''} ${id}\r\n`) }
  pub (subj, data, reply) {
    const b = Buffer.from(data); if (this.max && b.length > this.max) throw new NatsError('MAX_PAYLOAD_EXCEEDED', 'MAX_PAYLOAD_EXCEEDED')
    const t = Buffer.concat([Buffer.from(`PUB ${subj} ${reply ? reply + ' ' : ''}${b.length}\r\n`), b, Buffer.from('\r\n')])
    suma('bus_publicados_total')
    if (this.ok) this.s.write(t)
    else if (this.cola.length < 256) this.cola.push(t)
    else throw new NatsError('CONNECTION_CLOSED', 'CONNECTION_CLOSED')
  }
  pide (subj, data, ms) {
    const r = `${this.inbox}.${++this.n}`
    return new Promise((si, no) => {
      const t = setTimeout(() => { this.espera.delete(r); no(new NatsError('TIMEOUT', 'TIMEOUT')) }, ms)
      this.espera.set(r, { si, no, t })
      try { this.pub(subj, data, r) } catch (e) { clearTimeout(t); this.espera.delete(r); no(e) }
    })
  }
}

// ------------------------------------------------------------------ Valkey (RESP2)
class ReplyError extends Error { constructor (m) { super(m); this.name = 'ReplyError' } }
class Estado {
  constructor (url, ms) {
    const u = new URL(url); this.host = u.hostname; this.port = +u.port; this.user = u.username; this.pass = u.password; this.ms = ms
    this.ok = false; this.vuelo = []; this.cola = []; this.intentos = 0
    mide('estado_conectado', () => this.ok ? 1 : 0); mide('estado_en_vuelo', () => this.vuelo.length + this.cola.length)
    this.conecta()
  }
  conecta () {
    this.buf = Buffer.alloc(0)
    const s = this.s = net.connect(this.port, this.host); s.setNoDelay(true)
    s.on('connect', () => {
      this.vuelo.push({ si: () => { this.ok = true; if (this.intentos) log.info({ intentos: this.intentos }, 'valkey: ready'); this.intentos = 0; for (const c of this.cola.splice(0)) this.manda(c) }, no: e => { poco('error', 'auth', { err: e }, '[ioredis] Unhandled error event: ' + e); s.destroy() } })
      s.write(this.forma(['AUTH', this.user, this.pass]))
    })
    s.on('data', d => { this.buf = this.buf.length ? Buffer.concat([this.buf, d]) : d; this.lee() })
    s.on('error', e => poco('error', 'vk' + e.code, { err: e }, '[ioredis] Unhandled error event: Error: ' + e.message))
    s.on('close', () => {
      this.ok = false; this.intentos++
      for (const c of this.vuelo.splice(0)) c.no(new Error('Connection is closed.'))
      if (this.intentos > 3) for (const c of this.cola.splice(0)) c.no(Object.assign(new Error('Reached the max retries per request limit (which is 3). Refer to "maxRetriesPerRequest" option for details.'), { name: 'MaxRetriesPerRequestError' }))
      setTimeout(() => this.conecta(), Math.min(1500, this.intentos * 100))
    })
  }
  forma (a) { return `*${a.length}\r\n` + a.map(x => { x = String(x); return `$${Buffer.byteLength(x)}\r\n${x}\r\n` }).join('') }
  manda (c) { this.vuelo.push(c); this.s.write(c.t) }
  toma (p) { // [valor, siguiente] o null
    const i = this.buf.indexOf('\r\n', p); if (i < 0) return null
    const c = String.fromCharCode(this.buf[p]); const l = this.buf.toString('utf8', p + 1, i)
    if (c === '+') return [l, i + 2]
    if (c === '-') return [new ReplyError(l), i + 2]
    if (c === ':') return [+l, i + 2]
    if (c === '$') { const n = +l; if (n < 0) return [null, i + 2]; if (this.buf.length < i + 4 + n) return null; return [this.buf.toString('utf8', i + 2, i + 2 + n), i + 4 + n] }
    if (c === '*') { const n = +l; if (n < 0) return [null, i + 2]; const o = []; let q = i + 2; for (let k = 0; k < n; k++) { const r = this.toma(q); if (!r) return null; o.push(r[0]); q = r[1] } return [o, q] }
    return [l, i + 2]
  }
  lee () {
    for (;;) {
      if (!this.buf.length) return
      const r = this.toma(0); if (!r) return
      this.buf = this.buf.subarray(r[1]); const c = this.vuelo.shift(); if (!c) continue
      if (r[0] instanceof Error) c.no(r[0]); else c.si(r[0])
    }
  }
  c (...a) {
    const t0 = Date.now()
    return new Promise((si, no) => {
      const o = { t: this.forma(a) }
      const t = setTimeout(() => { const i = this.cola.indexOf(o); if (i >= 0) this.cola.splice(i, 1); no(new Error('Command timed out')) }, this.ms)
      o.si = v => { clearTimeout(t); observa('estado_orden_segundos', { orden: a[0].toLowerCase() }, (Date.now() - t0) / 1000); si(v) }
      o.no = e => { clearTimeout(t); suma('estado_errores_total'); no(e) }
      if (this.ok) this.manda(o); else if (this.intentos > 3 || this.cola.length > 500) o.no(new Error('Connection is closed.')); else this.cola.push(o)
    })
  }
}

process.on('uncaughtException', e => { log.fatal({ err: e }, e.message); process.exit(1) })
process.on('SIGTERM', () => { log.info('SIGTERM recibido, cerrando'); setTimeout(() => process.exit(0), 200) })
log.info({ version: E.VERSION, node: process.version }, `${nombre} arrancando`)

// agente de trazas de la casa; en este equipo no hay colector
if (E.APM_URL) {
  setInterval(() => {
    const q = http.request(E.APM_URL + '/v0.4/traces', { method: 'PUT', timeout: 1000 }, r => r.resume())
    q.on('error', e => log.error({ err: e, modulo: 'dd-trace' }, 'Error: connect ECONNREFUSED: no se pudieron enviar las trazas')); q.end('[]')
  }, 15000)
}

const bus = new Bus(E.BUS_URL)
const estado = new Estado(E.ESTADO_URL, +(E.ESTADO_TIMEOUT_MS || 1200))

// ------------------------------------------------------------------ recepcion
function recepcion () {
  const ZONAS = ['norte', 'levante', 'sur', 'centro', 'galicia', 'canarias']
  let activas = 0; mide('recepcion_peticiones_activas', () => activas)
  const cuerpo = q => new Promise((si, no) => { const p = []; q.on('data', d => p.push(d)); q.on('end', () => si(Buffer.concat(p).toString())); q.on('error', no) })
  const historia = []
  async function evento (q) {
    const ev = JSON.parse(await cuerpo(q))
    const num = parseInt(String(ev.envio).replace(/\D/g, ''), 10) || 0
    ev.zona = ev.zona || ZONAS[num % ZONAS.length]
    if (ev.cp && Math.random() < 0.02) poco('warn', 'cp', { envio: ev.envio, cliente: ev.tienda }, "esquema v1: el campo 'cp' está obsoleto, use 'codigo_postal'")
    if (E.DUPLICADOS === 'historico') { // compara con todos los envios abiertos de la zona
      const ks = await estado.c('KEYS', `*:TZ*${num}*`); ev.parecidos = ks.length
    }
    await estado.c('SET', `dedup:${ev.envio}:${ev.tipo}:${crypto.randomBytes(4).toString('hex')}`, '1', 'EX', '30', 'NX')
    ev.recibido = Date.now(); ev.manifiesto = 'M' + 'x'.repeat(1500 + (num % 7) * 260)
    const r = JSON.parse(await bus.pide(`eventos.entrada.${ev.zona}`, JSON.stringify(ev), +(E.ACUSE_MS || 2000)))
    if (E.REJUGAR === 'si') historia.push({ q: { ...q.headers }, ev, copia: Buffer.alloc(+(E.REJUGAR_KB || 128) * 1024, num & 255) })
    if (r.error) throw Object.assign(new Error(r.error), { estado: 422 === r.codigo ? 422 : 502 })
    return [202, { aceptado: true, almacen: r.almacen }]
  }
  async function cita (q) {
    const c = JSON.parse(await cuerpo(q))
    const r = JSON.parse(await bus.pide('citas.solicitud', JSON.stringify({ ...c, recibido: Date.now() }), +(E.CITA_MS || 3000)))
    if (r.error) throw Object.assign(new Error(r.error), { estado: 502 })
    return [200, r]
  }
  async function envio (id) {
    const h = await estado.c('HGETALL', `envio:${id}`)
    if (!h.length) return [404, { error: 'envío desconocido', envio: id }]
    const o = {}; for (let i = 0; i < h.length; i += 2) o[h[i]] = h[i + 1]
    return [200, o]
  }
  const s = http.createServer(async (q, r) => {
    const t0 = process.hrtime.bigint(); activas++
    const u = q.url.split('?')[0]; let ruta = 'otra'; let cod = 500; let res
    try {
      if (u === '/salud') { ruta = 'salud'; [cod, res] = [200, { estado: 'bien' }] } else if (q.method === 'POST' && u === '/v1/eventos') { ruta = 'eventos'; [cod, res] = await evento(q) } else if (q.method === 'POST' && u === '/v1/citas') { ruta = 'citas'; [cod, res] = await cita(q) } else if (u.startsWith('/v1/envios/')) { ruta = 'envios'; [cod, res] = await envio(u.slice(11)) } else [cod, res] = [404, { error: 'no existe' }]
    } catch (e) {
      cod = e.estado || (e.code === 'TIMEOUT' ? 504 : e.code === '503' || e.code === 'CONNECTION_CLOSED' ? 503 : e instanceof SyntaxError ? 400 : 500)
      res = { error: cod === 504 ? 'sin respuesta a tiempo' : 'no disponible' }
      poco(cod < 500 ? 'warn' : 'error', ruta + e.message, { req: { method: q.method, url: q.url, remoteAddress: q.socket.remoteAddress }, res: { statusCode: cod }, responseTime: Number(process.hrtime.bigint() - t0) / 1e6 | 0, err: e }, 'request errored')
    }
    const seg = Number(process.hrtime.bigint() - t0) / 1e9; activas--
    if (ruta !== 'salud') { suma('recepcion_peticiones_total', { ruta, codigo: cod }); observa('recepcion_duracion_segundos', { ruta }, seg) }
    if (seg > 1 && cod < 500) poco('warn', 'lenta' + ruta, { req: { method: q.method, url: q.url }, res: { statusCode: cod }, responseTime: seg * 1000 | 0 }, 'request completed')
    else if (ruta === 'citas' && cod === 200) log.info({ req: { method: q.method, url: q.url }, res: { statusCode: cod }, responseTime: seg * 1000 | 0 }, 'request completed')
    r.writeHead(cod, { 'content-type': 'application/json' }); r.end(JSON.stringify(res))
  })
  s.keepAliveTimeout = 60000
  s.listen(+E.PUERTO, '127.0.0.1', () => log.info(`Server listening at http://127.0.0.1:${E.PUERTO}`))
}

// ------------------------------------------------------------------ encaminador
function encaminador () {
  let tabla = null; let cargada = 0; let n = 0; const diario = []
  mide('encaminador_rutas_en_memoria', () => tabla ? Object.keys(tabla).length : 0)
  mide('encaminador_anotaciones', () => diario.length)
  async function rutas () {
    if (tabla && Date.now() - cargada < 8000) return tabla
    const h = await estado.c('HGETALL', 'rutas'); const o = {}
    for (let i = 0; i < h.length; i += 2) o[h[i]] = h[i + 1]
    tabla = o; cargada = Date.now(); return o
  }
  const responde = (reply, o) => { if (reply) bus.pub(reply, JSON.stringify(o)) }
  bus.sub('eventos.entrada.>', 'encaminador', async (subj, data, reply) => {
    const t0 = Date.now()
    try {
      const ev = JSON.parse(data)
      ev.sello = crypto.pbkdf2Sync(data, 'trazamar', 12000, 32, 'sha256').toString('hex')
      const t = await rutas(); const almacen = t[ev.zona]
      if (!almacen) { suma('encaminador_sin_ruta_total', { zona: ev.zona }); poco('error', 'ruta' + ev.zona, { zona: ev.zona, envio: ev.envio }, `no hay ruta para la zona '${ev.zona}'`); return responde(reply, { error: `zona sin ruta: ${ev.zona}` }) }
      if (E.DIARIO === 'completo') diario.push({ ev, cuando: new Date(), bruto: Buffer.alloc(+(E.DIARIO_KB || 64) * 1024, n & 255) })
      bus.pub(`entregas.${almacen}`, JSON.stringify({ ...ev, almacen }))
      n++; suma('encaminador_mensajes_total', { almacen }); observa('encaminador_proceso_segundos', {}, (Date.now() - t0) / 1000)
      responde(reply, { ok: true, almacen })
      if (n % 200 === 0) log.info({ total: n, almacen }, 'lote encaminado')
    } catch (e) { suma('encaminador_errores_total'); poco('error', 'enc' + e.message, { err: e, asunto: subj }, 'no se pudo encaminar: ' + e.message); responde(reply, { error: 'encaminado no disponible' }) }
  })
  bus.sub('citas.solicitud', 'encaminador', (subj, data, reply) => { bus.pub('entregas.citas', data, reply); suma('encaminador_mensajes_total', { almacen: 'citas' }) })
}

// ------------------------------------------------------------------ reparto
function reparto () {
  const ca = fs.readFileSync(E.CA)
  const agente = new https.Agent({ keepAlive: true, maxSockets: 12, ca, servername: 'ws.transportista-norte.example' })
  const cola = []; let activos = 0; const MAX = +(E.CONCURRENCIA || 6); let n = 0
  mide('reparto_cola', () => cola.length); mide('reparto_activos', () => activos)
  const duerme = ms => new Promise(si => setTimeout(si, ms))
  function avisa (ruta, o) {
    return new Promise((si, no) => {
      const b = JSON.stringify(o); const t0 = Date.now()
      const q = https.request(E.TRANSPORTISTA_URL + ruta, { method: 'POST', agent: agente, timeout: +(E.AVISO_MS || 2500), headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(b), 'x-clave': 'trazamar' } }, r => {
        const p = []; r.on('data', d => p.push(d)); r.on('error', no); r.on('end', () => {
          observa('reparto_aviso_segundos', {}, (Date.now() - t0) / 1000); suma('reparto_avisos_total', { codigo: r.statusCode })
          if (r.statusCode >= 400) return no(Object.assign(new Error(`Request failed with status code ${r.statusCode}`), { name: 'AxiosError', code: r.statusCode >= 500 ? 'ERR_BAD_RESPONSE' : 'ERR_BAD_REQUEST' }))
          si(JSON.parse(Buffer.concat(p).toString()))
        })
      })
      q.on('timeout', () => q.destroy(Object.assign(new Error(`timeout of ${E.AVISO_MS || 2500}ms exceeded`), { name: 'AxiosError', code: 'ECONNABORTED' })))
      q.on('error', e => { suma('reparto_avisos_total', { codigo: e.code || 'error' }); no(e) }); q.end(b)
    })
  }
  async function conReintento (ruta, o) {
    for (let i = 1; ; i++) {
      try { return await avisa(ruta, o) } catch (e) { if (i >= 2) throw e; suma('reparto_reintentos_total'); await duerme(150) }
    }
  }
  async function candado (k) {
    for (let i = 0; i < 35; i++) {
      if (await estado.c('SET', k, nombre, 'NX', 'PX', '2000')) return true
      await duerme(60)
    }
    throw Object.assign(new Error(`The operation was unable to achieve a quorum during its retry window.`), { name: 'ExecutionError', recurso: k })
  }
  async function trata (m) {
    const ev = JSON.parse(m.data)
    if (m.subj === 'entregas.citas') {
      const k = `candado:muelle:${ev.muelle || 1}`
      await candado(k)
      try {
        const r = await conReintento('/citas', { envio: ev.envio, muelle: ev.muelle })
        await estado.c('SET', `cita:${ev.envio}`, JSON.stringify(r), 'EX', '300')
        if (m.reply) bus.pub(m.reply, JSON.stringify({ envio: ev.envio, hora: r.hora, muelle: ev.muelle || 1 }))
      } finally { await estado.c('EVAL', "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) end return 0", '1', k, nombre).catch(() => {}) }
      return
    }
    m.peso = ev.bultos.reduce((a, b) => a + b.kg, 0)
    if (ev.tipo === 'en_reparto') await conReintento('/avisos', { envio: ev.envio, kg: m.peso })
    await estado.c('HSET', `envio:${ev.envio}`, 'estado', ev.tipo, 'almacen', ev.almacen, 'kg', m.peso.toFixed(2), 'actualizado', String(Date.now()), 'sello', ev.sello || '')
    await estado.c('RPUSH', `historial:${ev.envio}`, JSON.stringify({ t: ev.tipo, ts: ev.recibido })); await estado.c('LTRIM', `historial:${ev.envio}`, '-20', '-1')
    observa('reparto_retraso_segundos', {}, (Date.now() - ev.recibido) / 1000)
  }
  function sigue () {
    while (activos < MAX && cola.length) {
      const m = cola.shift(); activos++
      trata(m).then(() => { n++; suma('reparto_tratados_total', { resultado: 'hecho' }); if (n % 200 === 0) log.info({ total: n, cola: cola.length }, 'entregas actualizadas') })
        .catch(e => {
          if (e instanceof TypeError) throw e
          suma('reparto_tratados_total', { resultado: 'descartado' })
          poco('error', 'rep' + e.message, { err: e, asunto: m.subj, cola: cola.length }, 'no se pudo completar la entrega: ' + e.message)
          if (m.reply) bus.pub(m.reply, JSON.stringify({ error: 'reparto no disponible' }))
        }).finally(() => { activos--; sigue() })
    }
  }
  process.on('unhandledRejection', e => { throw e })
  bus.sub('entregas.*', 'reparto', (subj, data, reply) => { cola.push({ subj, data, reply }); if (cola.length === 100 || cola.length % 500 === 0) log.warn({ cola: cola.length }, 'cola de entregas creciendo'); sigue() })
}

({ recepcion, encaminador, reparto })[rol]()
