"""Pure functions on arrays; no state, no I/O, no global seed."""
