// Package nemesis breaks things on purpose: it kills and pauses processes, fills
// their disks, moves their clocks, restarts their server, and stands as a bad network
// between them. What it does next follows from a seed alone, never from what came of
// the step before; everything is written down with its time, and mended at the end.
package nemesis
