"""Evidence bundles: what belongs to one, how it is written down, and what a stranger checks it with.

``scope`` says what a bundle is about, ``seams`` what the desks tell of it, ``gathering`` finds the rows,
``telling`` puts values into words, ``archive`` writes the ZIP, ``making`` does it all in order.
``enclosed/verify.py`` is the program that goes into every bundle; it imports nothing of ours.
"""
