package postgres

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNumbered(t *testing.T) {
	for text, want := range map[string]string{
		`SELECT ?, ?`:                           `SELECT $1, $2`,
		`SELECT '?', ?`:                         `SELECT '?', $1`,
		`SELECT 'it''s ?', ?`:                   `SELECT 'it''s ?', $1`,
		`SELECT E'\'?', ?`:                      `SELECT E'\'?', $1`,
		`SELECT E'''\'?', ?`:                    `SELECT E'''\'?', $1`,
		`SELECT '\', ?`:                         `SELECT '\', $1`,
		`SELECT name'\', ?`:                     `SELECT name'\', $1`,
		`SELECT "a?b", ?`:                       `SELECT "a?b", $1`,
		"SELECT 1 -- really?\n, ?":              "SELECT 1 -- really?\n, $1",
		`SELECT /* ? /* ? */ ? */ ?`:            `SELECT /* ? /* ? */ ? */ $1`,
		`SELECT $$?$$, $a$?$$?$a$, ?`:           `SELECT $$?$$, $a$?$$?$a$, $1`,
		`SELECT a$b$?, ?`:                       `SELECT a$b$$1, $2`,
		`SELECT data ?? 'k' FROM t WHERE n = ?`: `SELECT data ? 'k' FROM t WHERE n = $1`,
		`SELECT '?`:                             `SELECT '?`,
		`é?`:                                    `é$1`,
	} {
		if got := numbered(text); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

// Whatever it is given, it ends, and leaves alone what has no placeholder.
func TestNumberedEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a$'"E/*\\? \n-]*`).Draw(t, "text")
		if n := quoted(text+" ", 0); n < 0 || n > len(text)+1 {
			t.Fatalf("quoted(%q) is %d", text, n)
		}
		numbered(text)
	})
}

func TestTextsAreBounded(t *testing.T) {
	var known texts
	for n := range 2 * maxTexts {
		known.get(string(rune(n)), numbered)
	}
	if len(known.done) != maxTexts {
		t.Errorf("%d texts are remembered, want %d", len(known.done), maxTexts)
	}
}
