package matrix

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/nearest"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/scenarios"
)

// OptionError tells of an option that does not fit.
type OptionError struct {
	Option  string // "kind", "fault", "op", "policy", "command", "jobs" or "timeout"
	Message string // what is wrong
	Hint    string // what would be right
}

// Error returns the message and the hint.
func (e *OptionError) Error() string { return "matrix: " + e.Message + "; " + e.Hint }

// The codes and statuses that a matrix has without being asked: those that clients
// tell apart. Source: aws-sdk-go-v2, botocore and minio-go, their tables of errors
// that are retried.
var (
	usualCodes = []string{
		"SlowDown", "ServiceUnavailable", "InternalError", "Throttling", "BandwidthLimitExceeded", "RequestTimeout",
		"RequestTimeTooSkewed", "ExpiredToken", "OperationAborted", "ConditionalRequestConflict", "IncompleteBody",
		"BadDigest", "NotImplemented", "AccessDenied", "NoSuchKey", "PreconditionFailed",
	}
	usualStatuses = []int{408, 425, 429, 500, 502, 503, 504, 509}
)

// Faults lists the effects of a matrix that names none: no fault at all, the error
// codes and statuses that clients tell apart, and [faults.EffectExamples], so that
// every kind of effect is there. allCodes takes every code of [faults.S3Codes]. A
// plain HTTP service has no codes.
func Faults(k Kind, allCodes bool) []faults.Effect {
	list := []faults.Effect{{}}
	add := func(e faults.Effect) {
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	codes := usualCodes
	if allCodes {
		codes = nil
		for _, c := range faults.S3Codes() {
			codes = append(codes, c.Code)
		}
	}
	if k == S3 {
		for _, code := range codes {
			add(faults.Effect{Kind: faults.S3Error, Code: code})
		}
	}
	for _, status := range usualStatuses {
		add(faults.Effect{Kind: faults.Status, Status: status})
	}
	for _, e := range faults.EffectExamples() {
		if k == S3 || e.Code == "" {
			add(e)
		}
	}
	return list
}

// ParseFaults reads effects in their text form; "none" is no fault. The error is an
// [*OptionError].
func ParseFaults(texts []string) ([]faults.Effect, error) {
	var list []faults.Effect
	for _, text := range texts {
		var e faults.Effect
		if strings.TrimSpace(text) != NoFault {
			var err error
			if e, err = faults.ParseEffect(text); err != nil {
				return nil, badEffect(text, err)
			}
		}
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list, nil
}

// badEffect says what is wrong with a text that is no effect.
func badEffect(text string, err error) error {
	var effect *faults.EffectError
	if !errors.As(err, &effect) {
		return &OptionError{"fault", err.Error(), "write one such as SlowDown"}
	}
	hint := effect.Hint
	if hint == "" {
		hint = "write one such as SlowDown, 503 or reset"
	}
	return &OptionError{"fault", fmt.Sprintf("%q is no fault, at byte %d: %s", short(text, 80), effect.Offset, effect.Message), hint}
}

// Presets returns the policies of those names; of none, the one that is for that
// kind of backend. The error is an [*OptionError].
func Presets(k Kind, names []string) ([]retry.Policy, error) {
	if len(names) == 0 {
		names = []string{"s3"}
		if k == HTTP {
			names = []string{"api"}
		}
	}
	var list []retry.Policy
	for _, name := range names {
		p, ok := retry.Preset(name)
		if !ok {
			hint := "the presets are " + strings.Join(retry.Presets(), ", ")
			if near := nearest.Word(name, retry.Presets()); near != "" {
				hint = "did you mean " + near + "? " + hint
			}
			return nil, &OptionError{"policy", fmt.Sprintf("there is no preset %q", name), hint}
		}
		list = append(list, p)
	}
	return list, nil
}

// PresetNames lists the names that Presets takes.
func PresetNames() []string { return retry.Presets() }

// PoliciesOf returns the retry policies of a scenario, under its names for them.
func PoliciesOf(sc *scenarios.Scenario) []retry.Policy {
	var list []retry.Policy
	for _, p := range sc.Policies {
		p.Retry.Name = p.Name
		list = append(list, p.Retry)
	}
	return list
}

func effectName(e faults.Effect) string {
	if e.Kind == faults.None {
		return NoFault
	}
	return e.String()
}

// jobs checks the options, fills in what they leave open, and lists the cells.
func (o *Options) jobs() ([]job, error) {
	pairs, err := choose(&o.Kind, o.Faults, o.Ops)
	if err != nil {
		return nil, err
	}
	if len(o.Policies) == 0 {
		return nil, &OptionError{"policy", "there is no client", "name a policy"}
	}
	var jobs []job
	var seen []string
	if o.AttemptTimeout < 0 {
		return nil, &OptionError{"timeout", fmt.Sprintf("an attempt cannot take %v", o.AttemptTimeout), "write a positive duration, such as 2s"}
	}
	for _, p := range o.Policies {
		if o.AttemptTimeout > 0 {
			p.AttemptTimeout = o.AttemptTimeout
		}
		if slices.Contains(seen, p.Name) {
			return nil, &OptionError{"policy", fmt.Sprintf("there are two policies %q", p.Name), "name each once"}
		}
		seen = append(seen, p.Name)
		if err := p.Validate(); err != nil {
			return nil, &OptionError{"policy", err.Error(), "mend the policy"}
		}
		for _, pair := range pairs {
			jobs = append(jobs, job{p, pair.effect, pair.op})
		}
	}
	return jobs, nil
}

// pair is a fault and an operation that can meet it.
type pair struct {
	effect faults.Effect
	op     operation
}

// choose checks and fills in what Play and Exec have in common.
func choose(kind *Kind, effects []faults.Effect, ops []string) ([]pair, error) {
	if *kind == "" {
		*kind = S3
	}
	if *kind != S3 && *kind != HTTP {
		return nil, &OptionError{"kind", fmt.Sprintf("unknown kind %q", *kind), "write s3 or http"}
	}
	if effects == nil {
		effects = Faults(*kind, false)
	}
	if ops == nil {
		ops = UsualOperations(*kind)
	}
	chosen, err := chooseOps(*kind, ops)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	for _, e := range effects {
		if e.Kind != faults.None {
			if err := e.Validate(); err != nil {
				return nil, &OptionError{"fault", err.Error(), "faults.ParseEffect gives valid ones"}
			}
		}
		met := false
		for _, op := range chosen {
			if e.Kind == faults.None || e.Meets(op.name) {
				met = true
				pairs = append(pairs, pair{e, op})
			}
		}
		if !met && len(effects) == 1 {
			return nil, &OptionError{"fault", fmt.Sprintf("%s cannot meet %s", effectName(e), strings.Join(ops, ", ")), meetsHint(*kind, e)}
		}
	}
	return pairs, nil
}

func chooseOps(kind Kind, ops []string) ([]operation, error) {
	var chosen []operation
	var seen []string
	for _, name := range ops {
		op, ok := findOperation(kind, name)
		if !ok {
			return nil, &OptionError{"op", fmt.Sprintf("unknown operation %q", name), opHint(kind, name)}
		}
		if !slices.Contains(seen, name) {
			seen, chosen = append(seen, name), append(chosen, op)
		}
	}
	return chosen, nil
}

func opHint(kind Kind, name string) string {
	all := Operations(kind)
	hint := "those of " + string(kind) + " are " + strings.Join(all, ", ")
	for _, other := range []Kind{S3, HTTP} {
		if _, ok := findOperation(other, name); ok {
			return name + " is of the kind " + string(other) + "; " + hint
		}
	}
	if near := nearest.Word(name, all); near != "" {
		return "did you mean " + near + "? " + hint
	}
	return hint
}

// meetsHint says which operations an effect is for.
func meetsHint(kind Kind, e faults.Effect) string {
	var list []string
	for _, op := range Operations(kind) {
		if e.Meets(op) {
			list = append(list, op)
		}
	}
	if len(list) == 0 {
		return "it is of the other kind of backend"
	}
	return "it can meet " + strings.Join(list, ", ")
}
