package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/nearest"
)

// decoder walks a file's nodes into plain data and goes on after every mistake,
// so that one reading tells them all.
type decoder struct {
	text text
	root ast.Node
	list []Problem
	bad  map[string]bool // paths already reported: what follows from them is not news

	broken    map[string]bool // paths of faults with mistakes: what they leave to others is not known
	selectors []selector      // the keys of the thresholds that could be read
}

// maxProblems bounds the list: a file with more mistakes is of another kind.
const maxProblems = 1000

// wrong reports a problem at a node.
func (d *decoder) wrong(n ast.Node, p *path, message, hint string) {
	d.report(at(n), p, message, hint)
}

// refuse reports why a scalar's text was refused.
func (d *decoder) refuse(n ast.Node, p *path, err *scalarError) {
	d.wrong(n, p, err.message, err.hint)
}

func (d *decoder) report(at position, p *path, message, hint string) {
	name := p.String()
	d.bad[name] = true
	switch {
	case len(d.list) < maxProblems:
		d.list = append(d.list, d.text.problem(at, name, message, hint))
	case len(d.list) == maxProblems:
		d.list = append(d.list, d.text.problem(position{}, "", "too many problems to list them all", "repair the first ones"))
	}
}

// full reports whether looking for more problems is in vain.
func (d *decoder) full() bool { return len(d.list) > maxProblems }

// entries calls each for every entry of a map, in the file's order.
func (d *decoder) entries(n ast.Node, p *path, each func(key string, keyNode, value ast.Node, p *path)) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		d.mistyped(n, p, "a map", "write its keys indented below it, or between { and }")
		return
	}
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if d.full() {
			return
		}
		key, ok := d.keyText(v.Key, p)
		if !ok {
			continue
		}
		if seen[key] {
			d.wrong(v.Key, p.key(key), "the key is there twice", "keep one of the two")
			continue
		}
		seen[key] = true
		each(key, v.Key, v.Value, p.key(key))
	}
}

// keyText is the text of a map's key, where it is a plain scalar.
func (d *decoder) keyText(k ast.MapKeyNode, p *path) (string, bool) {
	switch v := k.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return k.GetToken().Value, true
	case *ast.MergeKeyNode:
		d.wrong(k, p.key("<<"), "merge keys are not supported", "write the keys out where they count")
	default:
		d.wrong(k, p, "this kind of key is not supported", "write plain text as the key")
	}
	return "", false
}

// object calls set for every known key of a map that has a value.
func (d *decoder) object(n ast.Node, p *path, known []string, set func(key string, value ast.Node, p *path)) {
	d.entries(n, p, func(key string, keyNode, value ast.Node, p *path) {
		if !slices.Contains(known, key) {
			d.unknownKey(key, keyNode, value, p, known)
			return
		}
		if _, null := value.(*ast.NullNode); null {
			d.wrong(keyNode, p, "no value", "write one after the colon")
			return
		}
		set(key, value, p)
	})
}

// others are the names that other tools give to our keys.
var others = map[string]string{
	"max_attempts": "attempts", "duration": "for", "name": "label", "probability": "p", "percent": "p", "percentage": "p",
	"type": "dist", "timeout": "attempt_timeout", "delay": "base", "initial": "base", "initial_delay": "base",
	"max_delay": "cap", "max_backoff": "cap", "factor": "multiplier", "max_elapsed": "limit", "deadline": "limit",
	"operation": "op", "error": "effect", "fault": "effect", "cooldown": "open_for", "half_open": "probes",
	"threshold": "failures", "rps": "rate", "vus": "clients", "users": "clients", "description": "about", "think_time": "think",
	"max_active_faults": "at_most", "max_active": "at_most", "headers": "header", "header": "headers", "match": "on", "nth": "n", "then": "continue", "std": "sigma", "stddev": "sigma", "scale": "min", "shape": "alpha", "method": "op", "path": "key", "code": "status", "content": "body",
	"by": "per", "limit": "rate", "slope": "slowdown", "on_full": "full", "concurrency": "max_in_flight", "max_concurrency": "max_in_flight", "split": "split_after", "replicas": "nodes", "servers": "nodes", "instances": "nodes", "balancer": "balance", "load_balancing": "balance", "lb": "balance", "order": "discipline", "scheduling": "discipline", "cancelled": "abandoned",
}

func (d *decoder) unknownKey(key string, keyNode, value ast.Node, p *path, known []string) {
	hint := didYouMean(key, known)
	meant := nearest.Word(key, known)
	if other := others[fold2(key)]; meant == "" && slices.Contains(known, other) {
		meant = other
		hint = "did you mean " + other + "? known: " + strings.Join(known, ", ")
	}
	if slices.Contains(known, "attempts") && strings.Contains(strings.ToLower(key), "retries") {
		meant = "attempts"
		hint = "write attempts, which counts the first one too"
		if n, err := strconv.Atoi(value.GetToken().Value); err == nil && n >= 0 && n < 1e6 {
			hint = fmt.Sprintf("write attempts: %d (attempts count the first one too)", n+1)
		}
	}
	switch _, numbers := faults.ParseRanges(key); {
	case strings.ContainsAny(key, "()="): // the rest of a text that a comma ended
		hint = "put a text that holds a comma or a brace between quotes"
	case numbers && slices.Contains(known, "attempt"): // attempt: 1,2
		hint = "write several numbers between brackets, such as [0-4, " + key + "]"
	}
	d.wrong(keyNode, p, "unknown key "+quote(key), hint)
	if meant != "" { // the missing one is explained already
		d.bad[p.parent.key(meant).String()] = true
	}
}

// fold2 writes camelCase and kebab-case as we do.
func fold2(key string) string { return strings.ReplaceAll(strings.ToLower(key), "-", "_") }

// items calls each for every item of a list.
func (d *decoder) items(n ast.Node, p *path, each func(i int, value ast.Node, p *path)) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.mistyped(n, p, "a list", "write each item after a dash, or all between [ and ]")
		return
	}
	for i, v := range list.Values {
		if d.full() {
			return
		}
		if _, null := v.(*ast.NullNode); null {
			d.wrong(v, p.at(i), "the item is empty", "write one, or leave the dash out")
			continue
		}
		each(i, v, p.at(i))
	}
}

// mistyped reports a node of the wrong type.
func (d *decoder) mistyped(n ast.Node, p *path, want, hint string) {
	switch n.(type) {
	case *ast.AnchorNode:
		d.wrong(n, p, "anchors are not supported", "write the value out wherever it counts")
	case *ast.AliasNode:
		d.wrong(n, p, "aliases are not supported", "write the value out")
	case *ast.TagNode:
		d.wrong(n, p, "tags are not supported", "write the value without "+n.GetToken().Value)
	default:
		d.wrong(n, p, "this is "+typeOf(n)+", want "+want, hint)
	}
}

// typeOf names a node's type for people.
func typeOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a map"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + quote(n.GetToken().Value)
	case *ast.StringNode, *ast.LiteralNode:
		return "the text " + quote(scalarText(n))
	}
	return "something else"
}

// scalarText is a scalar as it stands in the file, without quotes.
func scalarText(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	}
	return n.GetToken().Value
}

// scalar gives a scalar's text; other nodes are of the wrong type.
func (d *decoder) scalar(n ast.Node, p *path, want, hint string) (string, bool) {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return scalarText(n), true
	}
	d.mistyped(n, p, want, hint)
	return "", false
}

// words reads text.
func (d *decoder) words(n ast.Node, p *path) string {
	s, _ := d.scalar(n, p, "text", "write it between quotes if it has brackets, braces or commas")
	return s
}

// texts are words of any type as text.
func texts[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// choice reads one of a few words.
func (d *decoder) choice(n ast.Node, p *path, what string, known []string) string {
	s, ok := d.scalar(n, p, "one of "+strings.Join(known, ", "), "")
	if ok && !slices.Contains(known, s) {
		d.wrong(n, p, "unknown "+what+" "+quote(s), didYouMean(s, known))
		return ""
	}
	return s
}

// integer reads a whole number within bounds.
func (d *decoder) integer(n ast.Node, p *path, least, most int) int {
	s, ok := d.scalar(n, p, "a whole number", "write digits alone, such as "+strconv.Itoa(max(least, 4)))
	if !ok {
		return least
	}
	v, err := strconv.Atoi(s)
	digits := strings.TrimPrefix(s, "-")
	switch {
	case err == nil && quoted(n):
		d.wrong(n, p, quote(s)+" is text", "write "+s+" without quotes")
	case err != nil && strings.Trim(digits, "0123456789") == "" && digits != "":
		d.wrong(n, p, s+" is out of bounds", fmt.Sprintf("write %d to %d", least, most))
	case err != nil || len(digits) > 1 && digits[0] == '0' || s[0] == '+':
		d.wrong(n, p, quote(s)+" is not a whole number", "write digits alone, such as "+strconv.Itoa(max(least, 4)))
	case v < least || v > most:
		d.wrong(n, p, s+" is out of bounds", fmt.Sprintf("write %d to %d", least, most))
	default:
		return v
	}
	return least
}

// number reads a finite number.
func (d *decoder) number(n ast.Node, p *path) float64 {
	s, ok := d.scalar(n, p, "a number", "write a number such as 0.5")
	if !ok {
		return 0
	}
	v, err := strconv.ParseFloat(s, 64)
	switch n.(type) {
	case *ast.InfinityNode, *ast.NanNode:
		v = math.NaN()
	}
	switch {
	case err == nil && quoted(n):
		d.wrong(n, p, quote(s)+" is text", "write "+s+" without quotes")
	case math.IsNaN(v) || math.IsInf(v, 0):
		d.wrong(n, p, s+" is not a finite number", "write a number such as 0.5")
	case err != nil || strings.ContainsAny(s, "xX_pP"):
		hint := "write a number such as 0.5"
		if share, cut := strings.CutSuffix(s, "%"); cut {
			if v, err := strconv.ParseFloat(share, 64); err == nil {
				hint = "write " + formatNumber(v/100)
			}
		}
		d.wrong(n, p, quote(s)+" is not a number", hint)
	default:
		return v
	}
	return 0
}

// quoted reports whether a scalar stands between quotes.
func quoted(n ast.Node) bool {
	switch n.GetToken().Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
		return true
	}
	return false
}

// boolean reads true or false.
func (d *decoder) boolean(n ast.Node, p *path) bool {
	if b, ok := n.(*ast.BoolNode); ok {
		return b.Value
	}
	d.mistyped(n, p, "true or false", "write true or false without quotes")
	return false
}

// duration reads a duration with its unit; none may be negative.
func (d *decoder) duration(n ast.Node, p *path) time.Duration {
	s, ok := d.scalar(n, p, "a duration", "write a number and a unit, such as 30s")
	if !ok {
		return 0
	}
	v, err := parseDuration(s)
	switch {
	case err != nil:
		d.refuse(n, p, err.(*scalarError))
	case v < 0:
		d.wrong(n, p, s+" is negative", "write "+durationText(-max(v, math.MinInt64+1))+" or another duration from 0s up")
	case v > MaxDuration:
		d.wrong(n, p, s+" is longer than any run", "write at most "+hours(MaxDuration))
	default:
		return v
	}
	return 0
}
