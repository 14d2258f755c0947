"""Generated Kubernetes incidents: five sites, simulated second by second by a small model of a cluster's controllers."""

from aitia.lab.cluster.layouts import bare, shop, stateful
from aitia.lab.cluster.platforms import mesh, platform
from aitia.lab.cluster.system import Cluster
from aitia.lab.words import System

SYSTEMS: tuple[System, ...] = (
    Cluster(shop),
    Cluster(bare),
    Cluster(stateful),
    Cluster(mesh),
    Cluster(platform),
)
