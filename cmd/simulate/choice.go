package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// format is a --format flag: how a command writes what it found.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

// register gives cmd the flag.
func (f *format) register(cmd *cobra.Command) {
	*f = formatText
	words := []string{string(formatText), string(formatJSON)}
	addChoice(cmd, (*string)(f), "format", words, "write text for people or json for programs")
}

// choice is a flag that takes one of a few words, and says which.
type choice struct {
	value *string
	words []string
}

// addChoice gives cmd such a flag, with completion. *value holds the default.
func addChoice(cmd *cobra.Command, value *string, name string, words []string, help string) {
	cmd.Flags().Var(&choice{value, words}, name, help)
	// The flag was added a line above, so the registration cannot fail.
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// Set takes one of the words.
func (c *choice) Set(word string) error {
	for _, w := range c.words {
		if w == word {
			*c.value = word
			return nil
		}
	}
	return fmt.Errorf("it takes %s", or(c.words))
}

// String gives the value, and Type what the help shows in its place.
func (c *choice) String() string { return *c.value }

// Type names the value in the help.
func (c *choice) Type() string { return "WORD" }
