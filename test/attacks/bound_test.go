package attacks

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// unusedData is what a program may map to write to beyond its limit, in bytes,
// where no cgroup can be made. Go keeps mapped what it has given back, so this
// only ends what runs away; for the rest there is the peak that the test reads.
const unusedData = 320 << 20

// bounded makes the kernel hold a command to a limit in bytes, as it does with a
// container: what takes more is killed. It returns what does so.
func bounded(t *testing.T, command *exec.Cmd, limit int64) (by string) {
	t.Helper()
	group, err := newGroup(t, limit)
	if err != nil {
		t.Logf("NO CGROUP, so a limit of what is mapped takes its place: %v", err)
		wrap(command, fmt.Sprintf(`ulimit -d %d && exec "$0" "$@"`, (limit+unusedData)>>10))
		return "rlimit"
	}
	// The shell enters the group, and becomes the program.
	wrap(command, `echo $$ >`+filepath.Join(group, "cgroup.procs")+` && exec "$0" "$@"`)
	return "cgroup " + group
}

// wrap lets a shell start a command.
func wrap(command *exec.Cmd, script string) {
	command.Args = append([]string{"sh", "-c", script, command.Path}, command.Args[1:]...)
	command.Path = "/bin/sh"
}

// newGroup makes a cgroup of version 2, or else 1, with the limit and without
// swap. It goes when the test is over.
func newGroup(t *testing.T, limit int64) (group string, err error) {
	t.Helper()
	parent, limits := "/sys/fs/cgroup", []string{"memory.max", "memory.swap.max"}
	enabled, err := os.ReadFile(filepath.Join(parent, "cgroup.subtree_control"))
	values := []string{strconv.FormatInt(limit, 10), "0"}
	switch _, missing := os.Stat("/sys/fs/cgroup/memory/memory.limit_in_bytes"); {
	case err == nil && strings.Contains(string(enabled), "memory"):
	case missing == nil:
		parent, limits, values[1] = "/sys/fs/cgroup/memory", []string{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}, values[0]
	default:
		return "", fmt.Errorf("no controller of memory in %s", parent)
	}
	group = filepath.Join(parent, fmt.Sprintf("holdfast-attacks-%d-%s", os.Getpid(), filepath.Base(t.Name())))
	if err := os.Mkdir(group, 0o755); err != nil {
		return "", err
	}
	t.Cleanup(func() {
		if err := os.Remove(group); err != nil {
			t.Errorf("removing the cgroup: %v", err)
		}
	})
	for i, name := range limits {
		err := os.WriteFile(filepath.Join(group, name), []byte(values[i]), 0o644)
		if i == 0 && err != nil { // without swap there may be no such file
			return "", err
		}
	}
	return group, nil
}
