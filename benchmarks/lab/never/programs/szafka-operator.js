// operator SMS: node operator.js PORT KLUCZ
const http = require('http'); const [port, klucz] = process.argv.slice(2);
http.createServer((q, r) => {
  q.resume(); q.on('end', () => {
    if (q.headers.authorization !== 'Bearer ' + klucz) { r.writeHead(401, { 'Content-Type': 'application/json' }); return r.end('{"error":"invalid_token"}'); }
    setTimeout(() => { r.writeHead(202, { 'Content-Type': 'application/json' }); r.end('{"id":"' + Math.random().toString(16).slice(2) + '"}'); }, 30 + Math.random() * 50);
  });
}).listen(+port, '127.0.0.1');
