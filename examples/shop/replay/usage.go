package replay

// Usage is what the process that runs the shop has used so far. Whoever owns the
// process knows it; the services' APIs do not tell.
type Usage struct {
	// CPUSeconds is processor time, of users and system.
	CPUSeconds float64 `json:"cpu_seconds"`
	// Commits are durable commits of all databases, Syncs what these and their
	// checkpoints synced.
	Commits int64 `json:"commits"`
	Syncs   int64 `json:"syncs"`
	// Messages are those in all logs.
	Messages int64 `json:"messages"`
}

// since returns what was used after an earlier reading.
func (u Usage) since(earlier Usage) Usage {
	return Usage{
		CPUSeconds: u.CPUSeconds - earlier.CPUSeconds,
		Commits:    u.Commits - earlier.Commits,
		Syncs:      u.Syncs - earlier.Syncs,
		Messages:   u.Messages - earlier.Messages,
	}
}
