"""Tokens that are known by their own form, wherever they stand: what issuers say of their prefixes."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.redaction.secrets import ANY_HEX, Match, Rule

# (the four characters by which a block is searched, pattern); the pattern stands after no letter, digit or underscore.
_FORMS: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("akia", "asia"), r"A(?:KIA|SIA)[0-9A-Z]{16}"),  # AWS
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,}"),  # GitHub
    (("gith",), r"github_pat_\w{20,}"),
    (
        ("glpa", "gldt", "glrt", "glcb", "glpt", "glso", "glft", "glag", "glim"),  # GitLab
        r"gl(?:pat|dt|rt|cbt|ptt|soat|ft|agent|imt)-[\w-]{16,}",
    ),
    (("xox",), r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}"),  # Slack
    (("xapp",), r"xapp-[A-Za-z0-9-]{8,}"),
    (
        ("sk-", "sk_", "rk_l", "rk_t", "pk_l"),  # Stripe, OpenAI, Anthropic
        r"(?:sk[-_]|rk_(?:live|test)_|pk_live_)(?:live_|test_|proj-|ant-)?[A-Za-z0-9_-]{16,}",
    ),
    (("whse",), r"whsec_[A-Za-z0-9+/]{16,}"),
    (("hf_",), r"hf_[A-Za-z0-9]{20,}"),  # Hugging Face
    (("npm_",), r"npm_[A-Za-z0-9]{20,}"),
    (("pypi",), r"pypi-[A-Za-z0-9_-]{50,}"),
    (("aiza",), r"AIza[\w-]{30,}"),  # Google
    (("ya29",), r"ya29\.[\w-]{20,}"),
    (("gocs",), r"GOCSPX-[\w-]{20,}"),
    (("sg.",), r"SG\.[\w-]{16,}\.[\w-]{16,}"),  # SendGrid
    (("key-",), r"key-[0-9a-f]{32}"),  # Mailgun
    ((f"sk{ANY_HEX}{ANY_HEX}",), r"SK[0-9a-f]{32}"),  # Twilio
    (("dop_", "doo_", "dor_"), r"do[por]_v1_[0-9a-f]{32,}"),  # DigitalOcean
    (("hvs.", "hvb.", "hvr."), r"hv[sbr]\.[\w-]{20,}"),  # Vault
    (("shpa", "shps", "shpc", "shpp"), r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}"),  # Shopify
    (("nrak", "nraa", "nrii"), r"NR(?:AK|AA|II)-[\w-]{20,}"),  # New Relic
    (("glsa", "glc_"), r"(?:glsa|glc)_[\w+/=-]{20,}"),  # Grafana
    (("dapi",), r"dapi[0-9a-f]{32}(?:-\d)?"),  # Databricks
    (("dckr",), r"dckr_[po]at_[\w-]{20,}"),  # Docker
    (("lin_",), r"lin_(?:api|oauth)_\w{20,}"),  # Linear
    (("atat", "atct", "atbb"), r"AT(?:ATT|CTT|BB)[\w=-]{20,}"),  # Atlassian
    (("sq0c", "sq0a"), r"sq0(?:csp|atp)-[\w-]{20,}"),  # Square
    (("sntr",), r"sntry[su]_[\w+/=-]{20,}"),  # Sentry
    (("pul-",), r"pul-[0-9a-f]{40}"),  # Pulumi
    (("figd",), r"figd_[\w-]{20,}"),  # Figma
    (("gr1348",), r"GR1348941[\w-]{20,}"),  # GitLab runner
    (("s.",), r"s\.(?=[A-Za-z0-9]{0,20}\d)(?=[A-Za-z0-9]{0,20}[A-Z])[A-Za-z0-9]{24}(?![A-Za-z0-9.])"),  # Vault before 1.10
    (("hrku",), r"HRKU-[\w-]{20,}"),  # Heroku
    (("eyj",), r"eyJ[\w-]{6,2000}(?:\.[\w-]{4,4000}){1,2}"),  # JWT (RFC 7519), its signature cut off or not
    (("gsk_",), r"gsk_[A-Za-z0-9]{40,}"),  # Groq
    (("xai-",), r"xai-[A-Za-z0-9]{40,}"),
    (("nvap",), r"nvapi-[\w-]{40,}"),
    (("pplx",), r"pplx-[A-Za-z0-9]{40,}"),
    (("r8_",), r"r8_[A-Za-z0-9]{30,}"),  # Replicate
    (("abka", "absk"), r"ABSK[A-Za-z0-9+/]{40,}={0,2}"),  # AWS Bedrock
    (("pmak",), r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),  # Postman
    (("ruby",), r"rubygems_[0-9a-f]{48}"),
    (("oy2",), r"oy2[a-z0-9]{43}"),  # NuGet
    (("ntn_",), r"ntn_[A-Za-z0-9]{40,}"),  # Notion
    (("secr",), r"secret_[A-Za-z0-9]{40,}"),
    (("dp.p", "dp.s", "dp.c"), r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,}"),  # Doppler
    (("fm1_", "fm2_", "fo1_"), r"f(?:m[12]|o1)_[\w+/=-]{20,}"),  # Fly
    (("sbp_",), r"sbp_[0-9a-f]{40}"),  # Supabase
    (("psca",), r"pscale_(?:tkn|pw|oauth)_[\w.-]{20,}"),  # PlanetScale
    (("rnd_",), r"rnd_[A-Za-z0-9]{24,}"),  # Render
    (("bbdc",), r"BBDC-[A-Za-z0-9+/]{30,}"),  # Bitbucket Data Center
    (("eaac", "eaag", "eaaa"), r"EAA[A-Z][\w-]{40,}"),  # Meta, Square
    (("akcp",), r"AKCp[A-Za-z0-9]{50,}"),  # Artifactory
    (("cmvm",), r"cmVmd[A-Za-z0-9]{50,}"),
    (("sha2",), r"sha256~[\w-]{40,}"),  # OpenShift
    (("amzn",), r"amzn\.(?:mws|sp)\.[\w.-]{20,}"),
    (("rzp_",), r"rzp_(?:live|test)_[A-Za-z0-9]{14,}"),  # Razorpay
    (("sl.u", "sl.b"), r"sl\.(?:u\.)?[\w-]{60,}"),  # Dropbox
    (("pat-",), r"pat-(?:na|eu)\d-[0-9a-f-]{36}"),  # HubSpot
    (("phx_", "phc_"), r"ph[cx]_[A-Za-z0-9]{40,}"),  # PostHog
    (("sgp_",), r"sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}"),  # Sourcegraph
    (("ltai",), r"LTAI[A-Za-z0-9]{12,30}"),  # Alibaba Cloud
    (("cfpa",), r"CFPAT-[\w-]{40,}"),  # Contentful
    (("tske",), r"tskey-[a-z]{2,10}-[\w-]{16,}"),  # Tailscale
    (("v1.0",), r"v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}"),  # Cloudflare origin CA
    (("1//0",), r"1//0[\w-]{30,}"),  # Google refresh token
    (("cfut", "cfat"), r"cf[au]t_[\w-]{30,}"),  # Cloudflare
    (("ship",), r"shippo_(?:live|test)_[0-9a-f]{40}"),
    (("aio_",), r"aio_[A-Za-z0-9]{28}"),  # Adafruit
    (("ops_",), r"ops_eyJ[A-Za-z0-9+/=]{100,}"),  # 1Password
    (("a3-",), r"A3-[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){3,6}"),
    (("jenk",), r"jenkins-[0-9a-f]{32,}"),
    (("b3bl",), r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]{20,}"),  # the body of an OpenSSH private key
    (("miic", "miie", "miij", "miib", "mhcc", "mc4c"),  # the body of a private key: PKCS#8, PKCS#1, SEC 1, Ed25519
     r"(?:MII[A-Z][A-Za-z0-9+/]{1,3}(?:IBAD|IBAAK|AgEAA)|MHcCAQEE|MC4CAQAwBQYDK2Vw)[A-Za-z0-9+/]{20,}={0,2}"),
    (("ls0t",), r"LS0tLS1CRUdJTi(?!BDRVJU)[A-Za-z0-9+/]{20,}={0,2}"),  # a PEM block in base64, no certificate
)  # fmt: skip
# (grams, pattern, what follows from the gram on): forms that may stand after a letter.
_ANYWHERE: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (
        ("hook",),
        r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{16,}",
        r"hooks\.slack",
    ),
    (("e-se",), r"AGE-SECRET-KEY-1[0-9A-Z]{40,}", r"e-secret-key-1"),
    (
        ("d.co", "rdap"),
        r"discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{10,}/[\w-]{20,}",
        r"d\.com/api/[\w/]{0,4}webhooks|rdapp\.com/api/[\w/]{0,4}webhooks",
    ),
    ((":aa",), r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{30,}", r":AA[A-Za-z0-9_-]{30}"),  # Telegram
    ((".atl",), r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}", r"\.atlasv1\."),  # Terraform Cloud
    (
        tuple(f"{digit}q~" for digit in range(10)),
        r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{30,40}",
        r"\dq~[\w~.-]{30}",
    ),  # Entra
    (("-us",), r"(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}(?!\w)", r"(?<=[0-9a-f]{32})-us\d"),  # Mailchimp
    (
        (
            "$2a$",
            "$2b$",
            "$2y$",
            "$1$",
            "$5$",
            "$6$",
            "$y$",
            "$7$",
            "$apr",
            "$arg",
            "$pbk",
            "$scr",
        ),  # crypt(3) and kin
        r"\$(?:[1567y]|2[abxy]?|apr1|argon2\w{1,2}|pbkdf2[\w-]{0,12}|scrypt)\$[\w./=,+$-]{20,}",
        r"\$(?:[1567y]|2[abxy]?|apr1|argon2\w{1,2}|pbkdf2[\w-]{0,12}|scrypt)\$[\w./=,+$-]{20}",
    ),
    (
        ("sha}", "a256", "a512", "md5}", "ypt}"),
        r"\{(?:S?SHA(?:256|512)?|S?MD5|CRYPT|PBKDF2[\w-]{0,10})\}[\w+/=$.]{16,}",
        r"(?:sha|a256|a512|md5|ypt)\}[\w+/=$.]{16}",
    ),  # RFC 2307
)
# After a letter, digit or underscore there is no token, but after %2F or the \n of an escaped text there may be one.
_BEFORE: Final = re.compile(r"(?:%[0-9A-Fa-f]{2}|\\[nrt]|(?:^|[^A-Za-z0-9_]))\Z")
_START = r"(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"


def _begins(match: Match) -> bool:
    """Whether the token does not go on from a longer word."""
    at = match.start("v")
    return at == 0 or _BEFORE.search(match.string[max(0, at - 3) : at]) is not None


TOKENS: Final[tuple[Rule, ...]] = (
    *(
        Rule(
            pattern=re.compile(rf"(?P<v>{form})"),
            needs=tuple(g.strip(ANY_HEX) for g in grams),
            grams=grams,
            trigger=f"{_START}{form}",
            accept=_begins,
        )
        for grams, form in _FORMS
    ),
    *(
        Rule(pattern=re.compile(rf"(?P<v>{form})"), needs=grams, grams=grams, trigger=trigger)
        for grams, form, trigger in _ANYWHERE
    ),
)
"""One rule for each form, so that a text is searched for those forms alone whose beginning it holds."""
