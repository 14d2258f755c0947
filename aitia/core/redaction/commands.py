"""The rules for secrets that stand in command lines, in protocols' commands and in the configuration of devices."""

# ruff: noqa: E501 (a pattern is read as one line)
from __future__ import annotations

import re
from typing import Final

from aitia.core.redaction.secrets import HARMLESS, STATES, Match, Rule, value_of

_GAP = r"[^|;&\n]{0,200}?[ \t]"
_VALUE = r"(?:\"(?P<w>[^\"\n]{1,256})\"|'(?P<x>[^'\n]{1,256})'|(?P<v>[^\s\"'|;&<>]{1,256}))"
# (programs, the options whose value is a secret): what each manual says.
_OPTIONS: Final[tuple[tuple[str, str], ...]] = (
    (r"mysql\w{0,10}|mariadb[\w-]{0,8}|mycli", r"-p"),
    (r"sshpass", r"-p[ \t]*"),
    (r"redis-cli|valkey-cli|keydb-cli", r"(?:-a|--pass)[ \t]+"),
    (r"mongo(?:sh|dump|restore|export|import)?", r"-p[ \t]+"),
    (r"ldap(?:search|add|modify|delete|whoami|passwd|compare|modrdn)|ldapvi", r"-(?:w|s|a)[ \t]*(?!sub\b|base\b|one\b|children\b|always\b|never\b)"),
    (r"snmp(?:walk|get|getnext|bulkwalk|bulkget|set|table|trap|status|test|df|netstat|inform)", r"-(?:c|A|X)[ \t]*"),
    (r"(?:docker|podman|helm(?:[ \t]+registry)?|oc|az|buildah|skopeo|nerdctl|crane|oras|cf)[ \t]+login", r"(?:-p|--token)[ \t=]+"),
    (r"mosquitto_(?:pub|sub|rr)|cqlsh|nodetool|bteq|ipmitool|racadm|sqlcmd|bcp|isql|osql|tsql|zip|unzip|smartctl|wpscan|mqtt", r"-[PpW][ \t]*(?=[^\s\d-][^\s]|\d{5,}|\S*[A-Za-z])"),
    (r"(?:7z|7za|7zr|rar|unrar)", r"-h?p"),
    (r"openssl[ \t]+\w+|curl|keytool|signtool|jarsigner", r"(?:-pass(?:in|out)?[ \t]+(?:pass:)?|-(?:store|key)pass[ \t]+)(?!file:|env:|stdin|fd:)"),
    (r"openssl[ \t]+enc", r"-[kK][ \t]+"),
    (r"smbclient|rpcclient|net[ \t]+(?:rpc|ads)|smbget|smbmap|winexe|wmic|mount\.cifs", r"-U[ \t]*[\w.\\/-]{1,64}%"),
    (r"htpasswd", r"-\w*b\w*[ \t]+\S+[ \t]+\S+[ \t]+"),
    (r"rabbitmqctl", r"(?:add_user|change_password|authenticate_user)[ \t]+\S{1,64}[ \t]+"),
    (r"vault[ \t]+login", r"(?!-|\w+=)"),
    (r"vault[ \t]+(?:operator[ \t]+)?unseal", r"(?!-)"),
    (r"aws[ \t]+configure[ \t]+set", r"(?:[\w.-]{0,40})(?:secret_access_key|session_token)[ \t]+"),
    (r"(?:kubectl|oc)[ \t]+create[ \t]+secret", r"--from-literal[= \t][\"']?[\w.-]{1,64}="),
    (r"vault[ \t]+(?:kv[ \t]+(?:put|patch)|write)", r"\S{1,128}[ \t]+[\w.-]{1,64}="),
    (r"lftp|ncftp\w{0,3}", r"(?:-u[ \t]*\S{1,64},|-p[ \t]+)"),
    (r"nmcli|wpa_passphrase", r"(?:password[ \t]+|passphrase[ \t]+)"),
    (r"net[ \t]+use", r"(?:/user:\S{1,64}[ \t]+|\\\\\S{1,128}[ \t]+(?=[^\s/]\S*[ \t]+/user))"),
    (r"sqlplus|sqlldr|expdp|impdp|rman", r"(?:target[ \t]+)?[A-Za-z]\w{0,40}/(?=[^\s@]+@)"),
)  # fmt: skip
_PROGRAMS: Final = "|".join(
    rf"(?<![\w.-])(?:{programs})\b(?:{_GAP}|[ \t]+)(?:{options})" for programs, options in _OPTIONS
)
_HEADS: Final = (
    "mysq", "mari", "mycl", "sshp", "s-cl", "y-cl", "b-cl", "mong", "ldap", "snmp", "logi", "osqu", "cqls", "etool", "ipmi", "racadm", "sqlc", "bcp ", "7z ", "7za ",
    "rar ", "open", "keyt", "jars", "smbc", "rpcc", "cifs", "htpa", "abbi", "vaul", "aws ", "kube", "lftp", "nmcl", "wpa_", "net ", "sqlp", "expd", "impd",
    "rman", "zip ", "oc c", "bteq", "isql",
)  # fmt: skip


def _given(match: Match) -> bool:
    value = value_of(match)
    return (
        not HARMLESS.match(value)
        and not STATES.match(value)
        and not re.fullmatch(r"(?:tty|pts|vty)/?\w{0,3}|(?:\d{1,3}\.){3}\d{1,3}|FROM|ON|failed[:;,]?", value)
    )


SHELL = Rule(
    pattern=re.compile(rf"(?:{_PROGRAMS}|(?<!\S)(?:-u|--user|--proxy-user)[ =]+[\"']?(?!\d+:\d+\b)[^\s:\"']{{1,64}}:){_VALUE}"),
    needs=(
        "mysql", "mariadb", "mycli", "sshpass", "-cli", "mongo", "ldap", "snmp", "login", "mosquitto", "cqlsh", "nodetool", "ipmitool", "sqlcmd", "bcp",
        "7z", "rar", "openssl", "keytool", "jarsigner", "smbclient", "rpcclient", "cifs", "htpasswd", "rabbitmqctl", "vault", "aws ", "kubectl", "oc create",
        "lftp", "nmcli", "wpa_pass", "net ", "sqlplus", "expdp", "impdp", "rman", "zip", "-u", "-user", "bteq", "isql",
    ),
    grams=(" -u ", "--us", "--pr", *_HEADS),
    trigger=(
        r"mysql\w{0,10}\b[^|\n]{0,200}?[ \t]-p|mariadb[^|\n]{0,200}?[ \t]-p|mycli|sshpass|[syb]-cli[^|\n]{0,200}?[ \t](?:-a|--pass)|[ ]-u[ ]+\S{1,64}:"
        r"|--user[ =]|--proxy-user[ =]|mongo\w{0,8}[ ][^|\n]{0,200}?-p|ldap\w{2,8}[ ][^|\n]{0,200}?-[wsa]|snmp\w{2,9}[ ][^|\n]{0,200}?-[cAX]"
        r"|login[ ][^|\n]{0,200}?(?:-p|--token)|osquitto_\w{2,3}[ ]|cqlsh[ ]|etool[ ]|ipmitool[ ]|racadm[ ]|sqlcmd[ ]|bcp[ ]|7za?[ ]\w|rar[ ]\w|openssl[ ]|keytool[ ]|jarsigner[ ]"
        r"|smbclient[ ]|rpcclient[ ]|cifs[ ]|htpasswd[ ]|abbitmqctl[ ]|vault[ ](?:login|kv|write|unseal|operator)|aws[ ]configure|kubectl[ ]create[ ]secret"
        r"|lftp[ ]|nmcli[ ]|wpa_passphrase|net[ ](?:use|rpc|ads)[ ]|sqlplus[ ]|expdp[ ]|impdp[ ]|rman[ ]|zip[ ]-|oc[ ]create|bteq[ ]|isql[ ]"
    ),
    accept=_given,
)  # fmt: skip

# What a server is told: FTP and POP3 PASS, IMAP LOGIN, Redis AUTH and CONFIG SET, a .netrc, chpasswd, CREATE ROLE.
PROTOCOL = Rule(
    pattern=re.compile(
        r"(?:(?<![\w-])PASS[ \t]+(?=\S*[\d!#$%^&*@])(?!\d{1,5}(?:[ /%]|$))(?P<v>\S{4,128})"
        r"|(?<!\w)LOGIN[ \t]+\"?[\w.@+-]{1,64}\"?[ \t]+\"?(?P<w>(?=[^\s\"]*[\d!#$%^&*])[^\s\"]{4,128})"
        r"|(?<![\w-])AUTH[ \t]+\"?(?:default\"?[ \t]+\"?)?(?!PLAIN|LOGIN|CRAM|SCRAM|XOAUTH|NTLM|GSSAPI|DIGEST|TLS|SSL)(?P<x>(?=[^\s\"]*\d)[^\s\"]{6,128})"
        r"|(?i:(?<!\w)send(?:line|_user)?[ \t]+(?:--[ \t]+)?[\"'])(?P<j>[^\"'\n\\]{4,128})(?=\\{1,2}[rn][^\n]{0,80}?assw)"
        r"|(?i:sasl_passw\w{0,12}[^\n]{0,160}?[ \t])[\w.@-]{1,64}:(?P<k>[^\s:]{4,128})"
        r"|(?i:(?<!\w)login (?:incorrect|ok)[^\[\n]{0,80}\[[^\s/\]]{1,64}/)(?!<)(?P<l>[^\]\n]{3,128})(?=\])"
        r"|(?i:(?<!\w)(?:echo|printf)[ \t]+(?:-n[ \t]+)?[\"']?)(?P<m>[^\s\"'|]{4,128})(?=[\"']?[ \t]*\|[^\n|]{0,120}?(?:--?(?:password-?)?stdin|sudo[ \t]+-S)(?!\w))"
        r"|(?<!\w)AUTH[ \t]+(?:PLAIN|LOGIN)[ \t]+(?P<y>[A-Za-z0-9+/]{8,}={0,2})"
        r"|(?i:(?<!\w)config[ \t]+set[ \t]+\"?(?:requirepass|masterauth|primaryauth)\"?[ \t]+\"?)(?P<z>[^\s\"]{1,128})"
        r"|(?i:(?<![\w-])(?:requirepass|masterauth|bindpw|rootpw|rocommunity6?|rwcommunity6?|snmp-server[ \t]+community|authpass|privpass))[ \t]+[\"']?(?P<a>[^\s\"']{3,128})"
        r"|(?i:(?<!\w)com2sec[ \t]+\S{1,40}[ \t]+\S{1,40}[ \t]+)(?P<b>\S{3,64})"
        r"|(?i:(?<!\w)login[ \t]+\S{1,64}[ \t]+password[ \t]+)(?P<c>\S{3,128})"
        r"|(?i:(?<!\w)ACL[ \t]+SETUSER[ \t][^\n]{0,80}?[ \t]>)(?P<d>\S{3,128})"
        r"|(?i:(?<!\w)(?:password|secret|key-string|md5|key|community)[ \t]+[05789][ \t]+)(?P<f>[^\s\"']{4,128})"
        r"|(?i:(?<!\w)(?:key-string|pre-shared-key|authentication-key|message-digest-key[ \t]+\d+[ \t]+md5|wpa-psk(?:[ \t]+ascii)?|server[ \t]+key"
        r"|isakmp[ \t]+key)[ \t]+(?:[0-9][ \t]+)?)(?P<g>[^\s\"']{4,128})"
        r"|(?i:(?<![\w-])[\"']?\$?\{?[\w.-]{1,40}:)(?P<h>[^\s\"'|:]{3,128})(?=[\"']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?chpasswd)"
        r"|(?i:(?<!\w)create[ \t]+(?:role|user|login)[ \t][^\n]{0,80}?password[ \t]*=?[ \t]*N?')(?P<i>[^'\n]{1,128}))"
    ),
    needs=("send", "sasl", "pass", "login", "auth", "requirepass", "bindpw", "rootpw", "community", "com2sec", "setuser", "secret", "key", "md5", "chpasswd"),
    grams=("gin i", "gin ok", "gin OK", "echo", "printf", "send ", "sendline", "send_", "sasl", "ass ", "gin ", "uth ", "repa", "terauth", "yauth", "bindpw", *(f"word {c}" for c in "05789'=n"), "word=", "word'", "hpas", "vpas", "otpw", "ommunity", "com2", "setu", "secr", "key-", "red-", "-key", "-psk", "r ke", "p ke", "chpa", "key ", "md5 "),
    trigger=(
        r"gin[ ](?:incorrect|ok)[^\[\n]{0,80}\[|(?:echo|printf)[ ][^|\n]{1,200}\|[^\n]{0,120}?(?:stdin|sudo -s)|send(?:line|_user)?[ ]+(?:--[ ]+)?[\"']|sasl_passw|ass[ ]\S{0,60}[\d!#$%^&*@]|gin[ ]\S{1,64}[ ]\"?\S{0,60}[\d!#$%^&*]|uth[ ](?:(?:plain|login)[ ])?\S{6}|repass|terauth|yauth|bindpw[ ]|otpw[ ]|ommunity6?[ ]\S{3}|com2sec"
        r"|gin[ ]\S{1,64}[ ]password[ ]|setuser[ ]|(?:word|secret)[ ][05789][ ]|key-string|red-key[ ]|-key[ ]\S|-psk[ ]|r[ ]key[ ]\S|p[ ]key[ ]\S|chpasswd"
        r"|(?:h|v)pass[ ]|(?:key|md5)[ ][05789][ ]\S|word[ ]*=?[ ]*n?'"
    ),
    accept=_given,
)  # fmt: skip
