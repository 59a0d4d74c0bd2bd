//go:build !unix

package matrix

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // its error: it has ended

func killRest(*exec.Cmd) {}

func exitCode(p *os.ProcessState) int { return p.ExitCode() }
