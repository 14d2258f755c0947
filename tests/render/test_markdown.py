from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from aitia.core.words import Mitigation, Report
from aitia.render.markdown import escape, fenced, render_markdown

GFM = MarkdownIt("commonmark", {"html": True}).enable(["strikethrough", "table"])
EVIL = [
    "[click](http://evil)", "![x](http://evil/p.png)", "<script>alert(1)</script>", "# heading", "- item",
    "1. one", "`code`", "**bold** _em_", "~~gone~~", "&lt;b&gt; &amp;", "a | b", "> quote", "= under", "<http://evil>",
]  # fmt: skip


def _inline(text: str) -> list[str]:
    """Everything that is more than plain text, by token type."""
    odd = []
    for block in GFM.parse(text):
        if block.type not in ("paragraph_open", "paragraph_close", "inline"):
            odd.append(block.type)
        odd += [
            c.type
            for c in block.children or []
            if c.type not in ("text", "softbreak", "text_special", "entity")
        ]
    return odd


def _shown(text: str) -> str:
    return "".join(c.content for block in GFM.parse(text) for c in block.children or [])


def test_markup_in_outside_text_is_shown_as_it_is() -> None:
    for evil in EVIL:
        assert _inline(escape(evil)) == [], evil
        assert _shown(escape(evil)) == evil


@given(st.text(st.characters(categories=("L", "N", "P", "S"), include_characters=" "), max_size=60))
@example("\\<")
@example("\\&@>")
def test_escaped_text_is_a_plain_paragraph(raw: str) -> None:
    line = " ".join(raw.split())
    assert _inline(escape(line)) == []
    assert _shown(escape(line)) == line


def test_links_and_mentions_are_not_made_of_bare_text() -> None:
    assert "s://" not in escape("see https://evil.example/x")
    assert "@" not in escape("ping @channel")
    assert "www." not in escape("www.evil.example")


@given(st.text(st.sampled_from("`~a \n"), max_size=40))
def test_a_command_cannot_leave_its_code_block(command: str) -> None:
    blocks = GFM.parse(fenced(command))
    assert [b.type for b in blocks] == ["fence"]
    assert blocks[0].content.rstrip("\n") == command.rstrip("\n")


def test_the_document_holds_verdict_citations_and_commands(cause: Report) -> None:
    text = render_markdown(cause)
    assert text.startswith("# CAUSE 87 %: orders: connection exhaustion")
    assert "43 times. \\[E2, E4\\]" in text
    tokens = GFM.parse(text)
    commands = [t.content.strip() for t in tokens if t.type == "fence"]
    assert "kubectl rollout undo deployment/orders" in commands
    titles = [tokens[n + 1].content for n, t in enumerate(tokens) if t.type == "heading_open"]
    assert titles[1:] == [
        "Why", "Do now", "Check next", "Not seen", "Ruled out", "Other candidates", "Timeline (UTC)", "Prevent",
        "Evidence", "Queries", "Tool calls", "Cost",
    ]  # fmt: skip


def test_a_hostile_step_stays_text(cause: Report) -> None:
    step = Mitigation(
        text="<img src=x onerror=alert(1)> [do](javascript:x)", when="now", effect="changing", source="a*b*",
        command="echo '```'; rm -rf /",
    )  # fmt: skip
    text = render_markdown(cause.model_copy(update={"mitigations": (step,)}))
    tokens = GFM.parse(text)
    kinds = {c.type for t in tokens for c in t.children or []} | {t.type for t in tokens}
    assert not kinds & {"html_inline", "html_block", "link_open", "image"}
    assert any(t.type == "fence" and t.content == "echo '```'; rm -rf /\n" for t in tokens)
