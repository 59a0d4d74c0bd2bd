# Names for what is long to type. Whatever these do is in the programs that they call.
.PHONY: ci explore validate bench-sim

# The simulator's speed: a fleet with and without breakers and with real requests, and the
# queue of pending events beside its alternatives. Bounded: some minutes at the most.
bench-sim:
	go test -run='^$$' -bench='^Benchmark(Model|HTTP)$$' -benchtime=3x -timeout=20m ./internal/fleet
	go test -run='^$$' -bench='^BenchmarkQueues$$' -benchtime=300000x -timeout=20m ./sim

# docs/validation.md: what others published, played anew.
validate:
	go run ./internal/published/validate

# The property tests on many random draws: make explore CHECKS=20000 IN=internal/fleet.
explore:
	CHECKS=$(CHECKS) .ci/explore $(IN)

# All steps of CI, or some: make ci STEPS="vet race".
ci:
	.ci/run $(STEPS)
