"""What an approval covers: a digest of everything the decision letter is made from.

It is taken over the stored ciphertexts. Unchanged text keeps its bytes (``privacy.services.set_text``), so the
digest changes exactly when something was written; and it says nothing about the words once their key is gone.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from complaints.choices import RemedyState
from complaints.models import Complaint


def content_hash(*, complaint: Complaint, outcome: str, basis_cipher: bytes | memoryview[int] | None) -> str:
    """SHA-256 (hex) over allegations with findings, demands with answers, outcome, basis and proposed remedies."""
    allegations = complaint.allegations.order_by("sequence").values_list(
        "sequence", "category_id", "collector_id", "finding", "text_cipher", "finding_reason_cipher"
    )
    demands = complaint.demands.order_by("sequence").values_list(
        "sequence", "amount", "text_cipher", "answer_cipher"
    )
    remedies = (
        complaint.remedies.filter(state=RemedyState.PROPOSED)
        .order_by("id")
        .values_list("id", "kind", "amount", "channel", "allegation_id", "text_cipher")
    )
    parts = [
        outcome,
        _plain(basis_cipher),
        *[[_plain(value) for value in row] for row in (*allegations, *demands, *remedies)],
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return hashlib.sha256(bytes(value)).hexdigest()
    return value if value is None or isinstance(value, int | str) else str(value)
