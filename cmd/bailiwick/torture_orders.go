//go:build !proof

package main

import "os"

// armProof refuses orders to break this process: this build cannot be broken, and
// nobody is to believe that it was.
func armProof() error {
	if os.Getenv("BAILIWICK_PROOF") != "" {
		return usagef("BAILIWICK_PROOF is set, and this build switches nothing off: build it with -tags proof, or unset it")
	}
	return nil
}
