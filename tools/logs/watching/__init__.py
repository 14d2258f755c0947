"""Watching a log as it grows: templates on the fly, an anytime-valid test against normal, alarms that stay."""

from aitia.tools.logs.watching.alarm import Alarm, Changed, Onset
from aitia.tools.logs.watching.kinds import Kind, Kinds
from aitia.tools.logs.watching.settings import Settings
from aitia.tools.logs.watching.watcher import Watcher

__all__ = ["Alarm", "Changed", "Kind", "Kinds", "Onset", "Settings", "Watcher"]
