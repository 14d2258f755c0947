"""Questions in Chinese: word for word in the tables' English, and answered as the same question in English is."""

from __future__ import annotations

import pytest

from aitia.agent.asking.question.chinese import english, unknown_words
from aitia.agent.asking.question.sorting import asks, of_live
from aitia.agent.asking.steps import asks_for_steps

from .conftest import Sitting


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("有多少个 Pod 正在运行？", "how many Pod running?"),
        ("最近 20 分钟 web 的平均延迟是多少？", "in the last 20 minutes"),
        ("过去一小时有多少错误？", "in the last 1 hours"),
        ("09:15 到 09:40 之间", "between 09:15 and 09:40"),
        ("下午四点半之后", "since 16:30"),
        ("两小时前", "2 hours ago"),
        ("worker 依赖什么服务？", "what does worker call?"),
        ("谁访问 ledger？", "which services call ledger?"),
        ("把 worker 重启一下", "restart worker"),
        ("显示最后五条日志", "the last 5"),
        ("how many pods are running?", "how many pods are running?"),
    ],
)
def test_forms_and_words(asked: str, told: str) -> None:
    assert told in english(asked)


def test_what_is_quoted_or_is_a_name_stays_and_what_is_not_known_is_kept() -> None:
    assert "“连接超时”" in english("日志里有没有“连接超时”？")
    assert "结算服务" in english("结算服务 的错误日志", ["结算服务"])
    assert unknown_words(english("麒麟 的温度")) == ["麒麟"]


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ("有多少个 Pod 正在运行？", 'count(of="pods", state="running")'),
        ("哪些 Pod 没有就绪？", 'list(of="pods", state="not_ready")'),
        ("ingest-api 用的是什么镜像？", 'get(component="ingest-api", part="image")'),
        ("ingest-api 重启了多少次？", 'get(component="ingest-api", part="restarts")'),
        ("显示 viewer 最后 3 条错误日志", 'lines(component="viewer", level="error", limit=3)'),
    ],
)
def test_a_cluster_is_asked(asked: str, query: str, cluster: Sitting) -> None:
    assert cluster.ask(asked).query == query
    assert cluster.answer.status == "answered"


def test_the_shop_and_the_pump_are_asked(shop: Sitting, pump: Sitting) -> None:
    assert shop.ask("谁调用 postgres？").found.names == ("orders", "payment", "users")
    assert shop.ask("orders 当前是哪个版本？").found.names[0].startswith("2.14.0")
    assert (
        shop.ask("01:08:30 之后 orders 有多少错误？").query
        == shop.ask("how many errors of orders since 01:08:30?").query
    )
    hottest = pump.ask("过去一小时 P-101B 的最高轴承温度是多少？").found.value
    assert hottest == pump.ask("highest bearing temperature of P-101B in the last hour").found.value


def test_a_change_is_refused_and_an_unknown_word_or_name_is_not_passed_over(
    cluster: Sitting, pump: Sitting
) -> None:
    for wish in ("请把 viewer 重启一下", "删除 viewer 这个 Pod"):
        assert cluster.ask(wish).answer.status == "refused"
    said = cluster.ask("列出麒麟 Pod").answer
    assert said.text.startswith("I do not know the word '麒麟' and leave it out.")
    assert pump.ask("P-101B 夜麒的流量是多少？").answer.status == "unclear"
    assert pump.ask("P-101C 的流量是多少？").answer.status == "not_known"


def test_a_door_knows_what_is_asked() -> None:
    assert of_live("显示最后五条错误日志")
    assert asks("有多少个 Pod 正在运行？")
    assert asks_for_steps("网关很慢，应该怎么办？")
