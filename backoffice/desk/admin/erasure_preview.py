"""What an erasure would do, as its pages draw it: what stands in the way, what goes, who else's texts speak of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from typing import Any

from django.utils.text import capfirst

from backoffice.audit.keeping import people
from backoffice.audit.keeping.columns import cipher_labels, personal_models, tables
from backoffice.audit.keeping.needles import Needles, context
from backoffice.audit.keeping.people import Theirs
from backoffice.audit.keeping.scan import Hit, as_text, read_any
from backoffice.audit.keeping.seams import Blocker
from backoffice.audit.services.erasure import Plan
from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk import dossiers
from backoffice.desk.admin.keeping_words import data_label
from backoffice.desk.tables import column_name, table_name

#: Places drawn one by one, and passages drawn of each; what is beyond is counted.
PLACES, PASSAGES = 100, 3


def drawn_blockers(blockers: Sequence[Blocker]) -> list[dict[str, Any]]:
    """Each with the way to the dossier that is meant."""
    found = Dossier.objects.in_bulk([one.dossier_id for one in blockers if one.dossier_id is not None])
    return [
        {
            "sentence": one.sentence,
            "possible_from": one.possible_from,
            "url": dossiers.page_url(found[one.dossier_id]) if one.dossier_id in found else None,
        }
        for one in blockers
    ]


def what_goes(whose: Theirs) -> dict[str, Any]:
    """Keys, dossiers, rows about the people and files: what is theirs and goes as a whole."""
    keys = Counter("person" if subject_id else "dossier" for subject_id in _owners(whose))
    rows = []
    for model in personal_models():
        count = people.personal_rows(model, set(whose.subjects)).count()
        if count:
            rows.append((capfirst(str(model._meta.verbose_name_plural)), count))
    return {
        "people": len(whose.subjects),
        "dependents": len(whose.dependents),
        "person_keys": keys["person"],
        "dossier_keys": keys["dossier"],
        "rows": rows,
        "files": len(people.files_of(whose.dossiers)),
        "dossiers": [
            (one.get_kind_display(), dossiers.link(one))
            for one in Dossier.objects.filter(pk__in=whose.dossiers).order_by("kind", "number")
        ],
    }


def _owners(whose: Theirs) -> Iterable[int | None]:
    return whose.keys.values_list("subject_id", flat=True)


def dossier_kinds(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Stored counts by kind of dossier, in words."""
    labels = dict(DossierKind.choices)
    return [(str(labels.get(kind, kind)), count) for kind, count in counts.items()]


def places(plan: Plan, *, spared: Set[str] = frozenset()) -> tuple[list[dict[str, Any]], int]:
    """The texts elsewhere, by dossier or column, those that a person has to judge first; and how many more."""
    grouped: dict[str, list[Hit]] = {}
    for hit in plan.found.hits:
        grouped.setdefault(hit.place, []).append(hit)
    ordered = sorted(grouped.items(), key=lambda item: (all(hit.sure for hit in item[1]), item[0]))
    shown = ordered[:PLACES]
    ids = {hit.dossier_id for _place, hits in shown for hit in hits if hit.dossier_id is not None}
    known = Dossier.objects.in_bulk(sorted(ids))
    drawn = [_place(place, hits, plan.needles, known, spared) for place, hits in shown]
    return drawn, len(ordered) - len(shown)


def listed(plan: Plan) -> set[int]:
    """The dossiers that a page of the plan shows, for the log of reads."""
    return {hit.dossier_id for hit in plan.found.hits if hit.dossier_id is not None} | plan.whose.dossiers


def _place(
    place: str, hits: Sequence[Hit], needles: Needles, known: dict[int, Dossier], spared: Set[str]
) -> dict[str, Any]:
    dossier_id = hits[0].dossier_id
    dossier = known.get(dossier_id) if dossier_id is not None else None
    unsure = sum(not hit.sure for hit in hits)
    return {
        "place": place,
        "kind": dossier.get_kind_display() if dossier is not None else "",
        "link": dossiers.link(dossier) if dossier is not None else "",
        "number": dossier.number if dossier is not None else "",
        "tables": Counter(
            f"{table_name(hit.table.name)} · {column_name(hit.table.name, hit.column)}" for hit in hits
        ).most_common(),
        "found": data_label(sorted({kind for hit in hits for kind in hit.kinds})),
        "count": len(hits),
        "unsure": unsure,
        "spared": place in spared,
        "passages": [text for hit in hits[:PASSAGES] if (text := passage(hit, needles))],
    }


def passage(hit: Hit, needles: Needles) -> str:
    """A few starred words around the place; empty when somebody erased or rewrote it in the meantime."""
    value = hit.table.model._base_manager.filter(pk=hit.row_id).values_list(hit.column, flat=True).first()
    if not value:
        return ""
    if hit.encrypted:
        text, _label = read_any(bytes(value), cipher_labels(hit.table.model, hit.column))
        return context(text or "", needles)
    return context(as_text(value), needles)


def stored_places(preview: dict[str, Any], needles: Needles | None) -> list[dict[str, Any]]:
    """The places of a stored preview in words; with ``needles`` also what stands there now."""
    stored = preview.get("places", [])
    spared = set(preview.get("spared", ()))
    known = Dossier.objects.in_bulk(sorted({one["dossier"] for one in stored if one["dossier"]}))
    by_name = {table.name: table for table in tables()}
    drawn = []
    for one in stored:
        dossier = known.get(one["dossier"])
        table = by_name.get(one["table"])
        passages = []
        if needles is not None and table is not None:
            hits = [
                Hit(table, pk, one["column"], frozenset(one["kinds"]), one["sure"], one["dossier"])
                for pk in one["rows"]
            ]
            passages = [text for hit in hits if (text := passage(hit, needles))]
        drawn.append(
            {
                "kind": dossier.get_kind_display() if dossier is not None else "",
                "link": dossiers.link(dossier) if dossier is not None else "",
                "table": table_name(one["table"]),
                "column": column_name(one["table"], one["column"]),
                "count": one["count"],
                "found": data_label(one["kinds"]),
                "spared": one["place"] in spared and not one["sure"],
                "passages": passages,
            }
        )
    return drawn
