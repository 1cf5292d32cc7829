//go:build proof

package main

import (
	"os"

	"github.com/bailiwick/bailiwick/internal/proof"
)

// armProof switches off, and arms, what the environment says.
func armProof() error {
	if err := proof.Arm(os.Getenv("BAILIWICK_PROOF")); err != nil {
		return usageError{err}
	}
	return nil
}
