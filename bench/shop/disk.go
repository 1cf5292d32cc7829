package main

import (
	"os"
	"path/filepath"
	"time"
)

// syncRate appends 4 KiB at a time and syncs, for about a second, and returns how
// many times a second that goes.
func syncRate(dir string) (float64, error) {
	path := filepath.Join(dir, "sync-rate")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer os.Remove(path)
	defer f.Close()
	page := make([]byte, 4096)
	begun, n := time.Now(), 0
	for time.Since(begun) < time.Second {
		if _, err := f.Write(page); err != nil {
			return 0, err
		}
		if err := datasync(f); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}
