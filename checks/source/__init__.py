"""The live source, read by the checks' own SQL in one repeatable-read transaction a process."""
