package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a scenario file. They are far above what people write and keep the
// time to read a file in proportion to its size: the parser recurses once for
// each level of nesting and each entry of a map.
const (
	// MaxFileSize is the largest scenario file, in bytes.
	MaxFileSize = 16 << 20
	maxDepth    = 64   // levels of nesting
	maxEntries  = 4096 // entries of one map
	maxEmpty    = 1000 // keys and list items without a value
	maxOdd      = 1000 // anchors, aliases, tags and the like: the decoder names each
)

// normalize gives the text without byte order mark and with \n as its only line
// end, or the problem that makes it no text at all.
func normalize(name string, data []byte) (text, string, *Problem) {
	fail := func(message, hint string) (text, string, *Problem) {
		return text{}, "", &Problem{File: name, Line: 1, Column: 1, Message: message, Hint: hint}
	}
	if len(data) > MaxFileSize {
		return fail("the file is too large", // how large, nobody read
			fmt.Sprintf("a scenario is at most %s; put requests into a trace (load.model: replay)", Size(MaxFileSize)))
	}
	s := string(data)
	if strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff") {
		return fail("the file is UTF-16", "save it as UTF-8")
	}
	s = strings.TrimPrefix(s, "\uFEFF")
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	t := newText(name, s)
	for i, line := range t.lines {
		if at, what := badCharacter(line); what != "" {
			p := t.problem(position{i + 1, at}, "", what, "save the file as UTF-8 text")
			return t, s, &p
		}
	}
	return t, s, nil
}

// badCharacter finds what YAML allows in no text, and its column.
func badCharacter(line string) (column int, what string) {
	column = 1
	for i, r := range line {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(line[i:]); n == 1 {
				return column, "this is not UTF-8"
			}
		}
		if r < ' ' && r != '\t' || r == 0x7f {
			return column, fmt.Sprintf("the control character %U is not allowed", r)
		}
		column++
	}
	return 0, ""
}

// parseYAML gives the root of the file's only document; nil without any.
// On a problem the file's structure is unknown, so that it is the only one.
func parseYAML(t text, s string) (root ast.Node, problem *Problem) {
	defer func() { // the parser is not ours: whatever it trips over is a problem of the file
		if r := recover(); r != nil {
			p := t.problem(position{1, 1}, "", "this is not YAML that can be read", "simplify it: plain maps, lists and scalars")
			problem = &p
		}
	}()
	tokens := lexer.Tokenize(s)
	if p := tooComplex(t, tokens); p != nil {
		return nil, p
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p := syntaxProblem(t, err)
		return nil, &p
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, directive := doc.Body.(*ast.DirectiveNode); directive {
			p := t.problem(t.clamp(doc.Body.GetToken().Position), "", "directives are not supported", "leave the line out")
			return nil, &p
		}
		if root != nil {
			p := t.problem(at(doc.Body), "", "the file holds more than one document", "write one scenario a file")
			return nil, &p
		}
		root = doc.Body
	}
	return root, nil
}

// syntaxProblem puts the parser's error into our form.
func syntaxProblem(t text, err error) Problem {
	var y yaml.Error
	if !errors.As(err, &y) || y.GetToken() == nil {
		return t.problem(position{1, 1}, "", "this is not YAML: "+err.Error(), "")
	}
	pos := t.clamp(y.GetToken().Position)
	message, hint := "this is not YAML: "+y.GetMessage(), ""
	line := t.lines[pos.line-1]
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(line, "{client}") || strings.Contains(line, "{call}"):
		hint = "put a key that holds braces between quotes"
	case strings.Contains(indent, "\t"):
		message, hint = "a tab indents this line", "indent with spaces"
		pos.column = strings.IndexByte(indent, '\t') + 1
	case strings.Contains(line, "\t"):
		hint = "write spaces instead of tabs"
	case strings.Count(line, `"`)%2 == 1 || strings.Count(line, "'")%2 == 1:
		hint = "is a quote missing its other half?"
	case t.openBrackets(pos.line):
		hint = "is a bracket here or above missing its other half?"
	default:
		hint = "check the indentation, and the colons and dashes before it"
	}
	return t.problem(pos, "", message, hint)
}

// openBrackets reports whether brackets do not come in pairs up to a line. Those
// between quotes count too: the answer is good enough for a hint.
func (t text) openBrackets(line int) bool {
	braces, brackets := 0, 0
	for _, l := range t.lines[:line] {
		braces += strings.Count(l, "{") - strings.Count(l, "}")
		brackets += strings.Count(l, "[") - strings.Count(l, "]")
	}
	return braces != 0 || brackets != 0
}

// clamp keeps a place that the parser tells within the text.
func (t text) clamp(p *token.Position) position {
	if p == nil {
		return position{1, 1}
	}
	line := min(max(p.Line, 1), len(t.lines))
	return position{line, min(max(p.Column, 1), utf8.RuneCountInString(t.lines[line-1])+1)}
}

// at is the place where a node begins.
func at(n ast.Node) position {
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return at(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return at(v.Key)
	}
	p := n.GetToken().Position
	return position{max(p.Line, 1), max(p.Column, 1)}
}

// tooComplex refuses what would take the parser's stack or time out of
// proportion, by its tokens alone.
func tooComplex(t text, tokens token.Tokens) *Problem {
	c := complexity{text: t}
	for i, tk := range tokens {
		if tk.Type == token.CommentType {
			continue
		}
		var next *token.Token
		for _, n := range tokens[i+1:] {
			if n.Type != token.CommentType {
				next = n
				break
			}
		}
		if p := c.add(tk, next); p != nil {
			return p
		}
	}
	return nil
}

// complexity follows a file's nesting, token by token.
type complexity struct {
	text   text
	levels []level
	line   int
	empty  int
	odd    int
}

// level is one open collection: a flow one (in brackets) until its bracket
// closes, a block one until a line begins further left.
type level struct {
	kind    levelKind
	column  int
	entries int // of a map
}

type levelKind uint8

const (
	block levelKind = iota
	flowMap
	flowList
)

func (c *complexity) add(tk, next *token.Token) *Problem {
	column := tk.Position.Column
	if tk.Position.Line != c.line {
		c.line = tk.Position.Line
		for n := len(c.levels); n > 0 && c.levels[n-1].kind == block && c.levels[n-1].column > column; n-- {
			c.levels = c.levels[:n-1]
		}
	}
	switch tk.Type {
	case token.MappingStartType:
		c.levels = append(c.levels, level{kind: flowMap, column: column})
	case token.SequenceStartType:
		c.levels = append(c.levels, level{kind: flowList, column: column})
	case token.MappingEndType, token.SequenceEndType:
		c.leave()
	case token.SequenceEntryType:
		c.enter(column, 0)
	case token.MappingKeyType, token.AnchorType, token.TagType, token.AliasType, token.DirectiveType, token.DocumentHeaderType:
		c.odd++
		c.enter(column, 0)
	case token.MappingValueType:
		if tk.Prev != nil {
			column = tk.Prev.Position.Column
		}
		c.enter(column, 1)
	case token.CollectEntryType:
		c.enter(column, 1)
	}
	if endsEmpty(tk, next) {
		c.empty++
	}
	return c.judge(tk)
}

// enter notes an entry of the innermost collection, or of a new block one where
// it stands further right than the one around it.
func (c *complexity) enter(column, entries int) {
	n := len(c.levels)
	if n == 0 || c.levels[n-1].kind == block && c.levels[n-1].column < column {
		c.levels = append(c.levels, level{column: column})
		n++
	}
	if c.levels[n-1].kind != flowList {
		c.levels[n-1].entries += entries
	}
}

// leave closes the innermost bracket.
func (c *complexity) leave() {
	for n := len(c.levels); n > 0; n-- {
		kind := c.levels[n-1].kind
		c.levels = c.levels[:n-1]
		if kind != block {
			return
		}
	}
}

// endsEmpty reports whether a key or list item ends without a value.
func endsEmpty(tk, next *token.Token) bool {
	switch tk.Type {
	case token.MappingValueType, token.SequenceEntryType, token.CollectEntryType:
	default:
		return false
	}
	if next == nil {
		return true
	}
	switch next.Type {
	case token.CollectEntryType, token.MappingEndType, token.SequenceEndType:
		return true
	}
	return next.Position.Line > tk.Position.Line && next.Position.Column <= tk.Position.Column
}

func (c *complexity) judge(tk *token.Token) *Problem {
	var message, hint string
	n := len(c.levels)
	switch {
	case n > maxDepth:
		message, hint = fmt.Sprintf("the nesting is more than %d levels deep", maxDepth), "a scenario needs fewer than ten"
	case n > 0 && c.levels[n-1].entries > maxEntries:
		message, hint = fmt.Sprintf("the map has more than %d entries", maxEntries), "split the scenario"
	case c.empty > maxEmpty:
		message, hint = fmt.Sprintf("more than %d keys and items have no value", maxEmpty), "write a value after each"
	case c.odd > maxOdd:
		message, hint = fmt.Sprintf("more than %d anchors, aliases, tags or documents", maxOdd), "write plain maps, lists and scalars"
	default:
		return nil
	}
	p := c.text.problem(c.text.clamp(tk.Position), "", message, hint)
	return &p
}
