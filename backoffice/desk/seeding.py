"""The demo's data, made app by app from the bottom up (``DEMO_SEED_STEPS`` in settings).

Each step is ``step(demo)``: it draws from ``demo.rng`` only, so that the same seed makes the same data, and leaves
what the next ones need in ``demo.results`` under its app's name.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backoffice.staff.demo import create_people
from backoffice.staff.models import User


@dataclass
class Demo:
    """One run: the dice, the moment that counts as now (Asia/Shanghai day of it is today), and who answers for it."""

    rng: random.Random
    now: datetime
    by: User
    scale: float = 1.0
    results: dict[str, Any] = field(default_factory=dict)


def seed_staff(demo: Demo) -> None:
    """The first step: one person per role, and teams."""
    create_people(by=demo.by, at=demo.now)
