package reports

// Chart is a picture of a study of many runs: lines and points over one axis. It
// is plain data; package figures draws it.
type Chart struct {
	Name     string // of the file, without its ending
	Title    string
	Subtitle string
	Alt      string // what the picture shows, for who cannot see it
	X, Y     Axis
	Lines    []Line // drawn in this order, over each other
}

// Axis is an axis of a [Chart]. Its range is that of the data; a linear vertical
// one also has zero in it.
type Axis struct {
	Label string
	Log   bool // logarithmic; values that are not above 0 have no place on it
	// Most is the greatest value that a linear vertical axis can have, such as 100 for
	// percentages: the axis goes as far, and shows none beyond. 0: there is no such value.
	Most float64
}

// Line is a row of points of a [Chart].
type Line struct {
	Name   string
	X, Y   []float64 // of the same length; X ascending
	Points bool      // the points alone, without a line that joins them: what was published, say
}

// Add appends a point.
func (l *Line) Add(x, y float64) { l.X, l.Y = append(l.X, x), append(l.Y, y) }
