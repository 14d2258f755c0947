"""Images that cannot be pulled: the registry's name does not resolve, the reference is wrong, or access is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, Finding, describe, quote
from aitia.tools.cluster.objects import Pod
from aitia.tools.cluster.state import State

_STATES = (
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "ImageInspectError",
)
_DNS = re.compile(
    r"(?i)no such host|name resolution|server misbehaving|could not resolve host"
    r"|lookup \S+(?: on \S+)?: (?:i/o timeout|\S*timed? ?out)"
)
_AMBIGUOUS = re.compile(r"(?i)repository does not exist or may require|insufficient_scope|pull access denied")
_AUTH = re.compile(
    r"(?i)failed to authorize|unauthorized|authentication required|no basic auth|\b40[13]\b|forbidden|pull access denied"
    r"|access denied|denied: "
)
_ABSENT = re.compile(
    r"(?i)not found|manifest unknown|name unknown|does not exist|invalid reference|couldn't parse image"
    r"|InvalidImageName|no match for platform"
)
_LIMITED = re.compile(r"(?i)toomanyrequests|429 Too Many|pull rate limit")
_SILENT = re.compile(
    r"(?i)i/o timeout|TLS handshake timeout|context deadline exceeded|connection (?:refused|reset)|no route to host"
    r"|x509: |\b50[0234] |service unavailable|unexpected EOF"
)
_NEVER = re.compile(r"(?i)not present with pull policy of Never|ErrImageNeverPull")
_SECRET = re.compile(r"Unable to retrieve some image pull secrets \(([^)]*)\)")


def find(state: State) -> Iterator[Finding]:
    """One reason per app whose image is not there."""
    for app in state.apps:
        for pod in state.broken(app):
            waiting = next((c for c in pod.spec.containers if c.reason in _STATES), None)
            if waiting is None and pod.status.removeprefix("Init:") not in _STATES:
                continue
            yield from _reason(state, app, pod, waiting.image if waiting else "")
            break


def _reason(state: State, app: str, pod: Pod, image: str) -> Iterator[Finding]:
    told = [e.message for e in pod.events if e.type == "Warning" and re.search(r"(?i)pull|image", e.message)]
    pull = [
        m for m in told if "Failed to pull" in m or "failed to resolve" in m or "InspectFailed" in m
    ] or told
    message = max(pull, key=len, default="")
    image = image or next(iter(re.findall(r'image "([^"]+)"', message)), "")
    without = _SECRET.search(" ".join(e.message for e in pod.events))

    def found(aspect: str, strength: float, what: str) -> Finding:
        return Finding(
            aspect=aspect,
            component=app,
            statement=f'{app}: image {image!r} cannot be pulled: {what}. The kubelet: "{quote(message[-220:])}".',
            strength=strength,
            call=describe("pods", state.namespace, pod.name),
            values={"image": image},
            quotes=True,
        )

    if without:
        yield found("k8s.image_secret", CONTRADICTION, f"pull secret {without.group(1)!r} does not exist")
    elif _DNS.search(message):
        yield found("k8s.image_dns", SAID, f"the name of registry {registry(image)!r} does not resolve")
    elif _LIMITED.search(message):
        yield found(
            "k8s.image_registry", SAID, f"registry {registry(image)!r} allows no further pulls for now"
        )
    elif _NEVER.search(message) or "ErrImageNeverPull" in pod.status:
        yield found("k8s.image_reference", SAID, "the node does not have it, and the pull policy is Never")
    elif _AMBIGUOUS.search(message):
        yield from _either(state, app, image, found)
    elif _AUTH.search(message):
        yield found(
            "k8s.image_secret",
            SAID,
            f"registry {registry(image)!r} refuses access, and {_secrets(state, app)}",
        )
    elif _SILENT.search(message) and not _ABSENT.search(message):
        yield found("k8s.image_registry", SAID, f"registry {registry(image)!r} does not answer as it should")
    elif _ABSENT.search(message) or "InvalidImageName" in pod.status:
        yield found("k8s.image_reference", SAID, "the registry does not know this name or tag")
    else:
        yield found("k8s.image_reference", POSSIBLE, "the kubelet gave no clear reason")


def _either(
    state: State, app: str, image: str, found: Callable[[str, float, str], Finding]
) -> Iterator[Finding]:
    """The registry hides whether a repository is private or absent: what the other images are decides."""
    familiar = _familiar(state, app, image)
    has_secret = bool(state.spec(app).pull_secrets)
    reference = found(
        "k8s.image_reference",
        SAID if familiar or has_secret else LIKELY - 0.1,
        "there is no such repository in the registry that the other images of the namespace come from"
        if familiar
        else "there is no such repository, or it is private",
    )
    secret = found(
        "k8s.image_secret",
        POSSIBLE if familiar or has_secret else LIKELY,
        f"the repository may be private, and {_secrets(state, app)}",
    )
    yield from sorted((reference, secret), key=lambda f: -f.strength)


def _familiar(state: State, app: str, image: str) -> bool:
    """Whether other apps' images come from the same registry and organisation."""
    homes = Counter(
        c.image.rpartition("/")[0]
        for other in state.apps
        if other != app
        for c in state.spec(other).containers
        if c.image
    )
    return homes[image.rpartition("/")[0]] >= 2


def _secrets(state: State, app: str) -> str:
    wanted = state.spec(app).pull_secrets
    if not wanted:
        return "the pod names no pull secret"
    missing = [s for s in wanted if state.secrets is not None and s not in state.secrets]
    return f"its pull secret {(missing or list(wanted))[0]!r} " + (
        "does not exist" if missing else "is not accepted"
    )


def registry(image: str) -> str:
    """The registry's host of an image reference; Docker Hub where none is named."""
    first = image.split("/")[0]
    return first if "/" in image and ("." in first or ":" in first or first == "localhost") else "docker.io"
