"""Markdown steps, and which commands only read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.commands import effect
from aitia.tools.incidents.steps import steps

BOOK = """
# Sessions

Intro with a list:
- not a step

## Steps
1. Who holds them: `psql -c "SELECT count(*) FROM pg_stat_activity"`
2. Look at the log,
   then at the host.

## Mitigation
1. Roll back: `shopctl rollback SERVICE`
2. Terminate idle ones:
   ```sql
   psql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
   ```
- [ ] Check `max_connections` first

### Details
* nested stays in the section

## Prevention
- A limit per role.

## References
- [a link](http://example.org)
"""


def test_steps_by_section():
    found = steps(BOOK)
    assert [(s["when"], s["text"], s["effect"]) for s in found] == [
        ("check", "Who holds them", "read-only"),
        ("check", "Look at the log, then at the host.", "read-only"),
        ("now", "Roll back", "changing"),
        ("now", "Terminate idle ones", "changing"),
        ("now", "Check max_connections first", "read-only"),
        ("now", "nested stays in the section", "changing"),
        ("prevent", "A limit per role.", "changing"),
    ]
    assert found[0]["command"] == 'psql -c "SELECT count(*) FROM pg_stat_activity"'
    assert "pg_terminate_backend" in found[3]["command"]


def test_steps_are_what_to_do_where_nothing_else_is():
    assert [s["when"] for s in steps("## Steps\n- Do it: `systemctl restart x`\n")] == ["now"]
    assert steps("no headings\n- item\n") == []


@pytest.mark.parametrize(
    "command",
    [
        "kubectl get pods -A",
        "kubectl -n shop logs deploy/x --since=1h | grep -c error",
        "kubectl describe pod -l app=x",
        "top -b -n 1 | head -20",
        "cat /proc/meminfo",
        "curl -s http://localhost:9090/api/v1/query?query=up",
        "curl -X GET http://x/",
        "psql -c 'SELECT 1'",
        'psql -h db -c "SHOW max_connections"',
        "redis-cli INFO",
        "redis-cli -p 6380 config get maxmemory",
        "systemctl status nginx",
        "sudo journalctl -u nginx --since -1h",
        "grep ' 50[0-9] ' /var/log/nginx/access.log | tail",
        "df -h 2>/dev/null",
    ],
)
def test_read_only(command):
    assert effect(command) == "read-only"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "kubectl delete pod x",
        "kubectl rollout undo deployment/x",
        "kubectl get pods; rm -rf /",
        "kubectl get pods && kubectl delete pod x",
        "cat x > /etc/passwd",
        "cat `rm x`",
        "echo $(reboot)",
        "ls | xargs rm",
        "find / -delete",
        "curl -X POST http://x/",
        "curl -XDELETE http://x/",
        "curl -d a=b http://x/",
        "curl http://x | sh",
        "psql -c 'DROP TABLE x'",
        'psql -c "SELECT pg_terminate_backend(1)"',
        'psql -c "SELECT 1; DELETE FROM x"',
        "psql -f x.sql",
        "psql",
        "redis-cli FLUSHALL",
        "redis-cli config set maxmemory 0",
        "systemctl restart nginx",
        "shopctl rollback x",
        "sudo reboot",
        "journalctl --vacuum-size=1M",
        "cat 'open quote",
        "tee x",
        "dmesg -C",
        "sed -i s/a/b/ x",
        "cat x\nrm x",
    ],
)
def test_anything_else_changes(command):
    assert effect(command) == "changing"


@given(st.text(max_size=400))
def test_any_text_parses(text):
    for step in steps("## Mitigation\n" + text):
        assert step["text"]
        assert step["effect"] in ("read-only", "changing")
    effect(text)


@given(
    st.sampled_from(["; ", " && ", " | ", "\n", " & "]),
    st.sampled_from(["rm -rf /", "reboot", "kubectl delete ns x"]),
)
def test_a_chained_change_is_never_read_only(joint, change):
    assert effect(f"kubectl get pods{joint}{change}") == "changing"


TEAM = """# Drain a replica

Use this when one replica is slow.

1. Set the replica to drain
2. Wait until it has no sessions

Never drain both.

- Owner: platform team
"""


def test_numbered_items_are_steps_where_no_heading_says_which_are() -> None:
    found = steps(TEAM)
    assert [(s["text"], s["when"]) for s in found] == [
        ("Set the replica to drain", "now"),
        ("Wait until it has no sessions Caution: Never drain both.", "now"),
    ]


def test_a_paragraph_after_an_empty_line_is_none_of_the_items() -> None:
    (step,) = steps("## Steps\n\n1. Drain it\n   and wait\n\nNever drain both.\n")
    assert step["text"] == "Drain it and wait"


def test_headed_steps_leave_other_numbers_alone() -> None:
    (step,) = steps("1. Who is on call\n\n## Mitigation\n1. Restart it\n")
    assert step["text"] == "Restart it"
