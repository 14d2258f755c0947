import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.*;
import java.lang.management.*;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.*;
import java.time.format.DateTimeFormatter;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.regex.*;
import javax.net.ssl.*;

/** Buchungsstrecke: anlegen, Karte belasten, abschliessen, Bestaetigung lesen. */
public class Buchung {
    static final String BESTAND = System.getProperty("bestand.url");
    static final String KARTE = System.getProperty("karte.url");
    static final int KARTE_TIMEOUT = Integer.getInteger("karte.timeout.ms", 4000);
    static final int KARTE_VERSUCHE = Integer.getInteger("karte.versuche", 2);
    static final boolean STAMMGAST = "an".equals(System.getenv("STAMMGAST_RABATT"));
    static HttpClient http, karte;
    static final ConcurrentHashMap<String, LongAdder> COUNT = new ConcurrentHashMap<>();
    static final ConcurrentHashMap<String, DoubleAdder> SUM = new ConcurrentHashMap<>();
    static ThreadPoolExecutor pool;
    static final DateTimeFormatter TS = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS").withZone(ZoneOffset.UTC);

    static synchronized void log(String level, String where, String text, Throwable e) {
        StringWriter w = new StringWriter();
        w.append(TS.format(Instant.now())).append(' ').append(String.format("%-5s", level)).append(" [").append(Thread.currentThread().getName())
                .append("] ").append(where).append(" - ").append(text).append('\n');
        if (e != null) e.printStackTrace(new PrintWriter(w, true));
        System.out.print(w);
        System.out.flush();
    }

    static SSLContext trust(String pem) throws Exception {
        KeyStore ks = KeyStore.getInstance(KeyStore.getDefaultType());
        ks.load(null, null);
        try (InputStream in = Files.newInputStream(Path.of(pem))) {
            ks.setCertificateEntry("kartenpartner", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory t = TrustManagerFactory.getInstance("PKIX");
        t.init(ks);
        SSLContext c = SSLContext.getInstance("TLS");
        c.init(null, t.getTrustManagers(), null);
        return c;
    }

    public static void main(String[] a) throws Exception {
        int port = Integer.getInteger("port");
        http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofMillis(1500)).build();
        karte = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofMillis(2000)).sslContext(trust(System.getProperty("karte.ca"))).build();
        AtomicInteger n = new AtomicInteger();
        pool = (ThreadPoolExecutor) Executors.newFixedThreadPool(Integer.getInteger("threads", 10), r -> {
            Thread t = new Thread(r, "buchung-exec-" + n.incrementAndGet()); t.setDaemon(true); return t; });
        HttpServer s = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 128);
        s.setExecutor(pool);
        s.createContext("/buchung", x -> serve(x, "buchung", Buchung::buchen));
        s.createContext("/meine/", x -> serve(x, "meine", Buchung::meine));
        s.start();
        HttpServer m = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.getInteger("metrics.port")), 16);
        m.createContext("/metrics", x -> send(x, 200, metrics(), "text/plain; version=0.0.4"));
        m.start();
        log("INFO", "d.k.buchung.Anwendung", "Buchung " + System.getProperty("release", "3.4.1") + " gestartet auf Port " + port, null);
    }

    static class Abgelehnt extends Exception { Abgelehnt(String m) { super(m); } }
    static class ZahlungsException extends Exception { ZahlungsException(String m, Throwable c) { super(m, c); } }

    interface Action { String go(HttpExchange x) throws Exception; }

    static void serve(HttpExchange x, String route, Action act) {
        long t = System.nanoTime();
        int status = 200;
        String out;
        try {
            out = act.go(x);
            if (out == null) { status = 404; out = "{\"meldung\":\"unbekannt\"}"; }
        } catch (Abgelehnt e) {
            status = 402;
            out = "{\"meldung\":\"Karte abgelehnt\"}";
            log("WARN", "d.k.buchung.ZahlungsDienst", "Karte abgelehnt: " + e.getMessage(), null);
        } catch (ZahlungsException e) {
            status = 502;
            out = "{\"meldung\":\"Zahlung derzeit nicht moeglich\"}";
            log("ERROR", "d.k.buchung.BuchungsController", "Buchung abgebrochen", e);
        } catch (Throwable e) {
            status = 500;
            out = "{\"meldung\":\"interner Zustand\"}";
            log("ERROR", "d.k.buchung.BuchungsController", x.getRequestMethod() + " " + x.getRequestURI(), e);
        }
        try { send(x, status, out, "application/json"); } catch (IOException e) {
            log("WARN", "d.k.buchung.BuchungsController", "Antwort nicht zugestellt: " + e, null);
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

    static HttpResponse<String> call(HttpClient c, String url, String body, int ms, String aufruf) throws Exception {
        long t = System.nanoTime();
        HttpRequest.Builder b = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofMillis(ms)).header("Content-Type", "application/json");
        HttpRequest r = body == null ? b.build() : b.POST(HttpRequest.BodyPublishers.ofString(body)).build();
        String erg = "ok";
        try {
            HttpResponse<String> a = c.send(r, HttpResponse.BodyHandlers.ofString());
            erg = String.valueOf(a.statusCode());
            return a;
        } catch (Exception e) {
            erg = e.getClass().getSimpleName();
            throw e;
        } finally {
            String k = "ziel=\"" + aufruf + "\",ergebnis=\"" + erg + "\"";
            COUNT.computeIfAbsent("@" + k, z -> new LongAdder()).increment();
            SUM.computeIfAbsent("@" + k, z -> new DoubleAdder()).add((System.nanoTime() - t) / 1e9);
        }
    }

    static String feld(String json, String name) {
        Matcher m = Pattern.compile("\"" + name + "\"\\s*:\\s*\"?([^\",}]*)").matcher(json);
        return m.find() ? m.group(1) : null;
    }

    static String bestand(String path, String body) throws Exception {
        HttpResponse<String> a = call(http, BESTAND + path, body, 6000, "bestand");
        if (a.statusCode() == 404) return null;
        if (a.statusCode() != 200) throw new IOException("HTTP " + a.statusCode() + " von bestand" + path + ": " + a.body());
        return a.body();
    }

    static String buchen(HttpExchange x) throws Exception {
        String in = new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String gast = feld(in, "gast");
        int u = Integer.parseInt(feld(in, "unterkunft")), tag = (Integer.parseInt(feld(in, "tag")) - 1) % 60 + 1;
        String neu = bestand("/buchung", "{\"unterkunft\":" + u + ",\"tag\":" + tag + ",\"gast\":\"" + gast + "\"}");
        String nr = feld(neu, "id");
        int betrag = Integer.parseInt(feld(neu, "betrag"));
        if (STAMMGAST) betrag = rabatt(betrag, feld(in, "stammgast"));
        belaste(nr, betrag, gast);
        bestand("/buchung/" + nr, "{\"status\":\"bezahlt\",\"gast\":\"" + gast + "\"}");
        String b = null;
        for (int i = 0; i < 6 && b == null; i++) {
            b = bestand("/buchung/" + nr, null);
            if (b == null) Thread.sleep(150L * (i + 1));
        }
        if (b == null) throw new NoSuchElementException("Buchung " + nr + " nicht gefunden");
        return b;
    }

    static int rabatt(int betrag, String stufe) {
        return betrag * (100 - 5 * Integer.parseInt(stufe.trim())) / 100;
    }

    static void belaste(String nr, int betrag, String gast) throws Exception {
        Exception letzte = null;
        for (int i = 1; i <= KARTE_VERSUCHE; i++) {
            try {
                HttpResponse<String> a = call(karte, KARTE + "/v1/charges", "{\"amount\":" + betrag + ",\"currency\":\"EUR\",\"reference\":\"KQ-" + nr + "\"}", KARTE_TIMEOUT, "kartenpartner");
                if (a.statusCode() == 402) {
                    bestand("/buchung/" + nr, "{\"status\":\"abgelehnt\"}");
                    throw new Abgelehnt("KQ-" + nr + " " + a.body());
                }
                if (a.statusCode() == 200) return;
                throw new IOException("POST /v1/charges: HTTP " + a.statusCode() + " " + a.body());
            } catch (IOException e) {
                letzte = e;
                log("WARN", "d.k.buchung.ZahlungsDienst", "Versuch " + i + "/" + KARTE_VERSUCHE + " fuer KQ-" + nr + ": " + e, null);
            }
        }
        throw new ZahlungsException("KQ-" + nr + " nicht belastet", letzte);
    }

    static String meine(HttpExchange x) throws Exception {
        String p = x.getRequestURI().getPath();
        return bestand("/buchung/" + p.substring(p.lastIndexOf('/') + 1), null);
    }

    static String metrics() {
        StringBuilder b = new StringBuilder("# TYPE buchung_http_sekunden summary\n# TYPE buchung_aufruf_sekunden summary\n");
        for (String k : new TreeSet<>(COUNT.keySet())) {
            String n = k.startsWith("@") ? "buchung_aufruf_sekunden" : "buchung_http_sekunden", l = k.startsWith("@") ? k.substring(1) : k;
            b.append(n).append("_count{").append(l).append("} ").append(COUNT.get(k).sum()).append('\n');
            b.append(n).append("_sum{").append(l).append("} ").append(SUM.getOrDefault(k, new DoubleAdder()).sum()).append('\n');
        }
        b.append("# TYPE buchung_threads_aktiv gauge\nbuchung_threads_aktiv ").append(pool.getActiveCount()).append('\n');
        b.append("# TYPE buchung_threads_wartend gauge\nbuchung_threads_wartend ").append(pool.getQueue().size()).append('\n');
        MemoryUsage h = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
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
}
