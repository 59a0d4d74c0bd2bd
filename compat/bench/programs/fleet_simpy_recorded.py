"""The model of fleet.yaml in SimPy 2, with all that squall keeps of a run (record.py).

    python3 fleet_simpy_recorded.py SECONDS [SEED]

prints one line of JSON.
"""
import sys
from math import log

from record import Record, stream
from SimPy.Simulation import Process, Simulation, hold


class Client(Process):
    def run(self, number, seed, record):
        fault, latency, jitter = stream(seed, "fault"), stream(seed, "latency"), stream(seed, "jitter")
        now = self.sim.now
        call = 0
        while True:
            start = now()
            for attempt in range(1, 4):
                if attempt > 1:
                    delay = jitter(number, call, attempt - 1) * min(10.0, 0.1 * 2 ** (attempt - 2))
                    record.delay.add(delay)
                    yield hold, self, delay
                sent = now()
                ok = fault(number, call, attempt) >= 0.5
                yield hold, self, -0.05 * log(1.0 - latency(number, call, attempt))
                record.attempted(sent, now(), ok)
                if ok:
                    break
            record.ended(start, now(), attempt, ok)
            call += 1


def main():
    until = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    record = Record()
    simulation = Simulation()
    simulation.initialize()
    for number in range(1000):
        client = Client(sim=simulation)
        simulation.activate(client, client.run(number, seed, record))
    simulation.simulate(until=until)
    print(record.report())


main()
