package measure

import "math/bits"

// wide is an unsigned number of 128 bits: the sum of a year of hour-long calls in
// nanoseconds overflows 64, and a float's depends on the order in which it was added up.
type wide struct{ high, low uint64 }

func (w *wide) add(n uint64) { w.addWide(wide{0, n}) }

func (w *wide) addWide(o wide) {
	var carry uint64
	w.low, carry = bits.Add64(w.low, o.low, 0)
	w.high, _ = bits.Add64(w.high, o.high, carry)
}

// over is the whole part of the number over n, which is not so small that this is more than 64 bits.
func (w wide) over(n uint64) uint64 {
	q, _ := bits.Div64(w.high, w.low, n)
	return q
}
