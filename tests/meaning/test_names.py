"""What names mean by their own words: quantity, direction, unit, and that what is not understood stays unknown."""

from __future__ import annotations

import pytest

from aitia.core.aspects import METRIC
from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.meaning.words import words_of
from aitia.tools.series.aspects import bundled
from aitia.tools.series.kinds import stated_unit


@pytest.mark.parametrize(
    ("name", "quantity", "direction", "unit"),
    [
        ("http_request_duration_seconds", "latency", "up", "s"),
        ("rpc.server.duration_usec", "latency", "up", "us"),
        ("FreeableMemory", "memory", "down", ""),
        ("ssCpuIdle", "cpu", "down", ""),
        ("node_filesystem_avail_bytes", "disk", "down", "By"),
        ("rabbitmq_queue_messages_ready", "queue", "up", ""),
        ("beanstalkd_current_jobs_ready", "queue", "up", ""),
        ("celery_tasks_ready", "queue", "up", ""),
        ("kafka.consumer.lag", "lag", "up", ""),
        ("redis_keyspace_hits_total", "cache", "down", ""),
        ("CPUCreditBalance", "cpu", "down", ""),
        ("grid/Ac/L2/Power", "power", "both", ""),
        ("system/Dc/Battery/SoC", "level", "down", ""),
        ("Vorlauftemperatur_HK1", "temperature", "up", ""),
        ("Pumpe2_Motorstrom", "current", "both", ""),
        ("Kesseldruck", "pressure", "both", ""),
        ("flow_m3_per_hour", "flow", "both", "m3/h"),
        ("41-PT-101A.PV", "pressure", "both", ""),
        ("FIC-2031.OP", "position", "both", ""),
        ("FIC-2031.SP", "setting", "none", ""),
        ("LAHH-300", "state", "up", ""),
    ],
)
def test_names_of_many_worlds(name: str, quantity: str, direction: str, unit: str) -> None:
    found = lexicon().read(name)
    assert (found.quantity, found.direction, found.unit) == (quantity, direction, unit)
    assert 0.5 <= found.confidence <= 1.0


@pytest.mark.parametrize(
    "name", ["", "x", "foo_baz", "YMEAS(4)", "_", "ß" * 300, "a.b.c", "\x1b[31m", "9" * 40]
)
def test_what_says_nothing_stays_unknown(name: str) -> None:
    assert lexicon().read(name).quantity == UNKNOWN


def test_a_part_of_a_word_is_no_word() -> None:
    """`ping` in shopping and shipping, `err` in terror, `up` in upstream."""
    assert lexicon().read("shopping_cart_items").quantity == "count"
    assert bundled().of("shipping_cpu").aspect == "cpu"
    assert lexicon().read("territory_blob").quantity != "errors"
    assert bundled().of("upstream_response_seconds_count").aspect == "latency"


def test_a_unit_that_does_not_fit_takes_weight_from_the_words() -> None:
    assert lexicon().read("backend_requests").quantity == "traffic"
    assert lexicon().read("backend_requests_milliseconds").quantity == "latency"
    assert lexicon().read("backend_requests", unit="ms").quantity == "latency"


@pytest.mark.parametrize("name", ["pg_stat_database_temp_files", "slave_open_temp_tables", "temp_bytes"])
def test_what_is_stored_is_temporary_and_has_no_temperature(name: str) -> None:
    assert lexicon().read(name).quantity != "temperature"
    assert lexicon().read("disk_temp").quantity == lexicon().read("BrgTempDE").quantity == "temperature"


def test_words_are_taken_apart() -> None:
    known = lexicon().known
    assert words_of("HTTPRequestsTotal", known) == ("http", "requests", "total")
    assert words_of("cpuusage", known) == ("cpu", "usage")
    assert words_of("Füllstand Behälter", known)[0] == "fullstand"
    assert words_of("CpuUsageRate(%)", known) == ("cpu", "usage", "rate", "%")


def test_every_quantity_is_complete() -> None:
    for quantity in lexicon().quantities.values():
        assert quantity.aspect in METRIC, quantity.id
        assert quantity.say("up")
        assert quantity.say("down")
        assert quantity.floor >= 0


def test_locks_that_are_held_are_no_trouble() -> None:
    assert bundled().of("pg_locks_count").aspect == "other"
    assert bundled().of("sessions_waiting_on_lock").aspect == "locks"
    assert bundled().of("pg_stat_database_deadlocks").aspect == "errors"
    assert bundled().of("replica_lag_seconds").aspect == "lag"
    assert bundled().of("replica_lag_entries").aspect == "lag"


def test_a_free_resource_is_named_so() -> None:
    free, used = bundled().of("host_memory_available_bytes"), bundled().of("host_memory_used_bytes")
    assert (free.bad, free.say) == ("down", "available memory")
    assert (used.bad, used.say) == ("up", "memory in use")
    assert free.floor > used.floor


def test_what_consumers_are_behind_by_is_no_replication() -> None:
    names = ("consumer_lag", "kafka_consumergroup_lag", "kafka.consumer.lag", "consumer_lag_seconds", "records_lag_max",
             "kafka_consumer_group_lag_sum", "queue_depth")  # fmt: skip
    assert {bundled().of(n).aspect for n in names} == {"queue"}
    copies = (
        "pg_replication_lag",
        "kafka_replica_fetcher_consumer_lag",
        "mysql_slave_lag",
        "replica_group_lag",
    )
    assert {bundled().of(n).aspect for n in copies} == {"lag"}


def test_a_unit_of_two_words_is_not_its_last_word() -> None:
    assert lexicon().read("vibration_mm_s").unit == "mm/s"
    assert lexicon().read("Schwinggeschw_V_mm_s").unit == "mm/s"
    assert lexicon().read("latency_s").unit == "s"
    assert stated_unit("vibration_mm_s") == "mm/s"
