package upgrade_test

import (
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
)

// On SQLite one process owns a database: the old program ends, and the new one
// starts. Until the contract there is a way back, also from a process that died.
// Nobody else stops meanwhile, and in the end everything agrees.
func TestThereAndBackOnSQLite(t *testing.T) {
	r := newRollout(t, notification.Name, "sqlite:"+filepath.Join(t.TempDir(), "notification.db"), 5, 300)
	p := r.start(t, before)
	r.load(t)
	r.atWork(t)
	if code := outcome(t, after, r.database); code != bailiwick.Locked {
		t.Errorf("the new program opened the database beside the old one: %q", code)
	}
	r.retire(t, p)
	p = r.start(t, after)
	r.atWork(t)
	r.crash(t, p)
	p = r.start(t, before)
	r.atWork(t)
	r.retire(t, p)
	if code := outcome(t, contracting, r.database); code != "" {
		t.Errorf("not contracted: %q", code)
	}
	if code := outcome(t, before, r.database); code != bailiwick.SchemaNewer {
		t.Errorf("the old program opened the contracted schema: %q", code)
	}
	p = r.start(t, after)
	r.atWork(t)
	r.finish(t)
	p.stop(t)
}
