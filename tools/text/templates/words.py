"""What kind of word stands where two messages differ: one of the statement (a verb, a state), or a value."""

from __future__ import annotations

import errno
import os
import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Verbs, states and their opposites that programs log: where two messages differ in these they are two statements.
_VERBS: Final = _words(
    """
    abort accept access acquire activate add allocate allow answer append apply ask assign attach authenticate begin bind block
    boot break bring build call cancel change check choose clean clear close collect commit compile complete compute connect
    continue convert copy create deactivate decode decrypt delete deliver deny deploy deregister destroy detach detect disable
    disconnect discard do download drop dump elect emit enable encode encrypt end enqueue enter establish evict execute exit
    expand expire export extend fail fetch fill find finish fix flush follow force forward free generate get give go grant
    handle ignore import increase index init initialise initialize insert install invoke join keep kill launch leave listen
    load lock log login logout lookup lose lost make map mark match merge migrate mount move need notify obtain open parse pass
    pause perform persist poll post prepare process promote publish pull purge push put query queue quit raise reach read
    rebuild receive reconnect recover redirect reduce refresh refuse register reject release reload remove rename renew
    reopen repair replace replay reply report request require reserve reset resize resolve respond restart restore resume
    retrieve retry return revoke rollback rotate run save scale scan schedule select send set shrink shut skip sleep
    snapshot spawn split start stop store submit subscribe succeed suspend sync synchronise synchronize take terminate test
    throw trigger truncate try unbind uninstall unload unlock unmount unregister unsubscribe update upgrade upload use
    validate verify wait wake warn write
    began begun broke came chose did done fell found gave gone got had held kept knew known left lost made met ran read sent
    shown stuck stood stopped threw took went withdrawn woke wrote written
    """
)
_STATES: Final = _words(
    """
    up down on off in out yes no ok okay ready busy idle alive dead active inactive online offline open shut full empty
    available unavailable reachable unreachable valid invalid success failure successful unsuccessful successfully
    healthy unhealthy high low above below over under new old first last before after present absent missing known unknown
    complete incomplete enough more less too always never already again anymore longer later only
    master slave primary secondary leader follower candidate replica client server local remote source target
    input output incoming outgoing inbound outbound upstream downstream rx tx ingress egress
    error errors warning warnings info debug critical fatal notice exception timeout
    """
)
_GRAMMAR: Final = _words(
    """
    a an the this that these those it its he she they we you i his her their our your there here
    is are was were be been being am has have having had do does did will would shall should can could cannot may might must
    not no nor and or but if then else than so as because since while when where which who whose what why how
    of to from in into on onto at by for with without within via per between among about against during until till unless
    through across along around behind beside beyond near towards upon except
    all any each every some none both either neither other another same such own many much few several one two
    please just still yet also even ever now
    """
)
REASONS: Final = frozenset(("reason", "cause", "desc", "description", "detail", "details", "because"))
SAYING: Final = REASONS | {"err", "error", "exception", "exc"}  # what follows their `=` is a cause in words
FAILED: Final = frozenset(("failed", "failure", "fails"))  # a cause follows their colon
# As perror(3) puts them after a colon.
SYSTEM_ERRORS: Final = frozenset(os.strerror(code).lower() for code in errno.errorcode)
_LOOK: Final = re.compile(r"[A-Z]?[a-z]+(?:['’-][a-z]+)*[.!?]?")
_CAPITALS: Final = re.compile(r"[A-Z_]{2,}")
_AXIS: Final = re.compile(r"[A-Za-z][+-]")
_PARTICIPLE: Final = re.compile(r"(?:[a-z'’-]+)?[a-z]{2,}(?:ed|ing)")
METHODS: Final = _words(  # of HTTP (RFC 9110, 5789) and WebDAV (RFC 4918)
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK"
)
# SI and IEC units as they stand after a number with a blank between, and their names.
UNITS: Final = _words(
    "ns us µs ms s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days millis milliseconds "
    "microseconds nanoseconds B b bytes byte bits kB KB MB GB TB PB KiB MiB GiB TiB PiB K M G T Kb Mb Gb % percent "
    "Hz kHz MHz GHz bps kbps Mbps Gbps"
)
# Words after which a name comes: prepositions, and nouns of things that have names.
NAMING: Final = _words(
    """
    for from by at on to of via with in into as
    user users host hosts hostname node device disk file files folder directory path group service services unit container pod
    volume task job queue topic database db table schema index module plugin package library interface driver process thread
    session peer broker channel exchange vhost domain zone cluster namespace role key property parameter option setting field
    column class method function command event name account project tenant region bucket object resource component worker
    agent instance image repository branch tag rule policy certificate upstream backend frontend
    app application program step pool shard partition segment replica listener connector executor stage state status mode type
    level version id called named
    """
)


def of_statement(word: str) -> bool:
    """Whether a word looks like one of the statement: grammar, a verb or participle, a state, capitals."""
    if word.endswith("...") or _AXIS.fullmatch(
        word
    ):  # dots that lead to a value: a row of a table; a direction (`x+`)
        return True
    bare = word.rstrip(".!?,;:")
    low = bare.lower()
    if low in ("true", "false", "null") or bare in METHODS or bare == "None":
        return False
    if bare.isdigit() or _CAPITALS.fullmatch(bare):
        return True
    if not _LOOK.fullmatch(bare):
        return not any(c.isalnum() for c in bare)
    return (
        low in _GRAMMAR
        or low in _VERBS
        or low in _STATES
        or _PARTICIPLE.fullmatch(low) is not None
        or _third(low)
    )


def looks_like_a_word(word: str) -> bool:
    """Whether a text is letters as a word of a language has them, and no identifier."""
    return _LOOK.fullmatch(word) is not None


def _third(low: str) -> bool:
    """A verb in the third person (`starts`, `pushes`)."""
    return low.endswith("s") and (low[:-1] in _VERBS or (low.endswith("es") and low[:-2] in _VERBS))
