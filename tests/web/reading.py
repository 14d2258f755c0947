"""How tests read a page and send a form as a browser would."""

from __future__ import annotations

import httpx

FORM = {"Sec-Fetch-Site": "same-origin"}


def page(client: httpx.Client, path: str, status: int = 200) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text[:500]
    return answer.text


def sent(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    return client.post(path, data=form, headers=FORM)
