"""The recorded answers of a public set of Kubernetes faults, transcribed into Kubernetes objects, logs and metrics.

`answers` looks one up, `text` parses what kubectl printed, `objects` writes the same fields as the API's objects,
`recording` puts a case into a folder as `cluster_recorded` reads it. Nothing here judges what it transcribes.
"""

from benchmarks.adapters.k8s_tool_cache.answers import Answers, Question
from benchmarks.adapters.k8s_tool_cache.recording import transcribed

__all__ = ["Answers", "Question", "transcribed"]
