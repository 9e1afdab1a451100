"""``manage.py import_repayments FILE --mapping FILE``: repayments from a foreign CSV or XLSX file."""

from backoffice.desk.import_command import ImportCommand
from backoffice.loans.services.file_imports import import_repayments_file


class Command(ImportCommand):
    help = "Take in repayments from a CSV or XLSX file. Safe to repeat and to break off."
    side_by_side = True
    service = staticmethod(import_repayments_file)
