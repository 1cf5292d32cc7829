package store

import (
	"log/slog"
	"time"
)

// longMigration is from when on a step of a schema is reported while it runs:
// whoever waits for the program to start wants to know for what.
const longMigration = 5 * time.Second

// WatchMigration reports a step to logger while it takes longer than five seconds,
// and again how long it took when done is called. Engines call it; a nil logger
// means slog.Default().
func WatchMigration(logger *slog.Logger, component string, m Migration) (done func()) {
	return watchMigration(logger, component, m, longMigration)
}

func watchMigration(logger *slog.Logger, component string, m Migration, long time.Duration) (done func()) {
	if logger == nil {
		logger = slog.Default()
	}
	logger = logger.With("component", component, "version", m.Version, "migration", m.Recorded())
	begun := time.Now()
	alarm := time.AfterFunc(long, func() { logger.Warn("a migration takes long; the database waits for it", "after", long) })
	return func() {
		if !alarm.Stop() {
			logger.Warn("a migration that took long has ended", "took", time.Since(begun).Round(time.Millisecond))
		}
	}
}
