// Package scenarios is the scenario file.
package scenarios
