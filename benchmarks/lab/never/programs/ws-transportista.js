'use strict'
// ws del transportista: /citas y /avisos.   uso: node ws-transportista.js PUERTO CERT CLAVE
const https = require('https'); const fs = require('fs')
const [, , puerto, cert, clave] = process.argv
const lee = () => ({ cert: fs.readFileSync(cert), key: fs.readFileSync(clave) })
const s = https.createServer(lee(), (q, r) => {
  q.resume(); q.on('end', () => setTimeout(() => {
    const d = new Date(Date.now() + 864e5); r.writeHead(200, { 'content-type': 'application/json' })
    r.end(JSON.stringify(q.url.startsWith('/citas') ? { hora: d.toISOString().slice(0, 13) + ':00Z', ref: Math.random().toString(36).slice(2, 9) } : { ok: true }))
  }, 12 + Math.random() * 30))
})
s.keepAliveTimeout = 30000
s.listen(+puerto, '127.0.0.1'); process.on('SIGHUP', () => s.setSecureContext(lee())); process.on('SIGTERM', () => process.exit(0))
