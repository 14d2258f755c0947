"""What of a message its program wrote: whatever it was given says nothing of the program."""

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.tools.meaning.messages import classes
from aitia.tools.text.classes import meaning
from aitia.tools.text.program_text import written

# Lines with a place for what a client sends, as servers and libraries write them.
ECHOES = (
    'ERROR:  invalid input syntax for type integer: "{}"',
    'ERROR:  column "{}" does not exist at character 8',
    "STATEMENT:  SELECT * FROM t WHERE id = '{}'",
    "ERR unknown command '{}', with args beginning with: 'x' ",
    'no such item path="/items/{}" status=404',
    "no such item path=/items/{} status=404",
    "search q={} took=3",
    '10.0.0.9 - - [25/Nov/2026:01:22:36 +0000] "GET /{} HTTP/1.1" 404 18 "-" "curl"',
    "GET /{} -> 404",
    'GET /x 404 user_agent="{}"',
    "login failed for user {}",
    "request body: {}",
    "bad value for field: {}",
    "client said: {}",
    'rejected {{"name": "{}"}}',
    'ValueError: invalid literal for int() with base 10: "{}"',
    "Key (name)=({}) already exists.",
)
FAULTS = (
    "deadlock detected",
    "No space left on device",
    "Out of memory: Killed process 12 (java)",
    "FATAL: sorry, too many clients already",
    "connection refused",
    "certificate has expired",
    "panic: runtime error",
)
OWN = [
    ('java.lang.OutOfMemoryError: "Java heap space"', "log.oom"),
    ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "log.connection_limit"),
    ('error="dial tcp: lookup db: no such host"', "log.dns"),
    ('level=error msg="write failed" err="write /var/lib/x: no space left on device"', "log.disk_full"),
    ('{"level":"error","msg":"no answer","error":"dial tcp 10.0.0.3:5432: connect: connection refused"}',
     "log.connection_refused"),
    ('Get "http://db:8080/x": dial tcp: lookup db: no such host', "log.dns"),
    ('FATAL:  password authentication failed for user "app"', "log.permission"),
    ('role "app" does not exist', "log.permission"),
    ('open() "/var/cache/x" failed (28: No space left on device), client: 1.2.3.4, request: "GET /x HTTP/1.1"',
     "log.disk_full"),
    ('connect() failed (111: Connection refused) while connecting to upstream, request: "GET /x HTTP/1.1"',
     "log.connection_refused"),
    ("can't open file: No space left on device", "log.disk_full"),
    ("read tcp 10.0.0.1:4->10.0.0.2:3: i/o timeout", "log.timeout"),
    ("Max retries exceeded with url: /x (Caused by NewConnectionError('<x>: [Errno 111] Connection refused'))",
     "log.connection_refused"),
    ("GET /x failed | KeyError: 'a'", "log.exception"),
    ('"POST /pay HTTP/1.1" 500 1 rt=1 up=orders', "log.error"),
    ('"POST /pay HTTP/1.1" 502 1 rt=1 up=orders', "log.unavailable"),
    ('"POST /pay HTTP/1.1" 504 1 rt=1 up=orders', "log.timeout"),
]  # fmt: skip


def test_an_echo_has_the_class_of_the_line_around_it():
    wrong = [
        line.format(fault)
        for line in ECHOES
        for fault in FAULTS
        if meaning(line.format(fault), "").aspect != meaning(line.format("x"), "").aspect
    ]
    assert not wrong


@pytest.mark.parametrize(("text", "aspect"), OWN)
def test_what_the_program_wrote_keeps_its_class(text, aspect):
    assert meaning(text, "").aspect == aspect


@given(
    line=st.sampled_from([e for e in ECHOES if '"{}"' in e]),
    before=st.text(string.ascii_letters + " .,:;=/()[]'\"", max_size=40),
    fault=st.sampled_from(FAULTS),
    after=st.text(string.ascii_letters + " .,:;=/()[]'\"", max_size=40),
)
@settings(max_examples=300)
def test_no_quoted_value_breaks_out_of_its_quotes(line, before, fault, after):
    """Also where the program did not escape what it was given, and its last quote is the closing one."""
    text = line.format(f"{before} {fault} {after}")
    assert meaning(text, "error").aspect == meaning(line.format("x"), "error").aspect


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\{"), max_size=300))
@settings(max_examples=300)
def test_any_text_is_taken_apart_and_no_word_is_added(text):
    found = written(text)
    assert all(word in text for word in re.findall(r"\w+", found.own) if word != "via")
    assert all(word in text for word in re.findall(r"\w+", found.given))


def test_every_class_of_the_table_is_lost_in_quotes():
    assert {c.aspect for c in classes().values()} >= {"log.deadlock", "log.oom", "log.disk_full"}
    assert written('bad id "deadlock detected"').own == 'bad id "…"'
    assert "deadlock" in written('bad id "deadlock detected"').given
