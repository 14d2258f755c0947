<?php
// Redação: capa, matérias, busca e entrada de despachos
$ini = microtime(true);
$cfg = require __DIR__ . '/config.php';
require __DIR__ . '/modelo.php';
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
function diz($nivel, $texto) { error_log("[$nivel] $texto"); }
function banco() {
    global $cfg; static $b = null;
    if ($b) return $b;
    $b = mysqli_init(); $b->options(MYSQLI_OPT_CONNECT_TIMEOUT, 3); $b->options(MYSQLI_OPT_READ_TIMEOUT, 7);
    $b->real_connect('127.0.0.1', 'redacao', $cfg['banco_senha'], 'gazeta', $cfg['banco_porta']);
    return $b;
}
function memoria() {
    global $cfg; static $m = null;
    if (!$m) { $m = new Memcached(); $m->setOption(Memcached::OPT_CONNECT_TIMEOUT, 400); $m->setOption(Memcached::OPT_POLL_TIMEOUT, 600); $m->addServer('127.0.0.1', $cfg['memoria_porta']); }
    return $m;
}
function guardado($chave, $prazo, $fazer, $antiga = false) {
    global $cfg;
    $k = $cfg['prefixo'] . $chave; $v = memoria()->get($k);
    if ($v !== false) return $v;
    $r = memoria()->getResultCode();
    if ($r !== Memcached::RES_NOTFOUND && mt_rand(1, 10) == 1) diz('aviso', 'memcached: ' . memoria()->getResultMessage());
    if ($antiga && !memoria()->add($k . ':trava', 1, 8) && ($v = memoria()->get($k . ':antiga')) !== false) return $v;
    $v = $fazer(); memoria()->set($k, $v, $prazo);
    if ($antiga) { memoria()->set($k . ':antiga', $v, 300); memoria()->delete($k . ':trava'); }
    return $v;
}
function cotacoes() {
    global $cfg;
    $c = curl_init("http://agencia.example/cotacoes?chave={$cfg['agencia_chave']}");
    curl_setopt_array($c, [CURLOPT_PROXY => "127.0.0.1:{$cfg['saida_porta']}", CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 6, CURLOPT_CONNECTTIMEOUT => 3]);
    $t = curl_exec($c); $s = curl_getinfo($c, CURLINFO_RESPONSE_CODE);
    if ($t === false || $s != 200) { diz('aviso', 'cotações indisponíveis: ' . ($t === false ? curl_error($c) : "HTTP $s")); return false; }
    return $t;
}
$caminho = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
try {
    if ($caminho === '/') {
        $lista = guardado('capa', 12, function () {
            return banco()->query("SELECT m.id, m.titulo, m.editoria, COUNT(l.id) AS lidas FROM materia m JOIN leitura l ON l.materia=m.id GROUP BY m.id, m.titulo, m.editoria ORDER BY lidas DESC, m.id DESC LIMIT 30")->fetch_all(MYSQLI_ASSOC);
        }, true);
        $cot = guardado('cotacoes', 4, 'cotacoes');
        header('Content-Type: text/html; charset=utf-8'); echo pagina_capa($lista, $cot);
    } elseif (preg_match('#^/materia/(\d+)$#', $caminho, $x)) {
        $id = (int)$x[1];
        $m = guardado("m$id", 40, function () use ($id) { return banco()->query("SELECT * FROM materia WHERE id=$id")->fetch_assoc() ?: []; });
        if (!$m) { http_response_code(404); echo "não encontrada\n"; }
        else { header('Content-Type: text/html; charset=utf-8'); echo pagina_materia($m); }
    } elseif ($caminho === '/busca') {
        $q = banco()->real_escape_string($_GET['q'] ?? '');
        $r = banco()->query("SELECT id, titulo FROM materia WHERE editoria='$q' ORDER BY id DESC LIMIT 20")->fetch_all(MYSQLI_ASSOC);
        header('Content-Type: application/json'); echo json_encode($r);
    } elseif ($caminho === '/api/despachos') {
        if (($_SERVER['HTTP_X_CHAVE'] ?? '') !== $cfg['api_chave']) { http_response_code(403); exit; }
        $d = json_decode(file_get_contents('php://input'), true);
        $p = banco()->prepare("INSERT INTO materia(titulo, editoria, texto) VALUES (?,?,?)"); $p->bind_param('sss', $d['titulo'], $d['editoria'], $d['texto']); $p->execute();
        $id = banco()->insert_id;
        if (!empty($d['foto'])) { $p = banco()->prepare("INSERT INTO foto(materia, origem) VALUES (?,?)"); $p->bind_param('is', $id, $d['foto']); $p->execute(); }
        http_response_code(201); header('Content-Type: application/json'); echo json_encode(['id' => $id]);
    } else { http_response_code(404); echo "nada aqui\n"; }
} catch (mysqli_sql_exception $e) {
    diz('erro', "$caminho: banco: ({$e->getCode()}) {$e->getMessage()}"); http_response_code(500); echo "tente mais tarde\n";
}
