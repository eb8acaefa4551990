"""Rules of cleaning, one a file: a pure function of one text. `headstart.text.cleaner` puts them in order.

A rule with an argument raises ConfigError for one that it does not know. A rule whose argument names a file has
`kept` (what the file said, as JSON values) and `from_kept`, so that a bundle needs no file.

Texts come from strangers, also to a server: every rule is linear in the length of the text. Patterns have no
nested quantifiers that could match the same characters in two ways, and no part of them can run ahead without limit
from many places (a limit, or a character that ends the part and begins the next).
"""
