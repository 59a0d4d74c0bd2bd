"""The model of fleet.yaml in plain Python: events in a heap, no processes.

    python3 fleet_heapq.py SECONDS [SEED]

prints one line of JSON: calls, succeeded, attempts.
"""
import json
import random
import sys
from heapq import heapify, heapreplace


def main():
    until = float(sys.argv[1])
    draw = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    uniform, exponential = draw.random, draw.expovariate
    # An event is the end of an attempt: when, its client, and which attempt it is. The
    # next attempt's delay and latency are drawn at once: nothing happens between them.
    pending = [(exponential(20.0), client, 1) for client in range(1000)]
    heapify(pending)
    calls = succeeded = attempts = 0
    while pending[0][0] < until:
        now, client, attempt = pending[0]
        attempts += 1
        if uniform() >= 0.5:
            calls += 1
            succeeded += 1
        elif attempt == 3:
            calls += 1
        else:
            delay = uniform() * min(10.0, 0.1 * 2 ** (attempt - 1))
            heapreplace(pending, (now + delay + exponential(20.0), client, attempt + 1))
            continue
        heapreplace(pending, (now + exponential(20.0), client, 1))
    print(json.dumps({"calls": calls, "succeeded": succeeded, "attempts": attempts}))


main()
