package sim

import (
	"math"
	"sync"
	"time"
)

// pieces is a positive quantile function in pieces, each of them a polynomial of degree
// seven: of 16 to an octave of the smaller of u and 1-u, as such functions change the more
// the nearer u is to 0 or 1. What lies beyond eight octaves, 1/256 of either end, is left
// to the function itself.
//
// The method is that of W. Hörmann and J. Leydold, "Continuous random variate generation by
// fast numerical inversion", ACM Transactions on Modeling and Computer Simulation 13 (2003).
type pieces struct {
	list  [2 * pieceCount]piece // those of u ≤ ½ at even places
	slack float64               // relative error that is certainly not exceeded
}

// piece holds the coefficients of a polynomial in t from -½ to ½, the lowest power first.
type piece [8]float64

const (
	pieceBits  = 3 // of the mantissa, that tell pieces of an octave apart
	octaves    = 8
	pieceCount = octaves << pieceBits
	pieceShift = 52 - pieceBits
	firstPiece = (1022 - octaves) << pieceBits // exponent and bits of the least u that is in a piece
	mantissa   = 1<<52 - 1
)

// curve is a distribution whose quantile function is in pieces. It gives what slow gives:
// where a piece is not exact enough to tell which of two nanoseconds is the nearer, slow is
// asked.
type curve struct {
	*pieces
	scale float64
	max   time.Duration
	slow  Sampler
}

func (d *curve) Sample(u float64) time.Duration {
	v := min(u, 1-u)
	word := math.Float64bits(v)
	i := word>>pieceShift - firstPiece
	if i >= pieceCount { // also where u is no number in [0, 1)
		return d.slow.Sample(u)
	}
	upper := math.Float64bits(0.5-u) >> 63
	x := float64(d.scale*d.list[2*i+upper].at(word)) + 0.5
	n := int64(x) // x is below 2^40, or its error is too large
	off, slack := x-float64(n), float64(x*d.slack)
	if !(off > slack && off < 1-slack) {
		return d.slow.Sample(u)
	}
	return min(time.Duration(n), d.max)
}

// at is the polynomial's value at the number with these bits, which is in the piece.
func (p *piece) at(word uint64) float64 {
	t := math.Float64frombits(word<<pieceBits&mantissa|1023<<52) - 1.5
	t2 := float64(t * t)
	return polynomial((*[8]float64)(p), t, t2, float64(t2*t2))
}

// worthless is the error of pieces that would leave next to everything to the function itself:
// one that is so steep that its polynomials are nowhere near it, and even below zero.
const worthless = 0x1p-4

// newPieces cuts f, which is asked for u from 1/512 to 511/512. It returns nil where f is too
// steep.
func newPieces(f func(u float64) float64) *pieces {
	p, worst := &pieces{}, 0.0
	for i := range p.list {
		place := func(t float64) (v, u float64) {
			least, step := math.Ldexp(1, i/2>>pieceBits-octaves-1), i/2&(1<<pieceBits-1)
			v = float64(least * (1 + (float64(step)+t+0.5)/(1<<pieceBits)))
			if i%2 == 1 {
				return v, 1 - v
			}
			return v, v
		}
		p.list[i] = interpolate(func(t float64) float64 { _, u := place(t); return f(u) })
		for _, t := range betweenNodes {
			v, u := place(t)
			worst = max(worst, math.Abs(p.list[i].at(math.Float64bits(v))/f(u)-1))
		}
	}
	if !(worst < worthless) { // also where it is no number
		return nil
	}
	p.slack = float64(4*worst) + 0x1p-48
	return p
}

// nodes are those of Chebyshev on (-½, ½): ½·cos((2k+1)π/16). An interpolation errs the most
// at the ends, and about half-way between them.
var (
	nodes = [8]float64{
		0.4903926402016152, -0.4903926402016152, 0.0975451610080641, -0.0975451610080641,
		0.4157348061512726, -0.4157348061512726, 0.2777851165098011, -0.2777851165098011,
	}
	betweenNodes = [...]float64{-0.4999999, -0.46194, -0.353553, -0.191342, 0, 0.191342, 0.353553, 0.46194, 0.4999999}
)

// interpolate returns the polynomial that meets f in the nodes, by Newton's divided
// differences.
func interpolate(f func(t float64) float64) (p piece) {
	var d [8]float64
	for i := range d {
		d[i] = f(nodes[i])
	}
	for order := 1; order < len(d); order++ {
		for i := len(d) - 1; i >= order; i-- {
			d[i] = (d[i] - d[i-1]) / (nodes[i] - nodes[i-order])
		}
	}
	for i := len(d) - 1; i >= 0; i-- { // p·(t - nodes[i]) + d[i]
		for k := len(p) - 1; k > 0; k-- {
			p[k] = p[k-1] - float64(p[k]*nodes[i])
		}
		p[0] = d[i] - float64(p[0]*nodes[i])
	}
	return p
}

// shape tells quantile functions apart that are not each other's multiples.
type shape struct {
	kind      string
	parameter float64
}

// cut keeps the pieces of the first shapes that are asked for, as programs have few: each
// takes 8 KiB and some 0.1 ms.
var cut struct {
	sync.Mutex
	shapes map[shape]*pieces
}

const maxCut = 64

// inPieces returns a sampler that gives what slow gives, which is scale·f(u) and at most
// max; where there are too many shapes, or this one cannot be cut, slow.
func inPieces(slow Sampler, of shape, f func(u float64) float64, scale float64, max time.Duration) Sampler {
	cut.Lock()
	defer cut.Unlock()
	p, ok := cut.shapes[of]
	if !ok {
		if len(cut.shapes) >= maxCut {
			return slow
		}
		if cut.shapes == nil {
			cut.shapes = make(map[shape]*pieces)
		}
		p = newPieces(f)
		cut.shapes[of] = p
	}
	if p == nil {
		return slow
	}
	return &curve{pieces: p, scale: scale, max: max, slow: slow}
}
