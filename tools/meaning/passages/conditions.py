"""The words of a step that state a condition for doing it, that forbid it, and the commands in it, in code spans or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.core.commands import is_program
from aitia.core.commands.grammar import grammar_of

_LEADS: Final = re.compile(
    r"(?<![\w-])(?:(?:only|but|and) )?(?:if|once|unless|in case(?: of)?|as long as|as soon as|whenever|provided(?: that)?|"
    r"wenn|falls|sobald|solange|sofern|im falle?|"
    r"s'ils?|s’ils?|lorsqu\w*|dès qu\w*|en cas d\w*|tant qu\w*|jusqu'à ce qu\w*|à moins qu\w*|"
    r"cuando|en caso de|una vez que|en cuanto|hasta que|siempre que|salvo que|"
    r"quando|qualora|in caso di|finché|non appena|nel caso|a meno che|"
    r"em caso de|enquanto|assim que|até que|desde que)(?![\w-])",
    re.I,
)
_FIRST: Final = re.compile(
    r"^\W*(?:(?:only |else |otherwise |and )?(?:should|when|while|where|until|with (?:that|this|both)|in (?:that|this) case|"
    r"on|at or above|above|below|over|under)|"
    r"bei|liegt|steht|ist|sind|hält|bleibt|zeigt|fällt|kommt|hat|läuft|fehlt|steigt|war|unter|über|bis|"
    r"si|se|caso|quand|mientras|appena|au-delà|en dessous|por encima|sopra|sotto|acima|abaixo)(?![\w-])(?=[^,:]*[,:])",
    re.I,
)
"""What begins a condition at a sentence's beginning alone: elsewhere these words mean other things."""
_END: Final = re.compile(r",|;|:\s|\s[-–—]\s|\s(?:then|dann|so|alors|entonces|allora|então)\s|[.!?]$|\(")
_EASTERN: Final = re.compile(
    r"(?:^|[、，,。])((?:如果|若|当|一旦|只有|除非|万一|要是|もし)?[^、，,。]{0,80}?"
    r"(?:场合|場合は?|なら|れば|たら|ときは?|時は?|时候?|的话|之前|以后|までは?)|(?:如果|若|当|一旦|除非|只有|要是|仅当)[^，,。；]{1,80})"
)
_ASKED: Final = re.compile(r"[^\w.?!,]{0,5}(\w[^.?!,]{1,80})(?:\?| ?(?:->|→|=>)) ?(?=\S)")
"""`Nothing freed? Restart it`, `sink fine -> add consumers`."""
_SPAN: Final = re.compile(r"(?<!`)(`{1,3})([^`\n]{1,600})\1(?!`)")
_TRAILING: Final = " \t.,;:!?。，、；"
_FORBIDS: Final = re.compile(
    r"(?<![\w-])(?:never|do not|don't|don’t|must not|mustn't|under no circumstances|niemals|nie|auf keinen fall|keinesfalls|"
    r"nicht|jamais|ne (?:\w+ ){1,3}pas|ne pas|n'\w+ pas|nunca|no (?:se )?(?:debe|hay que|\w+(?:ar|er|ir|es|e|a))|non \w+|mai|não|"
    r"jamais)(?![\w-])|不要|切勿|禁止|严禁|千万别|しないで|しないこと|厳禁|てはいけません",
    re.I,
)
_BARE_END: Final = re.compile(
    r"[,;] |\s(?:and|und|et|then|dann|puis|luego|poi|before|which|whether|to see|as root|ob|um|"
    r"ausführen|absetzen|eingeben|aufrufen|nachsehen|nachschauen|prüfen|suchen|laufen)(?![\w-])|[.:;!?]?$"
)
_VERBS: Final = frozenset({
    "find", "less", "top", "sort", "date", "test", "cat", "who", "last", "watch", "time", "file", "host", "head", "tail",
    "cut", "service", "more", "free", "ping", "fold", "comm", "type", "which", "make", "install", "at", "look", "join",
    "split", "wait", "stop", "start", "kill", "halt", "reboot", "shutdown", "truncate", "drop",
})  # fmt: skip
"""Programs whose names are words of everyday: a command only where an option or a number follows."""
_CHANGERS: Final = frozenset({
    "rm", "mv", "dd", "kill", "killall", "pkill", "reboot", "shutdown", "halt", "poweroff", "chmod", "chown", "truncate",
    "mkfs", "dropdb", "dropuser", "iptables", "nft", "sudo", "su", "doas", "eval", "systemctl", "initctl", "rmdir", "shred",
    "fdisk", "parted", "umount", "swapoff",
})  # fmt: skip
"""Programs that change something and that the grammars of what only reads need not know."""
_ALWAYS: Final = (_CHANGERS - _VERBS) | {
    "kubectl", "oc", "docker", "podman", "helm", "psql", "mysql", "redis-cli", "mongosh", "aws", "gcloud", "az", "terraform",
    "curl", "wget", "ssh", "scp", "etcdctl", "crictl", "virsh", "rabbitmqctl",
}  # fmt: skip
"""Programs whose names mean nothing else."""
_ACTS: Final = re.compile(
    r"(?<![\w-])(?:reboot|shutdown|halt|poweroff|kill|flush(?:all|db)|truncate)(?![\w-])", re.I
)
_CHANGING: Final = re.compile(
    r"(?<!\w)(?:drop|delet|remov|purg|wip(?:e|ing)|eras|terminat|destroy|format|restart|stop|start|scal|roll|overwrit|replac|reset|"
    r"disabl|enabl|apply|löschen|lösch|entfern|beend|stopp|starte|neu ?start|supprim|arrêt|redémarr|effac|borr|elimin|"
    r"deten|reinici|cancell|ferm|riavvi|apag|reinicie)\w*|删|停|重启|清空|削除|停止|再起動",
    re.I,
)
_OPENING: Final = "\"'“”„‘’«»(["
_OPTION: Final = re.compile(r"--?\w|\d")
_FIRST_WORD: Final = re.compile(
    r"(?:[a-z./~$][\w./-]*|[A-Z_]+)$"
)  # of a program, or of a statement: `DROP TABLE a`
_ARGUMENT: Final = re.compile(r"-{1,2}\w|[\"'$<]|[^/\s]*/|\w[\w-]*=|[\w-]+\.[a-z]{1,5}$|\d")
_PROSE: Final = re.compile(  # words that follow a noun in a sentence
    r"(?:of|the|an?|and|or|is|are|was|were|ha[sd]|have|do(?:es)?|did|will|would|can|could|should|must|may|might|for|from|in|into|on|at"
    r"|by|with|without|to|then|that|this|which|who|when|where|if|not?|be|been|after|before|because|whether|as|its?"
    r"|de[rmns]|die|das|ein(?:e[nmrs]?)?|und|oder|ist|sind|war(?:en)?|hat|haben|wird|werden|kann|soll|muss|für|vo[nm]|i[nm]s?|auf|am"
    r"|bei|beim|mit|ohne|zu[mr]?|nach|dann|dass|ob|wenn|nicht|keine?|als|seit|wegen|aus|über|unter"
    r"|les?|la|une?|du|et|ou|est|sont|était|ont|pour|dans|sur|avec|sans|puis|qu[ie]|quand|si|ne|pas|par"
    r"|el|los|las|una?|y|o|es|son|fue|para|en|con|sin|luego|cuando|por|del|al|il|lo|gli|uno|e|è|sono|era|per|nel(?:la)?|su|poi"
    r"|che|quando|non|dal(?:la)?)",
    re.I,
)


def condition_of(text: str) -> str:
    """The condition in a sentence, verbatim, "" where none is stated; in eight languages, by the word that begins it."""
    eastern = _EASTERN.search(text)
    if eastern:
        return eastern[1].strip(_TRAILING)
    plain = _without_spans(text)  # what a command holds is no condition
    asked = _ASKED.match(plain)
    if asked:
        return text[asked.start(1) : asked.end(1)].strip(_TRAILING)
    found = _FIRST.match(plain) or _LEADS.search(plain)
    if found is None:
        return ""
    end = _END.search(plain, found.end())
    clause = text[found.start() : end.start() if end else len(text)].strip(_TRAILING)
    return clause if len(clause.split()) > 1 else ""


def forbids(text: str) -> bool:
    """Whether a sentence says that something must not be done; what its condition denies forbids nothing."""
    return _forbidden_from(text) is not None


def forbidden_in(text: str) -> list[str]:
    """The commands of a sentence that stand behind the word that forbids them."""
    begin = _forbidden_from(text)
    return [] if begin is None else [c for c in commands_of(text) if text.rfind(c) > begin]


def _forbidden_from(text: str) -> int | None:
    plain, condition = _without_spans(text), condition_of(text)
    if condition and (at := plain.find(condition)) >= 0:
        plain = plain[:at] + "x" * len(condition) + plain[at + len(condition) :]
    found = _FORBIDS.search(plain)
    return found.start() if found else None


def commands_of(text: str) -> list[str]:
    """The commands in a sentence: code spans that could be typed, and what begins with a program's name outside of them."""
    marked = [span for found in _SPAN.finditer(text) if could_be_typed(span := found[2].strip())]
    bare = [c for part in _SPAN.sub("\n", text).replace("`", " ").split("\n") for c in _bare(part)]
    return list(dict.fromkeys([*marked, *bare]))


def could_be_typed(code: str) -> bool:
    """Whether a code span, or a line of a block, is a command: a known program, a path of one, or a name with arguments."""
    words = code.split()
    if not words:
        return False
    named = _is_named(words[0]) or words[0].startswith(("./", "/")) or words[0].endswith(".sh")
    return named or (len(words) > 1 and _FIRST_WORD.match(words[0]) is not None)


def names_an_act(text: str, *, beside: bool = False) -> bool:
    """Whether words say that something is stopped or emptied as it is typed (`reboot`, FLUSHALL).

    beside  the words stand beside a command that only reads: any word of changing counts then, in eight languages
    """
    return _ACTS.search(text) is not None or (beside and _CHANGING.search(text) is not None)


def typed_in(text: str) -> list[str]:
    """The commands in a sentence that can be nothing else: of programs that no noun or verb is named like, or with an option."""
    return [c for c in commands_of(text) if c.split()[0] in _ALWAYS or " -" in c]


def _bare(part: str) -> Iterator[str]:
    words = list(re.finditer(r"\S+", part))
    taken = 0
    for place, word in enumerate(words):
        name = word[0].strip(_OPENING + ".,;:!?")
        if word.start() < taken or not _is_named(name):
            continue
        after = words[place + 1][0] if place + 1 < len(words) else ""
        begin = word.start() + word[0].index(name)
        end = _BARE_END.search(part, word.end() - 1)
        stop = end.start() if end else len(part)
        if not _is_typed(name, after, part[word.end() : stop]):
            continue
        taken = stop
        command = part[begin:taken].strip(" .,;:!?")
        yield (
            command
            if command[-1:] in "\"'" and command.count(command[-1]) % 2 == 0
            else command.strip(_OPENING + " .,;:!?")
        )


def _is_typed(name: str, after: str, rest: str) -> bool:
    """Whether what begins with a program's name outside of a code span is typed, and no sentence about the program."""
    if _PROSE.fullmatch(after.strip(",.;:")):
        return False
    if name in _VERBS:
        return _OPTION.match(after) is not None
    if name in _ALWAYS:
        return True
    grammar = grammar_of(name)
    known = (
        grammar is not None and bool(grammar.sub) and after.strip(",.;:").isascii() and after[:1].islower()
    )
    return known or _ARGUMENT.match(after) is not None or " -" in rest


def _is_named(name: str) -> bool:
    return is_program(name) or name in _CHANGERS


def _without_spans(text: str) -> str:
    return _SPAN.sub(lambda m: "x" * len(m[0]), text)
