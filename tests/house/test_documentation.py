"""Documentation that can be held against the code."""

import re
from pathlib import Path

from backoffice.settings.environment import env

ROOT = Path(__file__).resolve().parents[2]


def test_operations_names_every_setting() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in env.scheme if f"`{name}`" not in text] == []


def test_links_between_pages_lead_somewhere() -> None:
    """Pictures are left out: they are taken from the running product."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    assert len(pages) > 10
    links = [
        (page, target) for page in pages for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    ]
    assert len(links) > 20
    assert [
        (page.name, target)
        for page, target in links
        if not target.endswith(".png") and not (page.parent / target).exists()
    ] == []
