#!/usr/bin/env bash
# Four open MCP servers into a folder of their own: git, SQLite and Redis from PyPI, a file system from npm. Each gets its own environment.
#   bash examples/mcp/install.sh /srv/mcp
set -euo pipefail
there=$(realpath -m "${1:?give the folder to install into}")
mkdir -p "$there"
python() { "${PYTHON:-python3}" -m venv "$there/$1" && "$there/$1/bin/pip" install -q "${@:2}"; }
[ -x "$there/git/bin/mcp-server-git" ] || python git mcp-server-git
[ -x "$there/sqlite/bin/mcp-server-sqlite" ] || python sqlite mcp-server-sqlite 'mcp<2' # it does not run with mcp 2
[ -x "$there/redis/bin/redis-mcp-server" ] || python redis redis-mcp-server
[ -x "$there/node_modules/.bin/mcp-server-filesystem" ] ||
  npm install --silent --no-audit --no-fund --prefix "$there" @modelcontextprotocol/server-filesystem
