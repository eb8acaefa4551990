"""Rules of cleaning, one a file: a pure function of one text. `headstart.text.cleaner` puts them in order."""
