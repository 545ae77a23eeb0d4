"""The questions that are answered while rows and documents stream by; the suites assert on their tallies."""
