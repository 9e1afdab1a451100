"""So many requests a minute per client, told in every answer."""

from __future__ import annotations

from typing import Any

from rest_framework.throttling import SimpleRateThrottle


class ClientThrottle(SimpleRateThrottle):
    """Counts per client; the rate is ``DEFAULT_THROTTLE_RATES["client"]``. A capacity, not a policy."""

    scope = "client"
    num_requests: int | None
    duration: int | None

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        if request.auth is None:
            return None
        return str(self.cache_format % {"scope": self.scope, "ident": request.auth.application_id})

    def headers(self) -> dict[str, str]:
        """``RateLimit-*`` after the request was counted; empty when it was not."""
        history = getattr(self, "history", None)
        if history is None or self.num_requests is None or self.duration is None:
            return {}
        reset = self.duration - (self.now - history[-1]) if history else self.duration
        return {
            "RateLimit-Limit": str(self.num_requests),
            "RateLimit-Remaining": str(max(0, self.num_requests - len(history))),
            "RateLimit-Reset": str(max(1, round(reset))),
        }
