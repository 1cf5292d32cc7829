package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/store"
)

// The reports at the end of a replay read a whole year; that is no warning.
func TestOpenShopSaysWhatIsSlow(t *testing.T) {
	ctx := context.Background()
	for slow, logged := range map[time.Duration]bool{time.Nanosecond: true, slowReport: false} {
		var logs bytes.Buffer
		s, err := openShop(ctx, t.TempDir(), &logs, false, slow)
		if err != nil {
			t.Fatal(err)
		}
		err = s.services[0].DB.Read(ctx, func(tx *store.Tx) error {
			var n int
			return tx.SQL().QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&n)
		})
		if err != nil {
			t.Error(err)
		}
		if err := shop.Close(s.services); err != nil {
			t.Error(err)
		}
		if got := strings.Contains(logs.String(), "slow query"); got != logged {
			t.Errorf("a query is slow after %v: logged %v, want %v\n%s", slow, got, logged, logs.String())
		}
	}
}
