"""Diagnoses as jobs: a durable table with leases, worker processes, and their events as they come."""

from aitia.jobs.jobs import Jobs
from aitia.jobs.thread_worker import Here
from aitia.jobs.words import Approval, Full, Job, JobNotFound, JobState, Submitted, Update
from aitia.jobs.workers import Workers

__all__ = [
    "Approval",
    "Full",
    "Here",
    "Job",
    "JobNotFound",
    "JobState",
    "Jobs",
    "Submitted",
    "Update",
    "Workers",
]
