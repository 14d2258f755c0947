"""What is true of the world outside of the API: what a registry holds, how a program behaves, what a machine has left."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Program:
    """How the program in an image behaves."""

    start_s: float = 4.0  # until it listens
    growth: float = 0.0  # MiB a minute
    exits_after: float = 0.0  # seconds; 0: it stays
    exit_code: int = 1
    says: tuple[str, ...] = ()  # before it exits
    errors: float = 0.0  # share of its own requests that it answers with an error
    complaint: str = ""  # the line it writes then
    slowdown: float = 1.0  # of its answers
    work: float = 1.0  # CPU a request, relative
    listens: int = 0  # another port than the one of the app
    needs: tuple[str, ...] = ()  # names of variables without which it exits
    commands: tuple[str, ...] = ()  # further commands that the image has


@dataclass(kw_only=True)
class Machine:
    """What a node's machine has."""

    kubelet: bool = True
    runtime: bool = True
    disk_used: float = 0.41  # share
    memory_stolen: float = 0.0  # share that processes outside of pods hold
    cpu_stolen: float = 0.0
    loss: float = 0.0  # share of packets
    delay_ms: float = 0.0


@dataclass
class Physics:
    """The outside of a cluster. Injectors change this or the objects, and nothing that is observed."""

    programs: dict[str, Program] = field(default_factory=dict)  # by image
    machines: dict[str, Machine] = field(default_factory=dict)  # by node
    missing_tags: set[str] = field(default_factory=set)  # images that no registry holds
    closed: dict[str, str] = field(default_factory=dict)  # registry host: the pull secret that it asks for
    refused: set[str] = field(default_factory=set)  # pull secrets whose token the registry no longer takes
    unresolved: set[str] = field(default_factory=set)  # hosts without an address
    passwords: dict[str, str] = field(default_factory=dict)  # app: the password that its server takes
    sizes: dict[str, float] = field(default_factory=dict)  # app: share of its volume that is used
    load: float = 1.0  # of the usual visitors
    slow: dict[str, float] = field(default_factory=dict)  # app: its answers take so many times longer
    certificates: dict[str, int] = field(default_factory=dict)  # secret: notAfter, epoch seconds
    provisioners: dict[str, bool] = field(default_factory=dict)  # storage class provisioner: whether it works

    def program(self, image: str) -> Program:
        """How an image behaves; an unknown one as a plain server."""
        return self.programs.get(image, Program())

    def machine(self, node: str) -> Machine:
        """A node's machine."""
        return self.machines.setdefault(node, Machine())
