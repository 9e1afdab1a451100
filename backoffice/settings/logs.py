"""JSON logs through structlog: our own events and those of libraries leave in one format."""

from typing import Any

import structlog

# The request middleware binds the request id to structlog's context variables; merge_contextvars puts it on
# every line written while that request (or task, or command) runs.
SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def configure_structlog() -> None:
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_config(*, level: str, fmt: str, filters: tuple[str, ...]) -> dict[str, Any]:
    """`filters` are dotted paths of logging.Filter classes that see every record before it is written."""
    renderer: list[Any] = (
        # Tracebacks as plain text on purpose: the others carry the local variables, and those carry people.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if fmt == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {path: {"()": path} for path in filters},
        "formatters": {
            "structlog": {
                "()": "structlog.stdlib.ProcessorFormatter",
                "foreign_pre_chain": SHARED_PROCESSORS,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            },
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structlog", "filters": list(filters)},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's defaults would print to the console a second time and mail administrators the whole
            # request, personal data included.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # At DEBUG they write the values of templates and of queries, which are people.
            "django.template": {"level": "INFO"},
            "django.db.backends": {"level": "INFO"},
            # It logs user names and addresses of failed sign-ins; its own table keeps them already.
            "axes": {"level": "ERROR"},
        },
    }
