import unicodedata
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from aitia.core.percent import chance, percent
from aitia.core.words import Window
from aitia.render import text as t

INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
HOSTILE = "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07 a\u202eb\u200bc\r\nnext\x00\x9b1m"


def test_clean_takes_escape_sequences_and_invisible_characters_out() -> None:
    assert t.clean(HOSTILE) == "red link abc next1m"


@given(st.text())
def test_clean_text_is_one_printable_line(raw: str) -> None:
    cleaned = t.clean(raw)
    assert all(unicodedata.category(c) not in INVISIBLE and c != "\n" for c in cleaned)
    assert t.clean(cleaned) == cleaned


@given(st.text())
def test_commands_keep_their_lines_and_nothing_unprintable(raw: str) -> None:
    cleaned = t.clean_lines(raw)
    assert all(c == "\n" or unicodedata.category(c) not in INVISIBLE for c in cleaned)


def test_a_probability_never_claims_certainty() -> None:
    assert [chance(p) for p in (0.0, 0.004, 0.01, 0.871, 0.99, 0.996, 1.0)] == [
        "<1 %", "<1 %", "1 %", "87 %", "99 %", ">99 %", ">99 %",
    ]  # fmt: skip


def test_a_share_is_none_or_all_only_where_it_is() -> None:
    assert [percent(p) for p in (0.0, 0.004, 0.125, 0.996, 1.0)] == ["0 %", "<1 %", "12 %", ">99 %", "100 %"]


def test_durations_read_as_people_say_them() -> None:
    said = [t.duration(s) for s in (0.04, 9.94, 9.96, 59.4, 59.6, 200, 3600, 7500)]
    assert said == ["0.0 s", "9.9 s", "10 s", "59 s", "1 min", "3 min 20 s", "1 h", "2 h 5 min"]


def test_a_span_names_the_date_of_its_end_only_on_another_day() -> None:
    start = datetime(2026, 11, 25, 23, 50, tzinfo=UTC)
    same = Window(start=start.replace(hour=22), end=start)
    over = Window(start=start, end=datetime(2026, 11, 26, 0, 10, tzinfo=UTC))
    assert t.span(same) == "2026-11-25 22:50:00 – 23:50:00 UTC"
    assert t.span(over) == "2026-11-25 23:50:00 – 2026-11-26 00:10:00 UTC"


def test_ids_sort_by_number() -> None:
    assert sorted(["E10", "E2", "E1"], key=t.id_order) == ["E1", "E2", "E10"]


STATEMENT = (
    "L13-14: electric current (MMXU1.A.phsA) reads 22.9, 11.5 expected from the other signals of the plant, since 01:00:00 UTC"
    " and still so, above by 5.47 times the limit; the plant runs in a way that its past does not show."
)


def test_a_sentence_is_cut_between_clauses_alone() -> None:
    assert t.cut(STATEMENT, 400) == STATEMENT
    assert t.cut(STATEMENT, 170).endswith("above by 5.47 times the limit …")
    assert t.cut(STATEMENT, 120).endswith("the other signals of the plant …")
    assert t.cut("no clause anywhere in these words", 12) == "no clause anywhere in these words"
    quoted = 'P-1: the order says "one, two; three, four and so on", and it rose from 3, to 4'
    assert t.cut(quoted, 40) == 'P-1: the order says "one, two; three, four and so on" …'


@given(st.text(alphabet="ab1 .,;:()\"'", max_size=400))
def test_what_is_cut_is_a_beginning_of_the_text_and_no_longer_than_three_times_what_was_asked(
    raw: str,
) -> None:
    short = t.cut(raw, 40)
    assert short == raw or raw.startswith(short.removesuffix(" …").removesuffix("…"))
    assert len(short) <= 120
