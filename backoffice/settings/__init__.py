"""Settings: base is shared; demo, test and production each choose where data and secrets come from."""
