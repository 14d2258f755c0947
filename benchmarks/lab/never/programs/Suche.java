import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.*;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Suchseiten: holt Unterkuenfte beim Bestand, rechnet Preise, haelt fertige Trefferlisten eine Weile vor. */
public class Suche {
    static final Logger LOG = Logger.getLogger("de.kuestenquartier.suche.SuchServlet");
    static final Logger CLOG = Logger.getLogger("de.kuestenquartier.suche.Trefferspeicher");
    static final String BESTAND = System.getProperty("bestand.url");
    static final int MAX = Integer.getInteger("treffer.max", 120);
    static final int TTL = Integer.getInteger("treffer.ttl.s", 20);
    static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(1500)).build();
    static final ConcurrentHashMap<String, LongAdder> COUNT = new ConcurrentHashMap<>();
    static final ConcurrentHashMap<String, DoubleAdder> SUM = new ConcurrentHashMap<>();
    static final AtomicLong HITS = new AtomicLong(), MISSES = new AtomicLong();
    static ThreadPoolExecutor pool;

    record Seite(long bis, List<Map<String, Object>> treffer, String text, String[] sprachen) {}
    static final String[][] WOERTER = {{"Betten", "beds"}, {"Betten", "senge"}, {"Betten", "bedden"}, {"Betten", "lits"}};

    static final Map<String, Seite> SPEICHER = Collections.synchronizedMap(new LinkedHashMap<String, Seite>(64, 0.75f, true) {
        @Override protected boolean removeEldestEntry(Map.Entry<String, Seite> e) {
            return MAX > 0 && size() > MAX;
        }
    });

    public static void main(String[] a) throws Exception {
        int port = Integer.getInteger("port");
        pool = (ThreadPoolExecutor) Executors.newFixedThreadPool(Integer.getInteger("threads", 12), new ThreadFactory() {
            final AtomicInteger n = new AtomicInteger();
            public Thread newThread(Runnable r) { Thread t = new Thread(r, "suche-exec-" + n.incrementAndGet()); t.setDaemon(true); return t; }
        });
        HttpServer s = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 128);
        s.setExecutor(pool);
        s.createContext("/suche", x -> serve(x, "suche", Suche::suche));
        s.createContext("/unterkunft/", x -> serve(x, "unterkunft", Suche::detail));
        s.start();
        HttpServer m = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.getInteger("metrics.port")), 16);
        m.createContext("/metrics", x -> send(x, 200, metrics(), "text/plain; version=0.0.4"));
        m.start();
        LOG.info("Suche " + System.getProperty("release", "2.17.0") + " gestartet, Port " + port + ", Trefferspeicher max " + MAX);
    }

    interface Action { String go(HttpExchange x) throws Exception; }

    static void serve(HttpExchange x, String route, Action act) {
        long t = System.nanoTime();
        int status = 200;
        String out;
        try {
            out = act.go(x);
            if (out == null) { status = 404; out = "<h1>Nicht gefunden</h1>"; }
        } catch (Throwable e) {
            status = e instanceof java.net.http.HttpTimeoutException ? 504 : 500;
            LOG.log(Level.SEVERE, "Servlet.service() fuer [" + x.getRequestURI() + "] endete mit Ausnahme", e);
            out = "<h1>Das hat leider nicht geklappt</h1>";
        }
        try {
            send(x, status, out, "text/html; charset=utf-8");
        } catch (IOException e) {
            LOG.log(Level.WARNING, "ClientAbortException: " + e);
        }
        String k = "route=\"" + route + "\",status=\"" + status + "\"";
        COUNT.computeIfAbsent(k, z -> new LongAdder()).increment();
        SUM.computeIfAbsent(k, z -> new DoubleAdder()).add((System.nanoTime() - t) / 1e9);
    }

    static void send(HttpExchange x, int status, String text, String kind) throws IOException {
        byte[] b = text.getBytes(StandardCharsets.UTF_8);
        x.getResponseHeaders().set("Content-Type", kind);
        x.sendResponseHeaders(status, b.length);
        try (OutputStream o = x.getResponseBody()) { o.write(b); }
    }

    static String get(String path) throws Exception {
        HttpRequest r = HttpRequest.newBuilder(URI.create(BESTAND + path)).timeout(Duration.ofSeconds(5)).build();
        HttpResponse<String> a = HTTP.send(r, HttpResponse.BodyHandlers.ofString());
        if (a.statusCode() == 404) return null;
        if (a.statusCode() != 200) throw new IOException("Bestand antwortet " + a.statusCode() + " auf " + path + ": " + a.body());
        return a.body();
    }

    static Map<String, String> query(HttpExchange x) {
        Map<String, String> q = new HashMap<>();
        String raw = x.getRequestURI().getQuery();
        if (raw != null) for (String p : raw.split("&")) { int i = p.indexOf('='); if (i > 0) q.put(p.substring(0, i), p.substring(i + 1)); }
        return q;
    }

    @SuppressWarnings("unchecked")
    static String suche(HttpExchange x) throws Exception {
        Map<String, String> q = query(x);
        int ort = (Integer.parseInt(q.getOrDefault("ort", "1")) - 1) % 60 + 1;
        int tag = (Integer.parseInt(q.getOrDefault("tag", "1")) - 1) % 60 + 1;
        String key = q.getOrDefault("ort", "1") + "/" + q.getOrDefault("tag", "1");
        Seite c = SPEICHER.get(key);
        if (c != null && c.bis() > System.currentTimeMillis()) { HITS.incrementAndGet(); return c.text(); }
        MISSES.incrementAndGet();
        String raw = get("/unterkuenfte?ort=" + ort + "&tag=" + tag);
        List<Map<String, Object>> rows = (List<Map<String, Object>>) (List<?>) (List<Object>) new Json(raw).value();
        StringBuilder b = new StringBuilder("<ul>");
        for (Map<String, Object> r : rows) {
            Map<String, Object> au = (Map<String, Object>) new Json((String) r.get("ausstattung")).value();
            double preis = ((Number) r.get("preis")).doubleValue();
            b.append("<li><b>").append(r.get("titel")).append("</b> ").append(Math.round(preis * 1.07)).append(" EUR, ")
                    .append(((Number) au.get("betten")).intValue()).append(" Betten<p>").append(r.get("beschreibung")).append("</p></li>");
            r.put("ausstattung", au);
        }
        String text = b.append("</ul>").toString();
        String[] sprachen = new String[WOERTER.length];
        for (int i = 0; i < sprachen.length; i++) sprachen[i] = text.replace(WOERTER[i][0], WOERTER[i][1]);
        SPEICHER.put(key, new Seite(System.currentTimeMillis() + TTL * 1000L, rows, text, sprachen));
        return text;
    }

    @SuppressWarnings("unchecked")
    static String detail(HttpExchange x) throws Exception {
        String p = x.getRequestURI().getPath();
        String raw = get("/unterkunft/" + p.substring(p.lastIndexOf('/') + 1));
        if (raw == null) return null;
        Map<String, Object> r = (Map<String, Object>) new Json(raw).value();
        Map<String, Object> au = (Map<String, Object>) new Json((String) r.get("ausstattung")).value();
        return "<h1>" + r.get("titel") + "</h1><p>" + ((Number) au.get("betten")).intValue() + " Betten, ab "
                + Math.round(((Number) r.get("preis")).doubleValue() * 1.07) + " EUR</p><p>" + r.get("beschreibung") + "</p>";
    }

    static String metrics() {
        StringBuilder b = new StringBuilder("# TYPE suche_http_sekunden summary\n");
        for (String k : new TreeSet<>(COUNT.keySet())) {
            b.append("suche_http_sekunden_count{").append(k).append("} ").append(COUNT.get(k).sum()).append('\n');
            b.append("suche_http_sekunden_sum{").append(k).append("} ").append(SUM.getOrDefault(k, new DoubleAdder()).sum()).append('\n');
        }
        b.append("# TYPE suche_trefferspeicher_eintraege gauge\nsuche_trefferspeicher_eintraege ").append(SPEICHER.size()).append('\n');
        b.append("# TYPE suche_trefferspeicher_zugriffe_total counter\n");
        b.append("suche_trefferspeicher_zugriffe_total{ergebnis=\"treffer\"} ").append(HITS.get()).append('\n');
        b.append("suche_trefferspeicher_zugriffe_total{ergebnis=\"fehlt\"} ").append(MISSES.get()).append('\n');
        b.append("# TYPE suche_threads_aktiv gauge\nsuche_threads_aktiv ").append(pool.getActiveCount()).append('\n');
        b.append("# TYPE suche_threads_wartend gauge\nsuche_threads_wartend ").append(pool.getQueue().size()).append('\n');
        return b + jvm();
    }

    static String jvm() {
        MemoryUsage h = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        StringBuilder b = new StringBuilder();
        b.append("# TYPE jvm_memory_used_bytes gauge\njvm_memory_used_bytes{area=\"heap\"} ").append(h.getUsed()).append('\n');
        b.append("# TYPE jvm_memory_max_bytes gauge\njvm_memory_max_bytes{area=\"heap\"} ").append(h.getMax()).append('\n');
        b.append("# TYPE jvm_threads_live_threads gauge\njvm_threads_live_threads ").append(ManagementFactory.getThreadMXBean().getThreadCount()).append('\n');
        b.append("# TYPE jvm_gc_pause_seconds summary\n");
        for (GarbageCollectorMXBean g : ManagementFactory.getGarbageCollectorMXBeans()) {
            b.append("jvm_gc_pause_seconds_count{gc=\"").append(g.getName()).append("\"} ").append(g.getCollectionCount()).append('\n');
            b.append("jvm_gc_pause_seconds_sum{gc=\"").append(g.getName()).append("\"} ").append(g.getCollectionTime() / 1000.0).append('\n');
        }
        b.append("# TYPE process_uptime_seconds gauge\nprocess_uptime_seconds ").append(ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0).append('\n');
        return b.toString();
    }

    /** So viel JSON, wie der Bestand schickt. */
    static class Json {
        final String s;
        int i;
        Json(String s) { this.s = s; }
        static class ParseException extends RuntimeException { ParseException(String m) { super(m); } }
        char peek() {
            while (i < s.length() && s.charAt(i) <= ' ') i++;
            if (i >= s.length()) throw new ParseException("Unexpected end-of-input at position " + i + " of " + s.length());
            return s.charAt(i);
        }
        void expect(char c) {
            char p = peek();
            if (p != c) throw new ParseException("Unexpected character ('" + p + "' (code " + (int) p + ")): was expecting '" + c + "' at position " + i);
            i++;
        }
        Object value() {
            char c = peek();
            if (c == '{') {
                i++;
                Map<String, Object> m = new LinkedHashMap<>();
                if (peek() == '}') { i++; return m; }
                while (true) {
                    peek();
                    String k = string();
                    expect(':');
                    m.put(k, value());
                    if (peek() == ',') { i++; continue; }
                    expect('}');
                    return m;
                }
            }
            if (c == '[') {
                i++;
                List<Object> l = new ArrayList<>();
                if (peek() == ']') { i++; return l; }
                while (true) {
                    l.add(value());
                    if (peek() == ',') { i++; continue; }
                    expect(']');
                    return l;
                }
            }
            if (c == '"') return string();
            int a = i;
            while (i < s.length() && "+-.eE0123456789truefalsn".indexOf(s.charAt(i)) >= 0) i++;
            String w = s.substring(a, i);
            if (w.equals("null")) return null;
            if (w.equals("true")) return true;
            if (w.equals("false")) return false;
            try { return Double.valueOf(w); } catch (NumberFormatException e) {
                throw new ParseException("Unrecognized token '" + w + "' at position " + a);
            }
        }
        String string() {
            expect('"');
            StringBuilder b = new StringBuilder();
            while (true) {
                if (i >= s.length()) throw new ParseException("Unexpected end-of-input in VALUE_STRING at position " + i);
                char c = s.charAt(i++);
                if (c == '"') return b.toString();
                if (c == '\\') {
                    char d = s.charAt(i++);
                    if (d == 'u') { b.append((char) Integer.parseInt(s.substring(i, i + 4), 16)); i += 4; }
                    else b.append(d == 'n' ? '\n' : d == 't' ? '\t' : d == 'r' ? '\r' : d);
                } else b.append(c);
            }
        }
    }
}
