// Package bench plays one model in squall and in what else people write such models in:
// SimPy, and plain Python with a heap. See README.md.
package bench
