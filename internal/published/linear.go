package published

// entry is a number of a sparse row.
type entry struct {
	column int
	value  float64
}

// factors are the factors L and U of a matrix, as sparse rows. L has ones on its
// diagonal, which are not kept.
type factors struct {
	lower, upper [][]entry
	diagonal     []float64
}

// factorize makes L·U of a matrix, which it destroys. It does not pivot: 1 minus the
// transition probabilities of an absorbing chain needs none (it is an M-matrix).
func factorize(a [][]float64) *factors {
	f := &factors{make([][]entry, len(a)), make([][]entry, len(a)), make([]float64, len(a))}
	for k, pivot := range a {
		f.diagonal[k] = pivot[k]
		for j := k + 1; j < len(a); j++ {
			if pivot[j] != 0 {
				f.upper[k] = append(f.upper[k], entry{j, pivot[j]})
			}
		}
		for i := k + 1; i < len(a); i++ {
			row := a[i]
			if row[k] == 0 {
				continue
			}
			share := row[k] / pivot[k]
			f.lower[i] = append(f.lower[i], entry{k, share})
			for _, e := range f.upper[k] {
				row[e.column] -= float64(share * e.value)
			}
		}
	}
	return f
}

// solve solves L·U·x = b, with x in the place of b.
func (f *factors) solve(b []float64) {
	for i, row := range f.lower {
		for _, e := range row {
			b[i] -= float64(e.value * b[e.column])
		}
	}
	for i := len(b) - 1; i >= 0; i-- {
		for _, e := range f.upper[i] {
			b[i] -= float64(e.value * b[e.column])
		}
		b[i] /= f.diagonal[i]
	}
}

// identity returns the n × n identity matrix.
func identity(n int) [][]float64 {
	a := make([][]float64, n)
	for i := range a {
		a[i] = make([]float64, n)
		a[i][i] = 1
	}
	return a
}
