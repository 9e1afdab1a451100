"""Foreign files: read as they come, mapped by a small TOML file, refused row by row with a clear reason."""

from backoffice.core.imports.mapping import Mapping, MappingError, RowError
from backoffice.core.imports.mapping_file import load_mapping
from backoffice.core.imports.tables import FileChanged, FileError, Table, open_table

__all__ = [
    "FileChanged",
    "FileError",
    "Mapping",
    "MappingError",
    "RowError",
    "Table",
    "load_mapping",
    "open_table",
]
