"""The preview and the proof of an erasure in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.keeping import people
from backoffice.audit.keeping.needles import Needles
from backoffice.audit.keeping.samples import samples
from backoffice.audit.models import Erasure
from backoffice.audit.services.erasure import home_of
from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk import dossiers
from backoffice.desk.tables import column_name, table_name

#: Kinds of personal data, as a search names them.
KINDS: dict[str, Any] = {
    "name": _("name"),
    "phone": _("telephone number"),
    "id_number": _("document number"),
    "email": _("e-mail"),
    "address": _("address"),
}


def confirm_word(erasure: Erasure | None) -> str:
    """What is typed before nobody can go back: the number of the person's dossier, or else their identifier."""
    if erasure is None:
        return ""
    home = home_of(people.theirs(erasure.subject_id))
    return home.number if home is not None else str(erasure.subject.uid)[:8]


def counts_of(preview: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What would go, by number."""
    kinds = ", ".join(f"{DossierKind(kind).label} {count}" for kind, count in preview["dossiers"].items())
    persons = str(preview["people"])
    if preview["dependents"]:
        known = gettext("%(count)s of them known only through the person") % {"count": preview["dependents"]}
        persons = f"{persons} ({known})"
    return [
        (gettext("Data subjects"), persons),
        (gettext("Dossiers"), kinds or "0"),
        (gettext("Keys"), preview["keys"]),
        (gettext("Files"), preview["files"]),
        (gettext("Texts of others searched"), f"{preview['texts_searched']:,}"),
        *([(gettext("Texts nobody can read"), preview["unreadable"])] if preview["unreadable"] else []),
    ]


def places_of(preview: Mapping[str, Any], needles: Needles | None) -> list[dict[str, Any]]:
    """Where others' texts speak of the person, with masked surroundings for those who have to judge."""
    ids = {one["dossier"] for one in preview["places"] if one["dossier"]}
    known = Dossier.objects.in_bulk(ids)
    spared = set(preview["spared"])
    return [
        {
            "place": one["place"],
            "dossier": dossiers.link(known[one["dossier"]]) if one["dossier"] in known else "",
            "what": table_name(one["table"]),
            "column": column_name(one["table"], one["column"]),
            "count": one["count"],
            "kinds": [KINDS.get(kind, kind) for kind in one["kinds"]],
            "sure": one["sure"],
            "fate": _fate(one),
            "spared": one["place"] in spared and not one["sure"],
            "samples": samples(one, needles) if needles is not None else [],
        }
        for one in preview["places"]
    ]


def _fate(place: Mapping[str, Any]) -> Any:
    if not place["record"]:
        return _("rewritten")
    return _("emptied; its hash stays") if place["encrypted"] else _("removed; its leaf hash stays")


def proof_counts(proof: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What went, by number."""
    return [
        (gettext("Data subjects"), len(proof["subjects"])),
        (gettext("Keys deleted"), len(proof["keys"])),
        (gettext("Masks and search columns emptied"), sum(proof["masks_and_indexes"].values())),
        (gettext("Files deleted"), len(proof["files"])),
        (gettext("Texts of others rewritten"), sum(proof["texts_rewritten"].values())),
        (gettext("Columns of the record emptied"), len(proof["redactions"])),
        (gettext("Rows of the record removed"), sum(proof["rows_removed"].values())),
        (gettext("Copies deleted"), sum(proof["copies_deleted"].values())),
        (gettext("Places left, being somebody else's name"), len(proof["spared"])),
    ]
