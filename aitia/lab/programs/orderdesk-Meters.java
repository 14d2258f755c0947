package com.skagmarine.orderdesk;

import ch.qos.logback.classic.LoggerContext;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.DoubleAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counters and gauges in the text format of Prometheus, named as Micrometer names them. */
final class Meters {
    private static final double[] BOUNDS = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
    private final ConcurrentSkipListMap<String, DoubleAdder> sums = new ConcurrentSkipListMap<>();
    private ThreadPoolExecutor workers;
    private Map<String, HikariDataSource> pools;
    private String release;

    void watch(ThreadPoolExecutor workers, Map<String, HikariDataSource> pools, String release) {
        this.workers = workers;
        this.pools = pools;
        this.release = release;
        add("odesk_orders_submitted_total{channel=\"portal\"}", 0);
        add("odesk_order_list_from_ledger_total{reason=\"replica_behind\"}", 0);
        add("logback_events_total{level=\"error\"}", 0);
        add("logback_events_total{level=\"warn\"}", 0);
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        var counter = new LogCounter(this);
        counter.setContext(context);
        counter.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(counter);
    }

    void count(String name, String label, String value) {
        add(name + "{" + label + "=\"" + value + "\"}", 1);
    }

    void request(String method, String uri, int status, double seconds) {
        String labels = "method=\"" + method + "\",status=\"" + status + "\",uri=\"" + uri + "\"";
        for (double bound : BOUNDS) {
            add("http_server_requests_seconds_bucket{" + labels + ",le=\"" + bound + "\"}", seconds <= bound ? 1 : 0);
        }
        add("http_server_requests_seconds_bucket{" + labels + ",le=\"+Inf\"}", 1);
        add("http_server_requests_seconds_count{" + labels + "}", 1);
        add("http_server_requests_seconds_sum{" + labels + "}", seconds);
    }

    private void add(String series, double value) {
        sums.computeIfAbsent(series, k -> new DoubleAdder()).add(value);
    }

    String text() {
        StringBuilder out = new StringBuilder("# TYPE http_server_requests_seconds histogram\n");
        sums.forEach((series, sum) -> line(out, series, sum.sum()));
        pools.forEach((name, source) -> {
            var pool = source.getHikariPoolMXBean();
            String label = "{pool=\"" + name + "\"}";
            line(out, "hikaricp_connections" + label, pool.getTotalConnections());
            line(out, "hikaricp_connections_active" + label, pool.getActiveConnections());
            line(out, "hikaricp_connections_idle" + label, pool.getIdleConnections());
            line(out, "hikaricp_connections_pending" + label, pool.getThreadsAwaitingConnection());
            line(out, "hikaricp_connections_max" + label, source.getMaximumPoolSize());
        });
        line(out, "executor_active_threads{name=\"http\"}", workers.getActiveCount());
        line(out, "executor_queued_tasks{name=\"http\"}", workers.getQueue().size());
        line(out, "executor_pool_max_threads{name=\"http\"}", workers.getMaximumPoolSize());
        var memory = ManagementFactory.getMemoryMXBean();
        line(out, "jvm_memory_used_bytes{area=\"heap\"}", memory.getHeapMemoryUsage().getUsed());
        line(out, "jvm_memory_max_bytes{area=\"heap\"}", memory.getHeapMemoryUsage().getMax());
        line(out, "jvm_memory_used_bytes{area=\"nonheap\"}", memory.getNonHeapMemoryUsage().getUsed());
        for (var gc : ManagementFactory.getGarbageCollectorMXBeans()) {
            String label = "{gc=\"" + gc.getName() + "\"}";
            line(out, "jvm_gc_pause_seconds_count" + label, gc.getCollectionCount());
            line(out, "jvm_gc_pause_seconds_sum" + label, gc.getCollectionTime() / 1e3);
        }
        line(out, "jvm_threads_live_threads", ManagementFactory.getThreadMXBean().getThreadCount());
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        line(out, "process_cpu_seconds_total", system.getProcessCpuTime() / 1e9);
        line(out, "process_uptime_seconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1e3);
        line(out, "odesk_build_info{release=\"" + release + "\"}", 1);
        return out.toString();
    }

    private static void line(StringBuilder out, String series, double value) {
        out.append(series).append(' ').append(String.format(Locale.ROOT, "%.6f", value)).append('\n');
    }
}
