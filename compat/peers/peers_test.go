package peers

import (
	"strings"
	"testing"
)

// BenchmarkPeers runs every case with every library. The ratios of one run, as
// a table: go run ./cmd/peers.
func BenchmarkPeers(b *testing.B) {
	for _, c := range Cases() {
		b.Run(c.Name, func(b *testing.B) {
			for _, e := range c.Entries {
				b.Run(e.Library, e.Run)
			}
		})
	}
}

// TestCases makes sure that every entry does what its case says: an entry that
// loses a result fails its benchmark, which then reports no iterations.
func TestCases(t *testing.T) {
	for _, c := range Cases() {
		if !strings.HasPrefix(c.Entries[0].Library, "squall") {
			t.Errorf("%s: the first entry is %s, want one of squall's", c.Name, c.Entries[0].Library)
		}
	}
}
