"""Rules about rows, one a file: which rows of a data set should go, and why. `headstart.cleaning.base` says what each
must offer.
"""
