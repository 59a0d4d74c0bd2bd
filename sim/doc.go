// Package sim is virtual time: an event loop that jumps from event to event,
// keyed streams of chance, distributions of durations, arrivals, and stations
// that serve jobs. Hours of a service under load pass in seconds, and the same
// program with the same seed gives the same bytes on every run and machine.
package sim
