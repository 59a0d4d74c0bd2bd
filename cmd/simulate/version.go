package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what is known of this program's making.
type build struct {
	Version  string `json:"version"`            // the module's version; "(devel)" for a checkout
	Revision string `json:"revision,omitempty"` // of the checkout
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified,omitempty"` // the checkout had changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild reads what the Go tool recorded in the program.
func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is the build in one line: "simulate v1.2.0 (a1b2c3d4e5f6, go1.26.0, linux/amd64)".
func (b build) String() string {
	s := "simulate " + b.Version + " ("
	if b.Revision != "" {
		s += b.Revision[:min(12, len(b.Revision))]
		if b.Modified {
			s += ", modified"
		}
		s += ", "
	}
	return s + b.Go + ", " + b.Platform + ")"
}

func newVersionCommand(env environment) *cobra.Command {
	var format format
	cmd := &cobra.Command{
		Use:   "version [flags]",
		Short: "Show the version of this program",
		Example: `  # for people
  simulate version

  # for programs
  simulate version --format json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if format == formatJSON {
				return writeJSON(env.Stdout, thisBuild())
			}
			_, err := fmt.Fprintln(env.Stdout, thisBuild())
			return err
		},
	}
	format.register(cmd)
	return cmd
}

// writeJSON writes v for programs to read.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
