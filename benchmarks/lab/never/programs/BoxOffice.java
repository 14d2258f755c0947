import jakarta.servlet.http.*;
import java.io.*;
import java.lang.management.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.logging.*;
import javax.management.ObjectName;
import javax.net.ssl.*;
import org.apache.tomcat.jdbc.pool.DataSource;

public class BoxOffice extends HttpServlet {
  static final Logger LOG = Logger.getLogger("uk.stalls.BoxOffice");
  static final ConcurrentHashMap<String, DoubleAdder> M = new ConcurrentHashMap<>();
  static final List<byte[]> RECENT = Collections.synchronizedList(new ArrayList<>());
  final Random random = new Random();
  volatile Properties conf = new Properties();
  volatile long confRead = 0;
  DataSource pool;
  SSLSocketFactory tls;

  static void count(String k, double v) { M.computeIfAbsent(k, x -> new DoubleAdder()).add(v); }

  @Override public void init() {
    try {
      reread();
      pool = new DataSource();
      pool.setDriverClassName("org.mariadb.jdbc.Driver");
      pool.setUrl("jdbc:mariadb://" + System.getProperty("stalls.db") + "/stalls?connectTimeout=3000&socketTimeout=20000");
      pool.setUsername("boxoffice");
      pool.setPassword(System.getProperty("stalls.db.password"));
      pool.setMaxActive(10); pool.setMaxIdle(6); pool.setMinIdle(2); pool.setInitialSize(2); pool.setMaxWait(4000);
      pool.setTestOnBorrow(true); pool.setValidationQuery("SELECT 1"); pool.setValidationInterval(2000);
      pool.setRollbackOnReturn(true); pool.setName("stalls");
      KeyStore ks = KeyStore.getInstance("PKCS12"); ks.load(null, null);
      try (InputStream in = new FileInputStream(System.getProperty("stalls.card.ca"))) {
        ks.setCertificateEntry("cardhouse", CertificateFactory.getInstance("X.509").generateCertificate(in));
      }
      TrustManagerFactory tmf = TrustManagerFactory.getInstance("PKIX"); tmf.init(ks);
      SSLContext c = SSLContext.getInstance("TLS"); c.init(null, tmf.getTrustManagers(), null);
      tls = c.getSocketFactory();
      LOG.info("Box office " + System.getProperty("stalls.node") + " is open for business");
    } catch (Exception e) { throw new IllegalStateException(e); }
  }

  void reread() {
    Path p = Paths.get(System.getProperty("stalls.settings"));
    try {
      long t = Files.getLastModifiedTime(p).toMillis();
      if (t == confRead) return;
      Properties n = new Properties();
      try (Reader r = Files.newBufferedReader(p)) { n.load(r); }
      conf = n; 
      LOG.info((confRead == 0 ? "Settings read" : "Settings re-read") + " (" + n.size() + " entries)");
      confRead = t;
    } catch (IOException e) { LOG.log(Level.WARNING, "Settings could not be read", e); }
  }
  int num(String k, int d) { return Integer.parseInt(conf.getProperty(k, "" + d).trim()); }

  String memo(String line, byte[] data) throws IOException {
    String[] hp = System.getProperty("stalls.seatmap").split(":");
    try (Socket s = new Socket()) {
      s.connect(new InetSocketAddress(hp[0], Integer.parseInt(hp[1])), num("seatmap.timeout.ms", 700));
      s.setSoTimeout(num("seatmap.timeout.ms", 700));
      OutputStream o = s.getOutputStream();
      o.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
      if (data != null) { o.write(data); o.write("\r\n".getBytes()); }
      o.flush();
      BufferedReader r = new BufferedReader(new InputStreamReader(s.getInputStream(), StandardCharsets.UTF_8));
      String l = r.readLine();
      if (l == null) throw new EOFException("seatmap closed the connection");
      if (l.startsWith("VALUE")) return r.readLine();
      return null;
    }
  }
  interface Query { String run() throws Exception; }
  String through(String key, int ttl, Query q) throws Exception {
    try {
      String v = memo("get " + key, null);
      if (v != null) { count("stalls_seatmap_lookups_total{found=\"yes\"}", 1); return v; }
      count("stalls_seatmap_lookups_total{found=\"no\"}", 1);
    } catch (IOException e) {
      count("stalls_seatmap_lookups_total{found=\"failed\"}", 1);
      LOG.warning("Seat map lookup of " + key + " failed, asking the database: " + e);
    }
    String v = q.run();
    try { byte[] b = v.getBytes(StandardCharsets.UTF_8); memo("set " + key + " 0 " + ttl + " " + b.length, b); }
    catch (IOException e) { LOG.fine("set " + e); }
    return v;
  }

  String card(int perf, String ref) throws IOException {
    int tries = num("card.tries", 2), wait = num("card.timeout.ms", 2500);
    IOException last = null;
    for (int i = 1; i <= tries; i++) {
      long t0 = System.nanoTime();
      try {
        HttpsURLConnection c = (HttpsURLConnection) new URL("https://" + System.getProperty("stalls.card") + "/v2/charges").openConnection();
        c.setSSLSocketFactory(tls); c.setConnectTimeout(wait); c.setReadTimeout(wait);
        c.setRequestMethod("POST"); c.setDoOutput(true);
        c.setRequestProperty("X-Merchant", System.getProperty("stalls.node"));
        c.setRequestProperty("X-Sent-At", "" + System.currentTimeMillis() / 1000);
        c.setRequestProperty("X-Api-Key", System.getProperty("stalls.card.key"));
        c.getOutputStream().write(("{\"amount\":4250,\"currency\":\"GBP\",\"reference\":\"" + ref + "\"}").getBytes());
        int code = c.getResponseCode();
        InputStream in = code < 400 ? c.getInputStream() : c.getErrorStream();
        String body = in == null ? "" : new String(in.readAllBytes());
        count("stalls_card_calls_total{answer=\"" + code + "\"}", 1);
        if (code == 200) {
          if (random.nextInt(12) == 0) LOG.warning("Charge " + ref + ": reply carries no loyalty number, points not credited");
          return body;
        }
        last = new IOException("Server returned HTTP response code: " + code + " for URL: /v2/charges, body " + body.trim());
        if (code < 500) break;
      } catch (IOException e) {
        last = e;
        count("stalls_card_calls_total{answer=\"none\"}", 1);
        if (i < tries) LOG.warning("Charge " + ref + " attempt " + i + " of " + tries + ": " + e);
      } finally {
        count("stalls_card_seconds_sum", (System.nanoTime() - t0) / 1e9); count("stalls_card_seconds_count", 1);
      }
    }
    throw last;
  }

  String book(int n) throws Exception {
    String ref = "HX" + Long.toString(random.nextInt(Integer.MAX_VALUE), 36).toUpperCase();
    try (Connection c = pool.getConnection()) {
      c.setAutoCommit(false);
      try {
        PreparedStatement s = c.prepareStatement("SELECT title, capacity, sold FROM performances WHERE id=? FOR UPDATE");
        s.setInt(1, n); ResultSet r = s.executeQuery();
        if (!r.next()) return null;
        String title = r.getString(1).toUpperCase();
        int capacity = r.getInt(2), sold = r.getInt(3);
        if (sold >= capacity) return "sold out";
        try (Statement u = c.createStatement()) {
          u.executeUpdate("UPDATE performances SET sold=sold+1 WHERE id=" + n);
          u.executeUpdate("INSERT INTO bookings(performance,reference,state) VALUES(" + n + ",'" + ref + "','paid')");
        }
        card(n, ref);
        c.commit();
        count("stalls_bookings_paid_total", 1);
        return "booked " + title + " " + ref;
      } catch (Exception e) { try { c.rollback(); } catch (SQLException x) { } throw e; }
      finally { try { c.setAutoCommit(true); } catch (SQLException x) { } }
    }
  }

  String listing(int n) throws Exception {
    try (Connection c = pool.getConnection(); Statement s = c.createStatement()) {
      ResultSet r = s.executeQuery("SELECT id,title,starts FROM performances WHERE id BETWEEN " + n + " AND " + (n + 5) + " ORDER BY starts");
      StringBuilder b = new StringBuilder();
      while (r.next()) b.append(r.getInt(1)).append(' ').append(r.getString(2).trim()).append(' ').append(r.getString(3)).append(';');
      return b.toString();
    }
  }
  String plan(int n) throws Exception {
    try (Connection c = pool.getConnection(); Statement s = c.createStatement()) {
      ResultSet r = s.executeQuery("SELECT p.capacity, COUNT(b.id), MAX(b.reference) FROM performances p LEFT JOIN bookings b ON b.performance=p.id WHERE p.id=" + n + " GROUP BY p.id");
      if (!r.next()) return "none";
      return "capacity " + r.getInt(1) + " taken " + r.getInt(2);
    }
  }
  String pending(int max) throws Exception {
    try (Connection c = pool.getConnection(); Statement s = c.createStatement()) {
      ResultSet r = s.executeQuery("SELECT id,reference,TIMESTAMPDIFF(SECOND,made,NOW()) FROM bookings WHERE state='paid' ORDER BY id LIMIT " + max);
      StringBuilder b = new StringBuilder();
      while (r.next()) b.append(r.getInt(1)).append(' ').append(r.getString(2)).append(' ').append(r.getInt(3)).append('\n');
      return b.toString();
    }
  }
  String printed(String ids) throws Exception {
    try (Connection c = pool.getConnection(); Statement s = c.createStatement()) {
      int k = s.executeUpdate("UPDATE bookings SET state='printed' WHERE id IN (" + ids.replaceAll("[^0-9,]", "") + ")");
      count("stalls_tickets_printed_total", k);
      return "" + k;
    }
  }

  String metrics() throws Exception {
    StringBuilder b = new StringBuilder();
    for (Map.Entry<String, DoubleAdder> e : new TreeMap<>(M).entrySet()) b.append(e.getKey()).append(' ').append(e.getValue().sum()).append('\n');
    b.append("stalls_pool_lent ").append(pool.getActive()).append('\n');
    b.append("stalls_pool_idle ").append(pool.getIdle()).append('\n');
    b.append("stalls_pool_queueing ").append(pool.getWaitCount()).append('\n');
    b.append("stalls_pool_most ").append(pool.getMaxActive()).append('\n');
    MemoryUsage h = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    b.append("java_heap_used_bytes ").append(h.getUsed()).append("\njava_heap_most_bytes ").append(h.getMax()).append('\n');
    long gt = 0, gc = 0;
    for (GarbageCollectorMXBean g : ManagementFactory.getGarbageCollectorMXBeans()) { gt += g.getCollectionTime(); gc += g.getCollectionCount(); }
    b.append("java_collections_total ").append(gc).append("\njava_collection_seconds_total ").append(gt / 1e3).append('\n');
    b.append("java_threads ").append(ManagementFactory.getThreadMXBean().getThreadCount()).append('\n');
    b.append("java_cpu_seconds_total ").append(((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9).append('\n');
    javax.management.MBeanServer s = ManagementFactory.getPlatformMBeanServer();
    for (ObjectName o : s.queryNames(new ObjectName("Catalina:type=ThreadPool,name=*"), null)) {
      String name = o.getKeyProperty("name").replace("\"", "");
      if (name.contains(System.getProperty("stalls.ops.port"))) continue;
      b.append("tomcat_threads_busy ").append(s.getAttribute(o, "currentThreadsBusy")).append('\n');
      b.append("tomcat_threads_now ").append(s.getAttribute(o, "currentThreadCount")).append('\n');
      b.append("tomcat_connections ").append(s.getAttribute(o, "connectionCount")).append('\n');
    }
    return b.toString();
  }

  @Override protected void service(HttpServletRequest q, HttpServletResponse a) throws IOException {
    String[] p = q.getRequestURI().split("/");
    String op = p.length > 1 ? p[1] : "";
    a.setContentType("text/plain;charset=utf-8");
    if (op.equals("figures")) { try { a.getWriter().print(metrics()); } catch (Exception e) { a.sendError(500); } return; }
    reread();
    long t0 = System.nanoTime();
    String result = "ok";
    try {
      int n = p.length > 2 && p[2].matches("[0-9]+") ? Integer.parseInt(p[2]) : 1;
      String v;
      if ("on".equals(conf.getProperty("visitor.trail"))) RECENT.add(new byte[num("visitor.trail.kb", 4) * 1024]);
      switch (op) {
        case "whatson": v = through("on:" + n, 6, () -> listing(n)); break;
        case "seats": v = through("plan:" + n, 2, () -> plan(n)); break;
        case "book": v = book(n); break;
        case "pending": v = pending(20); break;
        case "printed": v = printed(q.getParameter("ids")); break;
        default: v = null;
      }
      if (v == null) { result = "missing"; a.setStatus(404); return; }
      a.getWriter().print(v);
    } catch (Exception e) {
      result = "failed";
      LOG.log(Level.SEVERE, q.getMethod() + " " + q.getRequestURI() + " could not be served", trim(e));
      a.setStatus(500);
      a.getWriter().print("We are sorry, something has gone wrong.");
    } finally {
      String l = "{desk=\"" + op + "\"";
      count("stalls_requests_total" + l + ",result=\"" + result + "\"}", 1);
      count("stalls_request_seconds_sum" + l + "}", (System.nanoTime() - t0) / 1e9);
      count("stalls_request_seconds_count" + l + "}", 1);
    }
  }
  static Throwable trim(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      StackTraceElement[] s = t.getStackTrace();
      t.setStackTrace(Arrays.copyOf(s, Math.min(s.length, 3)));
    }
    return e;
  }
}
