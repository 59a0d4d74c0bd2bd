//go:build unix

package matrix

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives a program a process group of its own: with it ends what it has
// started, and an interrupt of the terminal is ours to hand on.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the program and what it has started.
func kill(cmd *exec.Cmd) { killRest(cmd) }

// killRest ends what is left of the program's group.
func killRest(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its error: nothing is left
}

// exitCode is that of a program, as a shell tells it.
func exitCode(p *os.ProcessState) int {
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return p.ExitCode()
}
