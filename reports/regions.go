package reports

// Regions is a picture of which of three states holds where: rows one above the
// other, over one axis. It is plain data; package figures draws it.
type Regions struct {
	Name     string // of the file, without its ending
	Title    string
	Subtitle string
	Alt      string    // what the picture shows, for who cannot see it
	X        Axis      // its range is that of the spans
	Y        string    // what tells the rows apart
	States   [3]string // from good to bad
	Rows     []RegionRow
	Notes    []string // lines below the picture
}

// RegionRow is one row of [Regions].
type RegionRow struct {
	Label  string
	Spans  []Span        // X ascending, one beginning where the other ends
	Points []RegionPoint // what was looked at
}

// Span is a stretch of a row in one state.
type Span struct {
	From, To float64
	State    int // index into States
}

// RegionPoint is a place of a row whose state was found out.
type RegionPoint struct {
	X     float64
	State int
}
