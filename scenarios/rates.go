package scenarios

// FaultRate is how many requests a fault is expected to hit.
type FaultRate struct {
	Phase, Rule string  // the label of the phase; the fault in one line
	Share       float64 // of the requests that the fault selects: 0 to 1
	Known       bool    // false: it depends on the traffic, and Share is the most
}

// FaultRates tells how many of the requests that they select faults are expected
// to hit, for those faults of which their p does not say it: they come and go,
// count requests, or stand behind others. See faults.Phase.Nominal.
func (sc *Scenario) FaultRates() (rates []FaultRate) {
	for _, ph := range sc.Plan().Phases {
		for i, n := range ph.Nominal() {
			if r := ph.Rules[i]; !n.Known || n.Rate != r.P || r.Ramp.Given {
				rates = append(rates, FaultRate{Phase: ph.Label, Rule: r.String(), Share: n.Rate, Known: n.Known})
			}
		}
	}
	return rates
}
