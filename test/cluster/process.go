package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Deployed is holdfast's container as deploy/install.yaml has it: the limits and the
// environment that users give the program.
func Deployed() (container corev1.Container, err error) {
	objects, err := ReadObjects(InstallManifest())
	if err != nil {
		return container, err
	}
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &d); err != nil {
			return container, err
		}
		return d.Spec.Template.Spec.Containers[0], nil
	}
	return container, errors.New("deploy/install.yaml has no Deployment")
}

// Environment is a container's, without the variables that take a value from elsewhere.
func Environment(container *corev1.Container) (env []string) {
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			env = append(env, variable.Name+"="+variable.Value)
		}
	}
	return env
}

// Memory reads one of a process's sizes in bytes: VmRSS is what it has in use, VmHWM the most
// that it ever had. Both count against the limit of a container.
// Source: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
func Memory(pid int, field string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		return 0, fmt.Errorf("no %s in %s", field, status)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	return kib << 10, err
}

// CPUTime is how long the threads of a process have run so far, those that ended not included.
// Source: https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
func CPUTime(pid int) (total time.Duration, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended just now
		}
		if err != nil {
			return 0, err
		}
		var ran time.Duration
		if _, err := fmt.Sscan(string(text), &ran); err != nil {
			return 0, fmt.Errorf("%s: %w", thread, err)
		}
		total += ran
	}
	if total == 0 {
		return 0, fmt.Errorf("process %d: got no time that it ran", pid)
	}
	return total, nil
}

// ForgetPeak makes VmHWM what a process has in use now.
// Source: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
func ForgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
