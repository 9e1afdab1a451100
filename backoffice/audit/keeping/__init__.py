"""How long things are kept and how a person is forgotten: the seams the apps fill, and the pure parts."""
