//go:build !(linux || darwin || freebsd)

package bus

import (
	"fmt"
	"os"
	"path/filepath"
)

// dirLock keeps a second process out of a broker's directory. Without file
// locks a file that exists is the lock, and a killed process leaves it behind.
type dirLock struct{ path string }

func lockDir(dir string) (*dirLock, error) {
	path := filepath.Join(dir, "copydesk.lock")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		if os.IsExist(err) {
			return nil, fmt.Errorf("directory is in use by another process; if there is none, remove %s", path)
		}
		return nil, err
	}
	return &dirLock{path}, f.Close()
}

func (l *dirLock) release() error {
	path := l.path
	l.path = "" // a second call must not remove the lock of the next holder
	if path == "" {
		return nil
	}
	return os.Remove(path)
}

// freeDisk is not known here; the answer is large enough for every default.
func freeDisk(string) (int64, error) { return 1 << 40, nil }
