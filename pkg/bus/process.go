package bus

import (
	"os"
	"strings"
)

// processID names a process among all that ever ran on this machine since it
// was started, as far as others of the same process namespace can see: boot,
// namespace and number. It is zero where the system does not tell.
type processID struct {
	Boot      string `json:"boot,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	PID       int    `json:"pid,omitempty"`
}

// thisProcess returns the identity of this process.
func thisProcess() processID {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return processID{}
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return processID{}
	}
	return processID{Boot: strings.TrimSpace(string(boot)), Namespace: namespace, PID: os.Getpid()}
}

// surelyDead reports whether a process has ended for certain: it ran on this
// boot of this machine, in this namespace, and its number is free. What cannot
// be known counts as alive; so does a number that another process has by now.
func (p processID) surelyDead() bool {
	self := thisProcess()
	if p.PID <= 0 || self.PID == 0 || p.Boot != self.Boot || p.Namespace != self.Namespace {
		return false
	}
	return processEnded(p.PID)
}
