package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// listed is a built-in scenario in the list.
type listed struct {
	Name       string   `json:"name"`
	About      string   `json:"about"`
	Backend    string   `json:"backend"`
	Load       string   `json:"load"`
	DurationNS int64    `json:"duration_ns"` // of virtual time
	Phases     []string `json:"phases"`
	Policies   []string `json:"policies"`
	Thresholds int      `json:"thresholds"`
}

func newListCommand(env environment) *cobra.Command {
	var format format
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the built-in scenarios",
		Example: `  # for people
  simulate list

  # for programs: names, phases, policies
  simulate list --format json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			list, err := listAll()
			if err != nil {
				return wrong("", err)
			}
			if format == formatJSON {
				return writeJSON(env.Stdout, list)
			}
			return writeList(env.Stdout, list)
		},
	}
	format.register(cmd)
	return cmd
}

func listAll() ([]listed, error) {
	list := []listed{}
	for _, entry := range scenarios.List() {
		sc, err := scenarios.Builtin(entry.Name)
		if err != nil {
			return nil, err
		}
		one := listed{
			Name: entry.Name, About: sc.About, Backend: string(sc.Backend.Kind), Load: string(sc.Load.Model),
			DurationNS: int64(length(sc)), Policies: policyNames(sc), Thresholds: len(sc.Thresholds),
		}
		for _, p := range sc.Phases {
			one.Phases = append(one.Phases, p.Label)
		}
		list = append(list, one)
	}
	return list, nil
}

func writeList(w io.Writer, list []listed) error {
	var text strings.Builder
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tBACKEND\tLENGTH\tABOUT")
	published := false
	for _, l := range list {
		if strings.HasPrefix(l.Name, scenarios.Published) && !published {
			published = true
			fmt.Fprintln(t, "\t\t\t") // they stand apart, and in the same columns
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", l.Name, l.Backend,
			reports.FormatExact(time.Duration(l.DurationNS)), firstSentence(l.About))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// firstSentence is what fits a line of the list; the scenario has the rest.
func firstSentence(about string) string {
	first, _, more := strings.Cut(oneLine(about), ". ")
	if more {
		first += "."
	}
	return first
}

// length is how long a scenario's phases take together.
func length(sc *scenarios.Scenario) time.Duration {
	var d time.Duration
	for _, p := range sc.Phases {
		d += p.For
	}
	return d
}
