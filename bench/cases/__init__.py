"""Each module is a case: `run(bench)` measures and hands in its tables."""
