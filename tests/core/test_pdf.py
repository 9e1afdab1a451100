"""Making PDFs: what typst only warns about, what it would wait for, and what it must not read as markup."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypdf
import pytest

from backoffice.core import checks, pdf

ROOT = Path(__file__).resolve().parents[2]

TEMPLATE = """
#set document(date: none, title: "Test")
#let fonts = json(bytes(sys.inputs.fonts))
#set text(font: fonts.serif, lang: "zh", region: "cn")
#json(bytes(sys.inputs.data)).text
"""


@pytest.fixture
def template(tmp_path, monkeypatch):
    """Writes a template into a package of its own and gives its address."""
    package = tmp_path / "templates_of_a_test"
    package.mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str) -> str:
        (package / "one.typ").write_text(source)
        return "templates_of_a_test:one.typ"

    yield write
    sys.modules.pop("templates_of_a_test", None)


def text_of(content: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_chinese_and_what_looks_like_markup_stand_as_they_were_written(template):
    hostile = '催收 #panic() *bold* $x$ _it_ \\ // @ref <l> `raw` "'

    shown = text_of(pdf.render_pdf(template(TEMPLATE), {"text": hostile}))

    assert hostile in shown


def test_a_template_cannot_be_made_to_read_files_of_the_machine(template):
    with pytest.raises(pdf.RenderError):
        pdf.render_pdf(template(TEMPLATE + '#read("/etc/hostname")'), {"text": ""})


def test_the_same_input_gives_the_same_bytes_without_a_date(template):
    address = template(TEMPLATE)

    content = pdf.render_pdf(address, {"text": "同一封信"})

    assert content == pdf.render_pdf(address, {"text": "同一封信"})
    assert content != pdf.render_pdf(address, {"text": "另一封信"})
    assert b"CreationDate" not in content
    assert b"ModDate" not in content


def test_threads_share_the_compiler_one_at_a_time(template):
    address = template(TEMPLATE)
    texts = [f"第{number % 4}封" * 50 for number in range(32)]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda text: pdf.render_pdf(address, {"text": text}), texts))

    assert made == [pdf.render_pdf(address, {"text": text}) for text in texts]


def test_a_font_that_is_not_there_is_an_error_that_says_what_to_install(template):
    with pytest.raises(pdf.FontMissing, match=r"no such font.*fonts-noto-cjk"):
        pdf.render_pdf(template(TEMPLATE.replace("fonts.serif", '"No Such Font"')), {"text": "信"})


def test_without_chinese_fonts_nothing_is_made_and_a_check_warns(template, monkeypatch):
    assert pdf.cjk_font_available()
    assert checks.chinese_fonts_are_installed() == []

    monkeypatch.setattr(pdf, "FACES", {"serif": ("No Such Font",)})

    assert not pdf.cjk_font_available()
    assert [message.id for message in checks.chinese_fonts_are_installed()] == ["core.W001"]
    with pytest.raises(pdf.FontMissing, match=r"No Such Font.*fonts-noto-cjk"):
        pdf.render_pdf(template(TEMPLATE), {"text": "信"})


def test_a_character_that_no_font_can_show_is_an_error(template):
    with pytest.raises(pdf.CharacterMissing):
        pdf.render_pdf(template(TEMPLATE), {"text": "信\ue000"})


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\x00", "\x1b", "\ufeff", "\x7f"])
def test_invisible_characters_that_reverse_or_break_text_are_taken_out(template, hidden):
    address = template(TEMPLATE)

    assert pdf.render_pdf(address, {"text": f"甲{hidden}乙"}) == pdf.render_pdf(address, {"text": "甲乙"})


def test_a_warning_of_any_kind_is_an_error(template):
    endless = '#context { let n = counter("n"); n.update(n.final().first() + 1) }'

    with pytest.raises(pdf.RenderError, match="converge"):
        pdf.render_pdf(template(TEMPLATE + endless), {"text": "信"})


def test_a_forked_process_says_so_instead_of_waiting_for_ever():
    """In a process of its own: the parent must have used typst before the fork, and no test may inherit that."""
    script = """
import os, signal
from datetime import date
from backoffice.core import pdf
import pathlib, sys, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "forked").mkdir()
(folder / "forked" / "one.typ").write_text('#set document(date: none, title: "T")\\n#set text(lang: "zh")')
sys.path.insert(0, str(folder))
pdf.render_pdf("forked:one.typ", {})
child = os.fork()
if not child:
    signal.alarm(20)
    try:
        pdf.render_pdf("forked:one.typ", {})
    except pdf.UsedBeforeFork:
        os._exit(42)
    os._exit(1)
sys.exit(0 if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42 else 1)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
