"""System checks of the ground."""

from __future__ import annotations

from typing import Any

from django.core import checks

from backoffice.core.pdf import FACES, cjk_font_available


@checks.register()
def chinese_fonts_are_installed(**_kwargs: Any) -> list[checks.CheckMessage]:
    """A warning, not an error: everything but letters works without, and ``migrate`` must not stop over it."""
    if cjk_font_available():
        return []
    families = "; ".join(" or ".join(names) for names in FACES.values())
    return [
        checks.Warning(
            "No Chinese font was found: letters to borrowers cannot be made.",
            hint=f"Install Noto CJK (Debian, Ubuntu: apt-get install fonts-noto-cjk). Looked for: {families}.",
            id="core.W001",
        )
    ]
