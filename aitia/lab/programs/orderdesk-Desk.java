package com.skagmarine.orderdesk;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import net.spy.memcached.ConnectionFactoryBuilder;
import net.spy.memcached.FailureMode;
import net.spy.memcached.MemcachedClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The order desk of the dealer portal: prices, order lists and order entry. */
final class Desk {
    private static final Logger log = LoggerFactory.getLogger(Desk.class);
    private static final BigDecimal VAT = new BigDecimal("1.25");

    private final HikariDataSource ledger;
    private final HikariDataSource replica;
    private final PriceCache cache;
    private final Tariff tariff;
    private final Meters meters = new Meters();
    private final int suggestions;
    private final ConcurrentLinkedQueue<int[]> viewed = new ConcurrentLinkedQueue<>();

    private Desk(Properties p) throws IOException {
        ledger = pool("ledger", p);
        replica = pool("replica", p);
        cache = new PriceCache(p.getProperty("cache.server"), Integer.parseInt(p.getProperty("cache.ttl", "3600")));
        tariff = new Tariff(Integer.parseInt(p.getProperty("tariff.seats", "1")));
        suggestions = Integer.parseInt(p.getProperty("suggestions.depth", "0"));
    }

    public static void main(String[] args) throws Exception {
        Properties p = new Properties();
        try (var in = Files.newBufferedReader(Path.of(args[0]))) {
            p.load(in);
        }
        String release = System.getenv().getOrDefault("ORDERDESK_RELEASE", "4.11.3");
        log.info("Starting order desk {} (pid {}, Java {})", release, ProcessHandle.current().pid(), Runtime.version().feature());
        try {
            if (!release.startsWith("4.11.")) {
                FreightZones.load(p);
            }
            new Desk(p).serve(p, release);
        } catch (Exception e) {
            log.error("Application run failed", e);
            System.exit(1);
        }
    }

    private static HikariDataSource pool(String name, Properties p) {
        HikariConfig c = new HikariConfig();
        c.setPoolName(name);
        c.setJdbcUrl(p.getProperty(name + ".url"));
        c.setUsername(p.getProperty(name + ".user"));
        c.setPassword(p.getProperty(name + ".password"));
        c.setMaximumPoolSize(Integer.parseInt(p.getProperty(name + ".pool")));
        c.setConnectionTimeout(2000);
        c.setValidationTimeout(1000);
        c.setMaxLifetime(30_000);
        c.setIdleTimeout(0);
        c.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        c.setInitializationFailTimeout(-1);
        return new HikariDataSource(c);
    }

    private void serve(Properties p, String release) throws Exception {
        long start = System.nanoTime();
        log.info("Loaded {} list prices of the last close into the cache in {} ms", preload(), (System.nanoTime() - start) / 1_000_000);
        var workers = (ThreadPoolExecutor) Executors.newFixedThreadPool(Integer.parseInt(p.getProperty("server.threads")));
        meters.watch(workers, Map.of("ledger", ledger, "replica", replica), release);
        int port = Integer.parseInt(p.getProperty("server.port"));
        HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 256);
        http.setExecutor(workers);
        http.createContext("/ready", x -> answer(x, 200, "{\"status\":\"UP\"}"));
        http.createContext("/v2/parts/", x -> handle(x, "/v2/parts/{part}/price", () -> price(number(x, 3))));
        http.createContext("/v2/dealers/", x -> handle(x, "/v2/dealers/{dealer}/orders", () -> orders(number(x, 3))));
        http.createContext("/v2/orders", x -> handle(x, "/v2/orders", () -> submit(form(x))));
        HttpServer management = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(p.getProperty("management.port"))), 16);
        management.setExecutor(Executors.newFixedThreadPool(2));
        management.createContext("/prometheus", x -> answer(x, 200, meters.text()));
        management.start();
        http.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            log.info("Shutting down, {} requests in flight", workers.getActiveCount());
            http.stop(2);
        }, "shutdown"));
        log.info("Order desk {} ready on port {}", release, port);
    }

    private int preload() throws SQLException {
        int n = 0;
        try (Connection c = replica.getConnection();
                PreparedStatement s = c.prepareStatement("SELECT part_no, gross FROM close_price");
                ResultSet r = s.executeQuery()) {
            while (r.next()) {
                cache.add("gp:" + r.getInt(1), r.getString(2));
                n++;
            }
        }
        return n;
    }

    private String price(int part) throws Exception {
        String gross = cache.get("gp:" + part);
        meters.count("odesk_price_lookups_total", "result", gross == null ? "computed" : "cached");
        if (gross == null) {
            BigDecimal list;
            try (Connection c = replica.getConnection();
                    PreparedStatement s = c.prepareStatement(
                            "SELECT p.list_price, s.on_hand FROM part p JOIN stock_level s USING (part_no) WHERE p.part_no = ?")) {
                s.setInt(1, part);
                try (ResultSet r = s.executeQuery()) {
                    if (!r.next()) {
                        return "{\"part\":" + part + ",\"gross\":null}";
                    }
                    list = r.getBigDecimal(1);
                }
            }
            gross = tariff.gross(list.multiply(VAT)).toPlainString();
            cache.set("gp:" + part, gross);
        }
        if (suggestions > 0) {
            int[] seen = new int[suggestions];
            seen[0] = part;
            viewed.add(seen);
        }
        return "{\"part\":" + part + ",\"gross\":" + gross + "}";
    }

    /** A dealer sees his own orders at once: the replica is read when it has got as far as his last one. */
    private String orders(int dealer) throws Exception {
        String last = cache.get("gtid:" + dealer);
        try (Connection c = replica.getConnection()) {
            if (last == null || reached(c, last)) {
                return list(c, dealer);
            }
        }
        meters.count("odesk_order_list_from_ledger_total", "reason", "replica_behind");
        log.warn("Replica has not reached {} within 1200 ms, order list of dealer {} is read from the ledger", last, dealer);
        try (Connection c = ledger.getConnection()) {
            return list(c, dealer);
        }
    }

    private static boolean reached(Connection c, String gtid) throws SQLException {
        try (PreparedStatement s = c.prepareStatement("SELECT MASTER_GTID_WAIT(?, 1.2)")) {
            s.setString(1, gtid);
            try (ResultSet r = s.executeQuery()) {
                return r.next() && r.getInt(1) == 0;
            }
        }
    }

    private static String list(Connection c, int dealer) throws SQLException {
        StringBuilder out = new StringBuilder("[");
        try (PreparedStatement s = c.prepareStatement(
                "SELECT h.order_no, l.part_no, l.qty, l.net FROM order_head h JOIN order_line l USING (order_no)"
                        + " WHERE h.dealer_no = ? ORDER BY h.order_no DESC LIMIT 20")) {
            s.setInt(1, dealer);
            try (ResultSet r = s.executeQuery()) {
                while (r.next()) {
                    out.append(out.length() > 1 ? "," : "").append("{\"order\":").append(r.getLong(1)).append(",\"part\":")
                            .append(r.getInt(2)).append(",\"qty\":").append(r.getInt(3)).append(",\"net\":").append(r.getBigDecimal(4)).append('}');
                }
            }
        }
        return out.append(']').toString();
    }

    private String submit(Map<String, String> form) throws Exception {
        int dealer = Integer.parseInt(form.get("dealer"));
        int part = Integer.parseInt(form.get("part"));
        int qty = Integer.parseInt(form.getOrDefault("qty", "1"));
        long order;
        try (Connection c = ledger.getConnection()) {
            c.setAutoCommit(false);
            try {
                BigDecimal net = one(c, "SELECT list_price FROM part WHERE part_no = ?", part).multiply(BigDecimal.valueOf(qty));
                write(c, "UPDATE stock_level SET on_hand = on_hand - ? WHERE part_no = ?", qty, part);
                write(c, "INSERT INTO order_head (dealer_no) VALUES (?)", dealer);
                order = one(c, "SELECT LAST_INSERT_ID() + ?", 0).longValue();
                write(c, "INSERT INTO order_line (order_no, part_no, qty, net) VALUES (?, ?, ?, ?)", order, part, qty, net);
                c.commit();
            } catch (SQLException | RuntimeException e) {
                c.rollback();
                throw e;
            }
            try (PreparedStatement s = c.prepareStatement("SELECT @@last_gtid"); ResultSet r = s.executeQuery()) {
                r.next();
                cache.set("gtid:" + dealer, r.getString(1));
            }
        }
        meters.count("odesk_orders_submitted_total", "channel", "portal");
        return "{\"order\":" + order + "}";
    }

    private static BigDecimal one(Connection c, String sql, int value) throws SQLException {
        try (PreparedStatement s = c.prepareStatement(sql)) {
            s.setInt(1, value);
            try (ResultSet r = s.executeQuery()) {
                r.next();
                return r.getBigDecimal(1);
            }
        }
    }

    private static void write(Connection c, String sql, Object... values) throws SQLException {
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                s.setObject(i + 1, values[i]);
            }
            s.executeUpdate();
        }
    }

    private interface Work {
        String run() throws Exception;
    }

    private void handle(HttpExchange x, String uri, Work work) throws IOException {
        long start = System.nanoTime();
        int status = 200;
        String body;
        try {
            body = work.run();
        } catch (Exception e) {
            status = e instanceof SQLTransientConnectionException || e instanceof Tariff.Busy ? 503 : 500;
            body = "{\"error\":\"" + (status == 503 ? "Service Unavailable" : "Internal Server Error") + "\"}";
            log.error("{} {} failed", x.getRequestMethod(), x.getRequestURI(), e);
        }
        meters.request(x.getRequestMethod(), uri, status, (System.nanoTime() - start) / 1e9);
        answer(x, status, body);
    }

    private static void answer(HttpExchange x, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        x.getResponseHeaders().set("Content-Type", body.startsWith("#") ? "text/plain; version=0.0.4" : "application/json");
        x.sendResponseHeaders(status, bytes.length);
        try (var out = x.getResponseBody()) {
            out.write(bytes);
        }
    }

    private static int number(HttpExchange x, int segment) {
        return Integer.parseInt(x.getRequestURI().getPath().split("/")[segment]);
    }

    private static Map<String, String> form(HttpExchange x) throws IOException {
        Map<String, String> out = new HashMap<>();
        for (String pair : new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).split("&")) {
            String[] kv = pair.split("=", 2);
            out.put(kv[0], kv.length > 1 ? kv[1] : "");
        }
        return out;
    }
}

/** Gross prices and the place in the binary log of a dealer's last order, in memcached. */
final class PriceCache {
    private static final Logger log = LoggerFactory.getLogger(PriceCache.class);
    private final MemcachedClient client;
    private final int ttl;

    PriceCache(String server, int ttl) throws IOException {
        String[] at = server.split(":");
        this.ttl = ttl;
        client = new MemcachedClient(
                new ConnectionFactoryBuilder().setFailureMode(FailureMode.Cancel).setOpTimeout(400).setMaxReconnectDelay(4).build(),
                List.of(new InetSocketAddress(at[0], Integer.parseInt(at[1]))));
    }

    String get(String key) throws InterruptedException {
        var found = client.asyncGet(key);
        try {
            return (String) found.get(400, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException | CancellationException e) {
            found.cancel(false);
            log.warn("Cache read of {} gave nothing: {}", key, e.toString());
            return null;
        }
    }

    void set(String key, String value) {
        client.set(key, key.startsWith("gtid:") ? 60 : ttl, value);
    }

    void add(String key, String value) {
        client.add(key, ttl, value);
    }
}

/** Freight and duty by the carrier's library, whose licence counts seats. */
final class Tariff {
    static final class Busy extends Exception {
        Busy(String message) {
            super(message);
        }
    }

    private final Semaphore seats;

    Tariff(int seats) {
        this.seats = new Semaphore(seats, true);
    }

    BigDecimal gross(BigDecimal net) throws Exception {
        if (!seats.tryAcquire(3, TimeUnit.SECONDS)) {
            throw new Busy("no tariff seat free after 3000 ms, " + seats.getQueueLength() + " waiting");
        }
        try {
            Thread.sleep(190);
            return net.setScale(2, RoundingMode.HALF_UP);
        } finally {
            seats.release();
        }
    }
}

/** Zones of the carriers, since 4.12. */
final class FreightZones {
    static void load(Properties p) throws IOException {
        String path = p.getProperty("freight.zones");
        if (path == null) {
            throw new IllegalStateException("Required property 'freight.zones' is not set");
        }
        int n = Files.readAllLines(Path.of(path)).size();
        LoggerFactory.getLogger(FreightZones.class).info("{} freight zones", n);
    }
}

/** Counts log events by level. */
final class LogCounter extends AppenderBase<ILoggingEvent> {
    private final Meters meters;

    LogCounter(Meters meters) {
        this.meters = meters;
    }

    @Override
    protected void append(ILoggingEvent event) {
        meters.count("logback_events_total", "level", event.getLevel().toString().toLowerCase());
    }
}
