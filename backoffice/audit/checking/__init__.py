"""Checking the record against its seals: the chain first, then row by row. Reads only."""
