// Package breaker is a circuit breaker: it stops calling a backend that fails.
package breaker
