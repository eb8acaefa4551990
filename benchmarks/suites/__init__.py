"""One file a suite: `TITLE`, `run(setup)` -> a Result, and `tables(figures)` -> its lines in RESULTS.md."""
