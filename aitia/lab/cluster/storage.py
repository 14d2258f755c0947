"""The volume controller: claims and the volumes that are made for them."""

from __future__ import annotations

from typing import Final

from aitia.lab.cluster.spec import quantity
from aitia.lab.cluster.world import Object, World

RESYNC_S: Final = 15  # PVClaimBinderSyncPeriod
MADE_IN_S: Final = 4
BINDER: Final = "persistentvolume-controller"


class Storage:
    """Binds claims, through the provisioner of their class."""

    def __init__(self) -> None:
        self._under_way: set[str] = set()

    def __call__(self, world: World) -> None:
        """Look at every pending claim once."""
        for claim in world.all_of("PersistentVolumeClaim"):
            if claim["status"]["phase"] == "Pending" and claim["metadata"]["uid"] not in self._under_way:
                self._under_way.add(claim["metadata"]["uid"])
                self._look(world, claim)

    def _again(self, world: World, claim: Object, after: int) -> None:
        def look() -> None:
            if world.alive(claim) and claim["status"]["phase"] == "Pending":
                self._look(world, claim)

        world.at(after, look)

    def _look(self, world: World, claim: Object) -> None:
        wanted = claim["spec"].get("storageClassName") or ""
        kind = world.get("StorageClass", "", wanted)
        if kind is None:
            if volume := _existing(world, claim):
                _bind(world, claim, volume)
                return
            told = f'storageclass.storage.k8s.io "{wanted}" not found'
            if wanted:
                world.event(claim, "ProvisioningFailed", told, BINDER, warning=True)
            else:
                world.event(claim, "FailedBinding", "no persistent volumes available for this claim and no storage class is set", BINDER)  # fmt: skip
            self._again(world, claim, RESYNC_S)
            return
        node = claim["metadata"].get("annotations", {}).get("volume.kubernetes.io/selected-node", "")
        if kind["volumeBindingMode"] == "WaitForFirstConsumer" and not node:
            world.event(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding", BINDER)  # fmt: skip
            self._again(world, claim, RESYNC_S)
            return
        maker = kind["provisioner"]
        told = f'Waiting for a volume to be created either by the external provisioner \'{maker}\' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.'  # fmt: skip
        world.event(claim, "ExternalProvisioning", told, BINDER)
        if not world.physics.provisioners.get(maker, True):
            self._again(world, claim, RESYNC_S)
            return
        who = f"{maker}_{maker.split('.')[0]}-provisioner-{world.uid('provisioner')[:8]}"
        name = f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
        world.event(
            claim, "Provisioning", f'External provisioner is provisioning volume for claim "{name}"', who
        )

        def made() -> None:
            volume = _volume(world, claim, kind, node)
            world.event(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {volume['metadata']['name']}", who)  # fmt: skip
            _bind(world, claim, volume)

        world.at(MADE_IN_S, made)


def _existing(world: World, claim: Object) -> Object | None:
    """A volume that somebody made by hand and that suits the claim."""
    for volume in world.all_of("PersistentVolume"):
        free = volume["status"]["phase"] == "Available"
        same = volume["spec"].get("storageClassName", "") == (claim["spec"].get("storageClassName") or "")
        large = quantity(volume["spec"]["capacity"]["storage"]) >= quantity(claim["spec"]["resources"]["requests"]["storage"])  # fmt: skip
        if (
            free
            and same
            and large
            and set(claim["spec"]["accessModes"]) <= set(volume["spec"]["accessModes"])
        ):
            return volume
    return None


def _volume(world: World, claim: Object, kind: Object, node: str) -> Object:
    name = f"pvc-{claim['metadata']['uid']}"
    spec: Object = {
        "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
        "accessModes": list(claim["spec"]["accessModes"]),
        "persistentVolumeReclaimPolicy": kind["reclaimPolicy"],
        "storageClassName": kind["metadata"]["name"],
        "volumeMode": "Filesystem",
    }
    if kind["provisioner"] == "rancher.io/local-path":
        spec["hostPath"] = {
            "path": f"/opt/local-path-provisioner/{name}_{claim['metadata']['namespace']}_{claim['metadata']['name']}",
            "type": "DirectoryOrCreate",
        }
        term = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
    else:
        spec["csi"] = {"driver": kind["provisioner"], "fsType": "ext4", "volumeHandle": f"vol-{claim['metadata']['uid'][:17].replace('-', '')}"}  # fmt: skip
    meta = {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": kind["provisioner"]}, "finalizers": ["kubernetes.io/pv-protection"]}  # fmt: skip
    return world.create({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec, "status": {"phase": "Available"}})  # fmt: skip


def _bind(world: World, claim: Object, volume: Object) -> None:
    meta = claim["metadata"]
    volume["spec"]["claimRef"] = {"kind": "PersistentVolumeClaim", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"], "apiVersion": "v1", "resourceVersion": meta["resourceVersion"]}  # fmt: skip
    volume["status"] = {"phase": "Bound"}
    claim["spec"]["volumeName"] = volume["metadata"]["name"]
    meta.setdefault("annotations", {}).update({"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"})  # fmt: skip
    meta["finalizers"] = ["kubernetes.io/pvc-protection"]
    claim["status"] = {"phase": "Bound", "accessModes": list(claim["spec"]["accessModes"]), "capacity": dict(volume["spec"]["capacity"])}  # fmt: skip
    world.touch(volume)
    world.touch(claim)
