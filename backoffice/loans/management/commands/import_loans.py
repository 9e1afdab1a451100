"""``manage.py import_loans FILE --mapping FILE``: loans from a foreign CSV or XLSX file."""

from backoffice.desk.import_command import ImportCommand
from backoffice.loans.services.file_imports import import_loans_file


class Command(ImportCommand):
    help = "Take in loans from a CSV or XLSX file. Safe to repeat and to break off."
    service = staticmethod(import_loans_file)
