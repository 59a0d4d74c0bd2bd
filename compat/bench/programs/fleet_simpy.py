"""The model of fleet.yaml in SimPy: each client is a process. For the interface of
SimPy 2, which is Debian's python3-simpy.

    python3 fleet_simpy.py SECONDS [SEED]

prints one line of JSON: calls, succeeded, attempts.
"""
import json
import random
import sys

from SimPy.Simulation import Process, Simulation, hold


class Client(Process):
    def run(self, draw, counts):
        while True:
            ok = False
            for attempt in range(3):
                if attempt > 0:
                    yield hold, self, draw.random() * min(10.0, 0.1 * 2 ** (attempt - 1))
                yield hold, self, draw.expovariate(1 / 0.05)
                counts[2] += 1
                if draw.random() >= 0.5:
                    ok = True
                    break
            counts[0] += 1
            counts[1] += ok


def main():
    until = float(sys.argv[1])
    draw = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    counts = [0, 0, 0]
    simulation = Simulation()
    simulation.initialize()
    for _ in range(1000):
        client = Client(sim=simulation)
        simulation.activate(client, client.run(draw, counts))
    simulation.simulate(until=until)
    print(json.dumps({"calls": counts[0], "succeeded": counts[1], "attempts": counts[2]}))


main()
