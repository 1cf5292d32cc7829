package postgres

import (
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick/internal/pgtest"
)

// The answer to a COMMIT is lost because its server failed, and who answers next is a
// standby, which has not replayed that COMMIT yet. It does not decide that nothing was
// committed; once it was promoted it does.
func TestStandbyDecidesNothing(t *testing.T) {
	var own pgtest.Server
	t.Cleanup(own.Stop)
	d := opened(t, own.Database(t), Options{})
	s, err := d.session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var data, unknown string
	err = s.QueryRowContext(t.Context(), "SELECT current_setting('data_directory'), pg_snapshot_xmax(pg_current_snapshot())::text").Scan(&data, &unknown)
	if err == nil { // this server becomes the standby, as if others had ended before it heard of them
		_, err = s.ExecContext(t.Context(), "COPY (SELECT WHERE false) TO '"+filepath.Join(data, "standby.signal")+"'")
	}
	if err == nil {
		err = s.Close()
	}
	if err == nil {
		err = own.Restart()
	}
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (decided bool, err error) {
		_, decided, err = d.lookOnce(t.Context(), unknown, s, false)
		for unreachable(err) && t.Context().Err() == nil { // connections that the restart ended
			_, decided, err = d.lookOnce(t.Context(), unknown, s, false)
		}
		return decided, err
	}
	if decided, err := ask(); decided || err != errStandby {
		t.Errorf("a standby decides: %v, %v", decided, err)
	}
	if _, err := d.pool.Exec("SELECT pg_promote()"); err != nil {
		t.Fatal(err)
	}
	if decided, err := ask(); !decided || err != nil {
		t.Errorf("promoted, it decides: %v, %v", decided, err)
	}
}
