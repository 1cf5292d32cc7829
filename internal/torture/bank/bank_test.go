package bank_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// onSQLite opens databases in a directory of the test.
func onSQLite(t testing.TB) bank.Opener {
	dir := t.TempDir()
	return func(ctx context.Context, owner string, migrations []store.Migration, opts store.Options) (*store.DB, error) {
		return sqlite.Open(ctx, filepath.Join(dir, owner+".db"), sqlite.Options{Owner: owner, Migrations: migrations, Store: opts})
	}
}

// onPostgres opens databases of their own on the test's server.
func onPostgres(t testing.TB) bank.Opener {
	urls := map[string]string{}
	for _, name := range bank.Services() {
		urls[name] = server.Database(t)
	}
	return func(ctx context.Context, owner string, migrations []store.Migration, opts store.Options) (*store.DB, error) {
		return postgres.Open(ctx, urls[owner], postgres.Options{Owner: owner, Migrations: migrations, Store: opts})
	}
}

// open runs the bank in this process until the test ends.
func open(t testing.TB, opener bank.Opener) *bank.Client {
	return serve(t, bank.Options{Open: opener})
}

// serve runs what the options say in this process until the test ends.
func serve(t testing.TB, opts bank.Options) *bank.Client {
	ctx, stop := context.WithCancel(context.Background())
	at, ended := make(chan string, 1), make(chan error, 1)
	opts.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError + 1}))
	opts.Listening = func(url string) error { at <- url; return nil }
	go func() { ended <- bank.Serve(ctx, opts) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the bank failed: %v", err)
		}
		transport.CloseIdleConnections()
	})
	select {
	case url := <-at:
		return &bank.Client{At: func(string) string { return url }, HTTP: &http.Client{Transport: transport, Timeout: 10 * time.Second}, Wait: 5 * time.Second}
	case err := <-ended:
		ended <- err
		t.Fatal("the bank did not open")
		return nil
	}
}

// furnish opens accounts once the bank takes requests.
func furnish(t testing.TB, c *bank.Client, balances map[string]int64) {
	t.Helper()
	for c.Open(t.Context(), balances) != nil && t.Context().Err() == nil {
		settle.Pause(t.Context())
	}
}

// rest waits until nothing is under way, and returns what there is then.
func rest(t testing.TB, c *bank.Client) bank.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var s bank.State
	for ctx.Err() == nil {
		var err error
		if s, err = c.State(ctx); err == nil && resting(s) {
			return s
		}
		settle.Pause(ctx)
	}
	t.Fatalf("it does not come to rest: sagas %v, %d parked, logs %v", s.Sagas, s.Parked, s.Logs)
	return s
}

func resting(s bank.State) bool {
	for _, log := range s.Logs {
		for _, seq := range log.Followers {
			if seq < log.Head || log.Staged > 0 {
				return false
			}
		}
	}
	return len(s.Sagas) == 0
}

// each runs a test on every engine.
func each(t *testing.T, test func(t *testing.T, opener bank.Opener)) {
	t.Run("sqlite", func(t *testing.T) { test(t, onSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, onPostgres(t)) })
}

// Two hundred transfers with refusals of every kind leave the money that there was,
// and what the four services say of them agrees.
func TestTransfers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, opener bank.Opener) {
		c := open(t, opener)
		start := map[string]int64{"a": 300, "b": 300, "c": 300, "d": 300, bank.Frozen: 300}
		furnish(t, c, start)
		names := []string{"a", "b", "c", "d", bank.Frozen, "nobody"}
		outcomes, reasons := map[bank.Outcome]int{}, map[string]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for client := range 8 {
			random := rand.New(rand.NewPCG(1, uint64(client)))
			all.Go(func() {
				for i := range 25 {
					from := random.IntN(len(names) - 1)
					to := (from + 1 + random.IntN(len(names)-1)) % len(names)
					transfer, o, err := c.Transfer(t.Context(), fmt.Sprintf("%d/%d", client, i), names[from], names[to], 1+random.Int64N(60))
					if o == bank.Info {
						t.Errorf("nobody knows of %v: %v", transfer, err)
					}
					mu.Lock()
					outcomes[o]++
					reasons[transfer.Reason]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		for _, reason := range []string{"", "frozen", "unknown", "limit", "review"} {
			if reasons[reason] == 0 {
				t.Errorf("no transfer ended with the reason %q", reason)
			}
		}
		s := rest(t, c)
		var total int64
		for _, a := range s.Accounts {
			total += a.Balance
			if a.Balance < 0 {
				t.Errorf("%s holds %d", a.ID, a.Balance)
			}
		}
		if total != 1500 {
			t.Errorf("the accounts hold %d, want 1500", total)
		}
		done, legs := map[string]bank.Transfer{}, map[string]int64{}
		for _, transfer := range s.Transfers {
			if transfer.Status == bank.Done {
				done[transfer.ID] = transfer
			}
		}
		if len(s.Transfers) != 200 || len(done) != outcomes[bank.OK] {
			t.Errorf("%d transfers of which %d are done, want 200 and %d", len(s.Transfers), len(done), outcomes[bank.OK])
		}
		entered := map[string]bank.Entry{}
		for _, e := range s.Entries {
			entered[e.Message] = e
			if e.Inverted {
				t.Errorf("%v came before the one before it", e)
			}
		}
		for _, m := range s.Moves {
			legs[m.Transfer+" "+m.Account] += m.Delta
			if e := entered[m.Message]; e != (bank.Entry{Move: m}) {
				t.Errorf("%v was entered as %v", m, e)
			}
		}
		if len(s.Entries) != len(s.Moves) {
			t.Errorf("%d entries of %d moves", len(s.Entries), len(s.Moves))
		}
		for _, transfer := range s.Transfers {
			want := transfer.Amount
			if _, ok := done[transfer.ID]; !ok {
				want = 0
			}
			if from, to := legs[transfer.ID+" "+transfer.From], legs[transfer.ID+" "+transfer.To]; from != -want || to != want {
				t.Errorf("%v moved %d and %d", transfer, from, to)
			}
		}
		confirmed := 0
		for _, p := range s.Payouts {
			if p.Status == bank.Confirmed {
				confirmed++
			} else if p.Status != bank.Cancelled {
				t.Errorf("%v is left over", p)
			}
		}
		if confirmed != len(done) {
			t.Errorf("%d payouts of %d transfers", confirmed, len(done))
		}
		for _, log := range s.Logs {
			if log.Name != store.LogName(bank.Wallet) {
				continue
			}
			kept := strings.Join(log.Messages, " ")
			for _, e := range s.Entries {
				if !strings.Contains(kept, e.Message) {
					t.Errorf("%v is of no message in the log", e)
				}
			}
		}
	})
}

// A trigger that ends the whole transaction, and a constraint that is only found
// broken at the commit, take nothing from those who share it.
func TestNeighboursOfFailuresStayWhole(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, opener bank.Opener) {
		c := open(t, opener)
		furnish(t, c, map[string]int64{"a": 0, "b": 0, "c": 0, "d": 0, bank.Frozen: 100})
		var all sync.WaitGroup
		for client, account := range []string{"a", "b", "c", "d", bank.Frozen, bank.Ghost, bank.Frozen, bank.Ghost} {
			all.Go(func() {
				for i := range 25 {
					want, amount := bank.OK, int64(2)
					if client >= 4 {
						want, amount = bank.Fail, -1
					}
					if _, o, err := c.Move(t.Context(), fmt.Sprintf("%d/%d", client, i), account, amount); o != want {
						t.Errorf("a move of %s is %s: %v", account, o, err)
					}
				}
			})
		}
		all.Wait()
		s := rest(t, c)
		for _, a := range s.Accounts {
			if want := map[bool]int64{true: 100, false: 50}[a.ID == bank.Frozen]; a.Balance != want {
				t.Errorf("%s holds %d, want %d", a.ID, a.Balance, want)
			}
		}
		if len(s.Moves) != 100 || len(s.Entries) != 100 {
			t.Errorf("%d moves and %d entries, want 100 of each", len(s.Moves), len(s.Entries))
		}
	})
}

// A key that comes again has one effect and one answer, a refusal too: it does not
// happen later, when there would be enough.
func TestRepeatedKeys(t *testing.T) {
	t.Parallel()
	c := open(t, onSQLite(t))
	furnish(t, c, map[string]int64{"a": 5, "b": 0})
	for range 3 {
		if a, o, err := c.Move(t.Context(), "up", "a", 10); o != bank.OK || a.Balance != 15 {
			t.Errorf("%v %s: %v", a, o, err)
		}
		if _, o, err := c.Move(t.Context(), "down", "a", -20); o != bank.Fail {
			t.Errorf("%s: %v", o, err)
		}
	}
	if a, o, err := c.Move(t.Context(), "more", "a", 10); o != bank.OK || a.Balance != 25 {
		t.Errorf("%v %s: %v", a, o, err)
	}
	if _, o, err := c.Move(t.Context(), "down", "a", -20); o != bank.Fail {
		t.Errorf("a refused request happened in the end: %s, %v", o, err)
	}
	first, _, err := c.Transfer(t.Context(), "pay", "a", "b", 7)
	again, o, err2 := c.Transfer(t.Context(), "pay", "a", "b", 7)
	if o != bank.OK || first.ID != again.ID {
		t.Errorf("%v, then %v: %v, %v", first, again, err, err2)
	}
	impatient := *c
	impatient.Wait = 0
	if now, o, err := impatient.Transfer(t.Context(), "pay", "a", "b", 7); o != bank.OK || now.ID != first.ID {
		t.Errorf("asked again, it is still %v: %s, %v", now, o, err)
	}
	rest(t, c)
	if a, _, err := c.Balance(t.Context(), "b"); a.Balance != 7 {
		t.Errorf("%v: %v", a, err)
	}
}

// Poison parks its key in ledger, with what comes after it, until somebody has it
// replayed; then everything is entered in order.
func TestPoison(t *testing.T) {
	t.Parallel()
	c := open(t, onSQLite(t))
	furnish(t, c, map[string]int64{bank.Odd: 100, "a": 100})
	for i, m := range []struct {
		account string
		amount  int64
	}{{bank.Odd, 1}, {bank.Odd, bank.Poison}, {bank.Odd, 2}, {bank.Odd, -bank.Poison}, {"a", bank.Poison}, {bank.Odd, 3}} {
		if _, o, err := c.Move(t.Context(), fmt.Sprint(i), m.account, m.amount); o != bank.OK {
			t.Fatalf("%s: %v", o, err)
		}
	}
	s := rest(t, c)
	if len(s.Entries) != 2 || s.Parked != 1 {
		t.Errorf("%d entries and %d parked keys, want 2 and 1", len(s.Entries), s.Parked)
	}
	for s.Parked > 0 && t.Context().Err() == nil {
		if _, err := c.Replay(t.Context()); err != nil {
			t.Fatal(err)
		}
		settle.Pause(t.Context())
		s = rest(t, c)
	}
	if len(s.Entries) != 6 {
		t.Errorf("%d entries, want 6", len(s.Entries))
	}
	for _, e := range s.Entries {
		if e.Inverted {
			t.Errorf("%v is out of order", e)
		}
	}
}

// A saga that has given up on the others goes on when an operator says so.
func TestParkedSagasGoOn(t *testing.T) {
	t.Parallel()
	clock, nowhere := bank.NewClock(), map[string]string{bank.Wallet: "http://127.0.0.1:1", bank.Payouts: "http://127.0.0.1:1"}
	c := serve(t, bank.Options{Service: bank.Order, Open: onSQLite(t), Peers: nowhere, Clock: clock})
	c.Wait = 0
	for {
		transfer, o, err := c.Transfer(t.Context(), "pay", "a", "b", 7)
		if o != bank.Info {
			t.Fatalf("%s without the others: %v", o, err)
		}
		if transfer.Status == bank.Pending {
			break
		}
		settle.Pause(t.Context()) // it is starting
	}
	replayed := func() int {
		n, err := c.Replay(t.Context())
		if err == nil {
			t.Fatal("ledger answered, which is not there")
		}
		return n
	}
	if n := replayed(); n != 0 {
		t.Fatalf("%d sagas are parked at once", n)
	}
	patience := time.Now().Add(time.Minute)
	for ahead := time.Duration(0); replayed() == 0; ahead += 40 * time.Millisecond {
		if time.Now().After(patience) {
			t.Fatal("no saga was parked, or none goes on")
		}
		clock.Set(ahead) // time flies, but does not leap: that would hold the timers
		settle.Pause(t.Context())
	}
	if n := replayed(); n != 0 {
		t.Errorf("%d sagas are still parked", n)
	}
}

// The running sums agree at any moment: what ledger has entered, and what wallet's log
// holds after it, is what the balances have changed by.
func TestRunningSums(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, opener bank.Opener) {
		c := open(t, opener)
		furnish(t, c, map[string]int64{"a": 1000, "b": 1000, bank.Odd: 1000})
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for client, account := range []string{"a", "b", bank.Odd} {
			all.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					_, _, _ = c.Move(ctx, fmt.Sprintf("%d/%d", client, i), account, 1+int64(i%3)) // the last is cut off
				}
			})
		}
		for n, head := 0, int64(0); n < 30 || head < 100; n++ {
			ledger, err := c.Sum(ctx, bank.Ledger)
			wallet, err1 := c.Sum(ctx, bank.Wallet)
			between, err2 := c.Moved(ctx, ledger.Seq, wallet.Seq)
			if err != nil || err1 != nil || err2 != nil {
				t.Fatal(err, err1, err2)
			}
			if ledger.Sum+between != wallet.Sum-2000 {
				t.Errorf("%v entered and %d on the way, but %v held", ledger, between, wallet)
			}
			head = wallet.Seq
		}
		stop()
		all.Wait()
	})
}
