"""The controllers of jobs and cron jobs."""

from __future__ import annotations

import copy
from typing import Final

from aitia.lab.cluster.pods import is_going, is_over, is_ready, new_pod
from aitia.lab.cluster.workloads import remove
from aitia.lab.cluster.world import Object, World, condition, digest, epoch, safe, set_condition, stamp

FIRST_BACKOFF: Final = 10  # seconds after a failed pod, doubled each time, at most MOST_BACKOFF
MOST_BACKOFF: Final = 600


class Jobs:
    """The part of kube-controller-manager that runs things to their end."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}  # uid of a job: when its next pod may start
        self._seen: set[str] = set()  # uids of jobs whose end was told

    def __call__(self, world: World) -> None:
        """One round over all jobs and cron jobs."""
        for item in world.all_of("Job"):
            if not condition(item, "Complete") and not condition(item, "Failed"):
                self._job(world, item)
        for item in world.all_of("CronJob"):
            self._history(world, item)

    def _job(self, world: World, item: Object) -> None:
        meta, spec, status = item["metadata"], item["spec"], item["status"]
        pods = world.owned("Pod", item)
        active = [p for p in pods if not is_over(p) and not is_going(p)]
        good = sum(1 for p in pods if p["status"]["phase"] == "Succeeded")
        bad = sum(1 for p in pods if p["status"]["phase"] == "Failed")
        if bad > status.get("failed", 0):
            self._next[meta["uid"]] = world.now + min(MOST_BACKOFF, FIRST_BACKOFF * 2 ** (bad - 1))
        if good >= spec["completions"]:
            told = {"succeeded": good, **({"failed": bad} if bad else {})}
            self._counts(world, item, told)
            status["completionTime"] = stamp(world.now)
            if world.minor >= 31:
                set_condition(world, item, "SuccessCriteriaMet", "True", "CompletionsReached", "Reached expected number of succeeded pods", probe=True)  # fmt: skip
            set_condition(world, item, "Complete", "True", *(("CompletionsReached", "Reached expected number of succeeded pods") if world.minor >= 31 else ()), probe=True)  # fmt: skip
            world.event(item, "Completed", "Job completed", "job-controller")
            return
        if bad > spec["backoffLimit"]:
            self._counts(world, item, {"failed": bad})
            set_condition(world, item, "FailureTarget", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", probe=True)  # fmt: skip
            set_condition(world, item, "Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", probe=True)  # fmt: skip
            world.event(item, "BackoffLimitExceeded", "Job has reached the specified backoff limit", "job-controller", warning=True)  # fmt: skip
            for pod in active:
                remove(world, pod)
            return
        if not active and not any(map(is_going, pods)):
            if world.now < self._next.get(meta["uid"], 0):
                world.at(self._next[meta["uid"]] - world.now, lambda: world.touch(item) if world.alive(item) else None)  # fmt: skip
            else:
                self._start(world, item)
                active = [p for p in world.owned("Pod", item) if not is_over(p)]
        ready = sum(map(is_ready, active))
        told = {k: v for k, v in (("active", len(active)), ("failed", bad)) if v}
        self._counts(world, item, {**told, "ready": ready})

    def _start(self, world: World, item: Object) -> None:
        name, space = item["metadata"]["name"], item["metadata"]["namespace"]
        full = f"{name}-{safe(digest(world.uid('pod', name)), 5)}"
        template = item["spec"]["template"]
        labels = template["metadata"]["labels"]
        made = new_pod(world, item, full, space, template, labels, generate=f"{name}-")
        if isinstance(made, str):
            world.event(item, "FailedCreate", f"Error creating: {made}", "job-controller", warning=True)
            self._next[item["metadata"]["uid"]] = world.now + 60
            world.at(60, lambda: world.touch(item) if world.alive(item) else None)
            return
        world.event(item, "SuccessfulCreate", f"Created pod: {full}", "job-controller")

    def _counts(self, world: World, item: Object, told: dict[str, int]) -> None:
        status = item["status"]
        kept = {k: v for k, v in status.items() if k in ("conditions", "startTime", "completionTime")}
        new = {**kept, **told, "terminating": 0, "uncountedTerminatedPods": {}}
        if status != new:
            status.clear()
            status.update(new)
            world.touch(item)

    # Cron jobs

    def start(self, world: World, item: Object) -> None:
        """Run a cron job's schedule from now on."""
        period = int(item["spec"]["schedule"].split()[0].removeprefix("*/")) * 60

        def due() -> None:
            world.at(period, due)
            if world.alive(item) and not item["spec"]["suspend"]:
                self._run(world, item)

        world.at(period - world.now % period, due)

    def _run(self, world: World, item: Object) -> None:
        meta, spec = item["metadata"], item["spec"]
        active = [j for j in world.owned("Job", item) if not condition(j, "Complete") and not condition(j, "Failed")]  # fmt: skip
        if active and spec["concurrencyPolicy"] == "Forbid":
            world.event(item, "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid", "cronjob-controller")  # fmt: skip
            return
        name = f"{meta['name']}-{world.now // 60}"
        body = copy.deepcopy(spec["jobTemplate"]["spec"])
        labels = {
            "batch.kubernetes.io/controller-uid": "",
            "batch.kubernetes.io/job-name": name,
            "job-name": name,
        }
        made = world.create(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(world.now)},
                },
                "spec": {**body, "suspend": False},
                "status": {"startTime": stamp(world.now)},
            },
            item,
        )
        uid = made["metadata"]["uid"]
        labels["batch.kubernetes.io/controller-uid"] = labels["controller-uid"] = uid
        held = made["spec"]["template"]["metadata"].setdefault("labels", {})
        held |= labels
        made["metadata"]["labels"] = dict(held)
        made["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
        item.setdefault("status", {})["lastScheduleTime"] = stamp(world.now)
        world.touch(item)
        world.event(item, "SuccessfulCreate", f"Created job {name}", "cronjob-controller")

    def _history(self, world: World, item: Object) -> None:
        status = item.setdefault("status", {})
        jobs = world.owned("Job", item)
        for job in jobs:
            for kind in ("Complete", "Failed"):
                if condition(job, kind) and job["metadata"]["uid"] not in self._seen:
                    self._seen.add(job["metadata"]["uid"])
                    world.event(item, "SawCompletedJob", f"Saw completed job: {job['metadata']['name']}, condition: {kind}", "cronjob-controller")  # fmt: skip
                    if kind == "Complete":
                        status["lastSuccessfulTime"] = job["status"]["completionTime"]
                    world.touch(item)
        active = [j for j in jobs if not condition(j, "Complete") and not condition(j, "Failed")]
        told = [{"kind": "Job", "namespace": j["metadata"]["namespace"], "name": j["metadata"]["name"], "uid": j["metadata"]["uid"], "apiVersion": "batch/v1", "resourceVersion": j["metadata"]["resourceVersion"]} for j in active]  # fmt: skip
        if [t["uid"] for t in told] != [t["uid"] for t in status.get("active", ())]:
            status.pop("active", None)
            status |= {"active": told} if told else {}
            world.touch(item)
        for kind, most in (("Complete", item["spec"]["successfulJobsHistoryLimit"]), ("Failed", item["spec"]["failedJobsHistoryLimit"])):  # fmt: skip
            done = [j for j in jobs if condition(j, kind)]
            done.sort(key=lambda j: epoch(j["status"]["startTime"]))
            for job in done[: max(0, len(done) - most)]:
                for pod in world.owned("Pod", job):
                    world.delete(pod)
                world.delete(job)
                world.event(item, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}", "cronjob-controller")  # fmt: skip
