from conduct.models.alleged import AllegedContact
from conduct.models.event import ConductEvent
from conduct.models.rule import Rule, RuleSet

__all__ = ["AllegedContact", "ConductEvent", "Rule", "RuleSet"]
