"""Tokens that are known by their own form, wherever they stand: what issuers say of their prefixes."""

from __future__ import annotations

import re
from typing import Final

from aitia.core.redaction.secrets import Rule

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
    (("sk??",), r"SK[0-9a-f]{32}"),  # Twilio
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
    (("hrku",), r"HRKU-[\w-]{20,}"),  # Heroku
    (("eyj",), r"eyJ[\w-]{6,2000}(?:\.[\w-]{4,4000}){1,2}"),  # JWT (RFC 7519), its signature cut off or not
    (("ls0t",), r"LS0tLS1CRUdJTi(?!BDRVJU)[A-Za-z0-9+/]{20,}={0,2}"),  # a PEM block in base64, no certificate
)  # fmt: skip
_ANYWHERE: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("hook",), r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{16,}"),
    (("e-se",), r"AGE-SECRET-KEY-1[0-9A-Z]{40,}"),
    (("d.co", "rdap"), r"discord(?:app)?\.com/api/webhooks/\d{10,}/[\w-]{20,}"),
    ((":aa",), r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{30,}"),  # Telegram
    ((".atl",), r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}"),  # Terraform Cloud
)
# After a letter, digit or underscore there is no token, but after %2F or the \n of an escaped text there may be one.
_START = r"(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
_GRAMS: Final = tuple(dict.fromkeys(gram for grams, _ in (*_FORMS, *_ANYWHERE) for gram in grams))

TOKEN = Rule(
    pattern=re.compile(
        rf"(?P<v>{_START}(?:{'|'.join(form for _, form in _FORMS)})|{'|'.join(form for _, form in _ANYWHERE)})"
    ),
    needs=tuple(g.strip("?") for g in _GRAMS),
    grams=_GRAMS,
    trigger="|".join(
        [*(f"{_START}{form}" for _, form in _FORMS),
         r"hooks\.slack", r"d\.com/api/webhooks|rdapp\.com/api/webhooks", r"e-secret-key-1",
         r":AA[A-Za-z0-9_-]{30}", r"\.atlasv1\."]
    ),
)  # fmt: skip
