"""When it began, by a person's words, in five languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aitia.tools.meaning.incidents.start import start_of
from aitia.tools.meaning.incidents.times import times_of

NOW = datetime(2026, 11, 25, 14, 40, tzinfo=UTC)  # a Wednesday


def told(text: str, now: datetime = NOW) -> str | None:
    found = start_of(text, now)
    return f"{found.at.astimezone(UTC):%d %H:%M}" if found else None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        # English
        ("checkout is slow since 10:00", "25 10:00"),
        ("API down 2 mins ago", "25 14:38"),
        ("errors for about 20 min", "25 14:20"),
        ("orders fail since about an hour and a half", "25 13:10"),
        ("half an hour ago the queue stopped moving", "25 14:10"),
        ("since lunch the shop is slow", "25 12:00"),
        ("alert fired at midnight", "25 00:00"),
        ("pump tripped last night at 2:15", "25 02:15"),
        ("last night at 11 the pump stopped", "24 23:00"),
        ("started around 0930", "25 09:30"),
        ("it was fine until 14:00", "25 14:00"),
        ("down since Monday 8am", "23 08:00"),
        ("today at half past nine errors began", "25 09:30"),
        ("errors since yesterday 22:10", "24 22:10"),
        ("2026-11-25T10:05:00Z checkout error", "25 10:05"),
        ("11/24 22:10 UTC alert fired", "24 22:10"),
        ("slow since 23:50", "24 23:50"),
        # German
        ("seit kurz nach 1 Uhr hängt der Checkout", "25 01:00"),
        ("seit gestern Abend um 10 Fehler", "24 22:00"),
        ("seit halb drei vibriert Pumpe 2", "25 14:30"),
        ("seit einer halben Stunde langsam", "25 14:10"),
        ("lief bis 13:30 sauber, dann Fehler", "25 13:30"),
        ("25.11. um 10:05 Uhr Ausfall", "25 10:05"),
        ("vor 20 Minuten ausgefallen", "25 14:20"),
        # French
        ("ça rame depuis 13h", "25 13:00"),
        ("erreurs depuis 2h", "25 12:40"),
        ("erreurs depuis hier soir 23h", "24 23:00"),
        ("depuis ce matin 8h20 la caisse plante", "25 08:20"),
        ("tombé il y a 20 minutes", "25 14:20"),
        # Spanish
        ("caja lenta desde las 3 de la tarde de ayer", "24 15:00"),
        ("errores desde hace unos 20 minutos", "25 14:20"),
        ("cayó hace media hora", "25 14:10"),
        ("todo iba bien hasta las 2", "25 14:00"),
        # Japanese
        ("1時9分頃から決済でエラー", "25 01:09"),
        ("20分前からエラー", "25 14:20"),
        ("昨夜11時からDBが遅い", "24 23:00"),
        ("午後1時半から圧力低下", "25 13:30"),
        ("今朝6時頃から振動", "25 06:00"),
    ],
)
def test_a_start_is_read(text: str, start: str) -> None:
    assert told(text) == start


@pytest.mark.parametrize(
    "text",
    [
        "deploy at 09:00 was rolled back, checkout is slow",
        "restarted at 10:05 did not help",
        "checkout is slow",
        "the 10:1 ratio is 3.2 at 2000 rps on port 8080",
        "slow since this morning's deploy",
        "next update at 14:00",
        "um 13:00 neu gestartet, ohne Erfolg",
        "since 1970-01-01 it is slow",
        "in 20 minutes we call",
        "",
    ],
)
def test_what_is_no_start_is_none(text: str) -> None:
    assert told(text) is None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("checkout slow since 10:00, we restarted it at 10:05, no help", "25 10:00"),
        ("[10:41] bob: slow since 10:20", "25 10:20"),
        ("backup at 02:00 is normal, errors from 03:10", "25 03:10"),
        ("Deploy um 09:00 zurückgerollt, Fehler seit 08:40", "25 08:40"),
        ("from 10:00 to 10:30 errors", "25 10:00"),
    ],
)
def test_other_times_do_not_win(text: str, start: str) -> None:
    assert told(text) == start


def test_a_zone_that_is_named_counts_else_that_of_the_person() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    assert told("slow since 14:05 CET") == "25 13:05"
    assert told("slow since 8:15 ET") == "25 13:15"
    assert told("slow since 14:05", berlin) == "25 13:05"
    assert told("slow since 14:05 UTC", berlin) == "25 14:05"
    assert told("est lent depuis 14:05 et ne répond plus") == "25 14:05"  # "et", "est" are words


def test_the_words_that_tell_it_are_of_the_text() -> None:
    text = "Kasse langsam SEIT KURZ NACH 1 UHR, Neustart half nicht"
    found = start_of(text, NOW)
    assert found is not None
    assert found.words == "SEIT KURZ NACH 1 UHR"


def test_no_start_lies_after_now_or_long_before() -> None:
    text = "since tomorrow 15:00, in 2031, 99:99, 31.02. at 10:00, since 400 days, 2019-01-01 10:00"
    for time in times_of(text, NOW):
        assert NOW - timedelta(days=31) <= time.at <= NOW


def test_seconds_count() -> None:
    found = start_of("errors since 01:09:30", NOW)
    assert found is not None
    assert found.at == datetime(2026, 11, 25, 1, 9, 30, tzinfo=UTC)
