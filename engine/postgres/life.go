package postgres

import "context"

// life is the time between two crashes of a server, or two starts. A session lasts for
// one at most.
//
// The server says when it was started. Of a crash in between, after which it recovers
// by itself, the processes that work for all sessions tell, whom it ends then as well:
// any of them that is still there has seen none. Every role may see their numbers.
type life struct {
	began string
	crew  string // an array of process ids
}

const (
	crew     = `FROM pg_stat_activity WHERE datid IS NULL AND usesysid IS NULL`
	thisLife = `SELECT pg_postmaster_start_time()::text, (SELECT coalesce(array_agg(pid), '{}')::text ` + crew + `)`
	// sameLife says whether a life, $2 and $3, still lasts.
	sameLife = `pg_postmaster_start_time() = $2::text::timestamptz AND EXISTS (SELECT ` + crew + ` AND pid = ANY ($3::text::int[]))`
)

// lives finds out, once for each connection, which life of the server it is.
func (s *session) lives(ctx context.Context) error {
	const mark = "bailiwick life"
	if known, ok := s.pg.PgConn().CustomData()[mark].(life); ok {
		s.life = known
		return nil
	}
	if err := s.QueryRowContext(ctx, thisLife).Scan(&s.life.began, &s.life.crew); err != nil {
		return err
	}
	s.pg.PgConn().CustomData()[mark] = s.life
	return nil
}
