"""The tests and the demo build their tables from the models; that the migrations say the same, `make check` and
.ci/run hold (no migration is missing; the tables of both ways are compared)."""

from scripts.checks import ROOT

#: What only puts stored rows right before a constraint comes: nothing to do in an empty database.
REPAIRS = {"backoffice/loans/migrations/0015_before_first_due_days.py"}


def test_our_migrations_hold_no_data_steps() -> None:
    # The demo's empty database gets its tables from the models: a data step would never run there.
    found = {
        str(path.relative_to(ROOT))
        for folder in ("backoffice", "complaints", "collections")
        for path in (ROOT / folder).rglob("migrations/0*.py")
        if "RunPython" in path.read_text(encoding="utf-8")
    }
    assert found == REPAIRS
