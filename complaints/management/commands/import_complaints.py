"""``manage.py import_complaints FILE --mapping FILE``: complaints from a foreign CSV or XLSX file."""

from backoffice.desk.import_command import ImportCommand
from complaints.services.file_import import import_complaints_file


class Command(ImportCommand):
    help = "Take in complaints from a CSV or XLSX file. Safe to repeat and to break off."
    service = staticmethod(import_complaints_file)
