package reports

import "strings"

// Fold breaks a text into lines of at most so many characters, at its blanks; a
// longer word stays whole. All lines but the first begin with indent.
func Fold(text string, width int, indent string) []string {
	var lines []string
	line := ""
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = indent + word
		}
	}
	return append(lines, line)
}
