package main

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func helpTopics(cmds []*cobra.Command) [][]string {
	var topics [][]string
	for _, c := range cmds {
		topics = append(topics, []string{c.Name()})
	}
	return topics
}

// TestHelp demands of every command what somebody new to it needs: what it does
// in one line, examples, and a word on every flag.
func TestHelp(t *testing.T) {
	var s session
	root := newRoot(s.env())
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s: no short help or no example", cmd.CommandPath())
		}
		if cmd != root && cmd.RunE == nil {
			t.Errorf("%s: does nothing", cmd.CommandPath())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: nothing on the flag --%s", cmd.CommandPath(), f.Name)
			}
		})
	}
}
