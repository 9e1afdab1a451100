"""Chinese is complete, and the tool that keeps it so finds what people see."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from scripts import i18n


def test_catalogue_is_complete() -> None:
    found = i18n.problems(i18n.read(), i18n.extract())
    assert found == [], "run `make i18n` and translate what it lists"


def extracted(tmp_path: Path, name: str, text: str) -> list[tuple[object, str | None]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [(identifier, context) for identifier, context, _ in i18n.messages_in(path)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("_('Loan')", [("Loan", None)]),
        ("gettext_lazy('Loan')", [("Loan", None)]),
        ("gettext_noop('Loan')", [("Loan", None)]),
        ("gettext(\n    'Lo'\n    'an'\n)", [("Loan", None)]),
        ("ngettext('%d loan', '%d loans', n)", [(("%d loan", "%d loans"), None)]),
        ("ngettext_lazy('%d loan', '%d loans', 'n')", [(("%d loan", "%d loans"), None)]),
        ("pgettext('of a case', 'open')", [("open", "of a case")]),
        ("pgettext_lazy('of a case', 'open')", [("open", "of a case")]),
        ("npgettext('c', 'one', 'many', n)", [(("one", "many"), "c")]),
        ("_(variable)", []),
    ],
)
def test_python(tmp_path: Path, source: str, expected: list[object]) -> None:
    assert extracted(tmp_path, "code.py", source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% translate 'Loan' %}", [("Loan", None)]),
        ('{% trans "Loan" as title %}', [("Loan", None)]),
        ("{% translate 'open' context 'of a case' %}", [("open", "of a case")]),
        ("<p title=\"{{ _('Loan') }}\">it's (odd</p>", [("Loan", None)]),
        ("{% include 'a.html' with title=_('Loan') %}", [("Loan", None)]),
        # What Django looks up at run time has its percent signs doubled.
        ("{% translate '5% more' %}", [("5%% more", None)]),
        ("{% blocktranslate %}{{ n }} loans{% endblocktranslate %}", [("%(n)s loans", None)]),
        ("{% blocktranslate trimmed %}\n  one\n  two\n{% endblocktranslate %}", [("one two", None)]),
        (
            "{% blocktranslate count n=x %}a loan{% plural %}{{ n }} loans{% endblocktranslate %}",
            [(("a loan", "%(n)s loans"), None)],
        ),
        (
            "{% blocktranslate trimmed context 'list' %}\n open\n{% endblocktranslate %}",
            [("open", "list")],
        ),
        ("{% comment %}{% translate 'no' %}{% endcomment %}", []),
    ],
)
def test_templates(tmp_path: Path, source: str, expected: list[object]) -> None:
    assert extracted(tmp_path, "page.html", source) == expected


def catalogue(tmp_path: Path, body: str) -> i18n.BabelCatalog:
    path = tmp_path / "django.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n' + body, encoding="utf-8"
    )
    with path.open("rb") as file:
        return read_po(file, locale=i18n.LOCALE)


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        ("", "missing"),
        ('msgid "%(n)s loans"\nmsgstr ""\n', "empty"),
        ('#, fuzzy, python-format\nmsgid "%(n)s loans"\nmsgstr "%(n)s 笔贷款"\n', "fuzzy"),
        ('#, python-format\nmsgid "%(n)s loans"\nmsgstr "%(m)s 笔贷款"\n', "placeholder"),
        ('msgid "%(n)s loans"\nmsgstr "%(n)s 笔贷款"\n\nmsgid "gone"\nmsgstr "无"\n', "left over"),
    ],
)
def test_problems_are_found(tmp_path: Path, stored: str, problem: str) -> None:
    template = i18n.new_catalog()
    template.add("%(n)s loans", None, [("page.html", 0)])
    found = i18n.problems(catalogue(tmp_path, stored), template)
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(("text", "found"), [("导入1行", ["its number is not said"]), ("导入%(n)s行", [])])
def test_the_one_chinese_form_says_the_number(tmp_path: Path, text: str, found: list[str]) -> None:
    template = i18n.new_catalog()
    template.add(("Import one row", "Import %(n)s rows"), None, [("page.html", 0)])
    stored = catalogue(
        tmp_path,
        f'#, python-format\nmsgid "Import one row"\nmsgid_plural "Import %(n)s rows"\nmsgstr[0] "{text}"\n',
    )
    said = [one for one in i18n.problems(stored, template) if "not said" in one]
    assert [one.partition(":")[0] for one in said] == found


def test_update_keeps_translations_and_drops_what_is_gone(tmp_path: Path) -> None:
    stored = catalogue(tmp_path, 'msgid "kept"\nmsgstr "保留"\n\nmsgid "gone"\nmsgstr "无"\n')
    template = i18n.new_catalog()
    template.add("kept")
    template.add("new")
    merged = i18n.merged(stored, template)
    assert {message.id: message.string for message in merged if message.id} == {"kept": "保留", "new": ""}
    assert i18n.render(merged) == i18n.render(i18n.merged(merged, template))


def test_compile_is_left_out_when_current(tmp_path: Path) -> None:
    po, mo = tmp_path / "django.po", tmp_path / "django.mo"
    catalogue(tmp_path, 'msgid "kept"\nmsgstr "保留"\n')
    assert i18n.compile_catalog(po, mo)
    assert not i18n.compile_catalog(po, mo)
