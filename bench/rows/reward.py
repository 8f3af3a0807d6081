"""CPython's difflib on the texts of bench/rows/reward.ts: JSON of the pairs on standard input, results and seconds out."""

import difflib
import json
import sys
import time


def ratio(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()


def change(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="")
    return "\n".join(list(lines)[2:])


def reward(case: dict) -> float:
    diffs = [change(case["before"], case[side]) for side in ("predicted", "oracle")]
    return ratio(*diffs)


def timed(compute, cases: list) -> dict:
    start = time.perf_counter()
    results = [compute(case) for case in cases]
    return {"seconds": time.perf_counter() - start, "results": results}


work = json.load(sys.stdin)
json.dump(
    {
        "rewards": timed(reward, work["rewards"]),
        "ratios": {name: timed(lambda pair: ratio(*pair), pairs) for name, pairs in work["ratios"].items()},
        "version": sys.version.split()[0],
    },
    sys.stdout,
)
