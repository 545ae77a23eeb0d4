"""The verification itself: what the source says and what the target holds, judged by a second reading.

Started as processes (`pytest checks -m data`, `-m app`, `-m after`; `python -m checks.canary`), never
imported by the engine. Suites are the `check_*.py` files, one question each; `products` are the shared
computations behind them; `oracle` knows what ought to be, `source` and `target` read what is.
"""
