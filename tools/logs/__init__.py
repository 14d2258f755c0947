"""Log tools: what the logs say that they did not say before."""

from aitia.tools.logs.diff import logs_diff
from aitia.tools.logs.patterns import logs_patterns
from aitia.tools.logs.sessions_tool import logs_sessions
from aitia.tools.logs.stated import logs_stated

__all__ = ["logs_diff", "logs_patterns", "logs_sessions", "logs_stated"]
