"""Reads of the complaints desk, each with a name."""

from complaints.selectors.categories import category_choices
from complaints.selectors.letter import LetterDraft, letter_draft
from complaints.selectors.lists import (
    DeskCounts,
    calls_today,
    count_at_risk,
    count_due_today,
    count_mine,
    count_overdue,
    count_to_approve,
    count_unassigned,
    days_left,
    desk_counts,
    filed_by,
    for_list,
    my_queue,
    running_deadlines,
    tone_of,
)
from complaints.selectors.page import ComplaintPage, deadline_panel, for_page
from complaints.selectors.timeline import timeline_items, timeline_of

__all__ = [
    "ComplaintPage",
    "DeskCounts",
    "LetterDraft",
    "calls_today",
    "category_choices",
    "count_at_risk",
    "count_due_today",
    "count_mine",
    "count_overdue",
    "count_to_approve",
    "count_unassigned",
    "days_left",
    "deadline_panel",
    "desk_counts",
    "filed_by",
    "for_list",
    "for_page",
    "letter_draft",
    "my_queue",
    "running_deadlines",
    "timeline_items",
    "timeline_of",
    "tone_of",
]
