"""The MCP door: diagnose, ask, read-only tools and reports for any MCP client."""
