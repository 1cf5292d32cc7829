package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// demo is a running demo.
type demo struct {
	t    *testing.T
	cmd  *exec.Cmd
	errs bytes.Buffer
	// What it prints once it is open.
	URL        string `json:"url"`
	Data       string `json:"data"`
	PlaceOrder string `json:"place_order"`
	ShowSaga   string `json:"show_saga"`
}

func startDemo(t *testing.T, data string, more ...string) *demo {
	t.Helper()
	d := &demo{t: t, cmd: exec.Command(binary, append([]string{"demo", "--json", "--addr", "127.0.0.1:0", "--data", data}, more...)...)}
	d.cmd.Stderr = &d.errs
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.cmd.Process.Kill(); d.cmd.Wait() })
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(d); err != nil {
		d.cmd.Process.Kill()
		d.cmd.Wait()
		t.Fatalf("%v\n%s", err, &d.errs)
	}
	return d
}

func (d *demo) stop() int {
	d.t.Helper()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		d.t.Fatal(err)
	}
	return d.wait()
}

func (d *demo) wait() int {
	d.t.Helper()
	ended := make(chan struct{})
	go func() { d.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		d.t.Fatalf("the demo does not stop\n%s", &d.errs)
	}
	return d.cmd.ProcessState.ExitCode()
}

// get returns the body of a page.
func (d *demo) get(path string) string {
	d.t.Helper()
	response, err := http.Get(d.URL + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		d.t.Fatalf("%s: %d %s %v", path, response.StatusCode, body, err)
	}
	return string(body)
}

// order places the order that the demo proposes and returns its id.
func (d *demo) order() string {
	d.t.Helper()
	_, rest, _ := strings.Cut(d.PlaceOrder, "-d '")
	body, rest, _ := strings.Cut(rest, "' ")
	url, _, _ := strings.Cut(rest, ")")
	request, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Prefer", "wait=10")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	var order struct{ ID, Status string }
	if err := json.NewDecoder(response.Body).Decode(&order); err != nil || response.StatusCode != http.StatusCreated || order.Status != "CONFIRMED" {
		d.t.Fatalf("the order: %d %+v %v", response.StatusCode, order, err)
	}
	return order.ID
}

func TestDemo(t *testing.T) {
	data := filepath.Join(t.TempDir(), "shop")
	d := startDemo(t, data)
	id := d.order()
	if !strings.Contains(d.ShowSaga, d.URL+"/order/sagas/") || !strings.Contains(d.get("/order/sagas/"+id), `"name":"place-order"`) {
		t.Errorf("the saga of the order is not where %q looks", d.ShowSaga)
	}
	for page, part := range map[string]string{"/healthz/ready": "ready", "/status": `"service":"payment"`,
		"/order/metrics": `bailiwick_sagas{service="order",state="parked"} 0`, "/payment/metrics": "bailiwick_query_duration_seconds_bucket",
		"/order/openapi.json": `"openapi":"3.1`} {
		if body := d.get(page); !strings.Contains(body, part) {
			t.Errorf("%s lacks %q:\n%.2000s", page, part, body)
		}
	}

	// Beside the running owner.
	call(t, "saga", "show", id, "--data", data).expect(t, 0, "place-order", "authorise")
	call(t, "outbox", "status", "--data", data, "--service", "order").expect(t, 0, "order/outbox", "payment")
	call(t, "saga", "retry", id, "--data", data).expect(t, 1, "not parked") // the owner says so
	call(t, "demo", "--data", data, "--addr", "127.0.0.1:0").expect(t, 3, "locked", fmt.Sprint("process ", d.cmd.Process.Pid))
	if info, err := os.Stat(filepath.Join(data, "order.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("order.db: %v %v", info, err)
	}
	if info, running, err := sqlite.ReadLock(filepath.Join(data, "order.db")); err != nil || !running {
		t.Errorf("no owner runs: %v", err)
	} else if stat, err := os.Stat(info.Admin); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("the admin socket: %v %v", stat, err)
	}

	if code := d.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &d.errs)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "*")); len(left) != 7 {
		t.Errorf("of seven databases are left: %v", left)
	}
	var s sagaRow
	call(t, "saga", "show", id, "--data", data, "--json").expect(t, 0).into(t, &s)
	if s.State != "completed" {
		t.Errorf("stopped with a saga that is %s", s.State)
	}

	again := startDemo(t, data)
	if again.order() == id {
		t.Error("two orders have one id")
	}
	again.get("/order/orders/" + id)
	again.cmd.Process.Kill()
	again.wait()
	after := startDemo(t, data) // a killed owner's lock and socket are in nobody's way
	after.order()
	if code := after.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, &after.errs)
	}
}

// A database of another service is refused, and nothing is touched.
func TestDemoRefusesForeignFiles(t *testing.T) {
	data := t.TempDir()
	open(t, data, "orders").Close()
	if err := os.Rename(filepath.Join(data, "orders.db"), filepath.Join(data, "user.db")); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(data, "user.db"))
	call(t, "demo", "--data", data, "--addr", "127.0.0.1:0").expect(t, 3, "belongs to orders")
	if after, _ := os.ReadFile(filepath.Join(data, "user.db")); !bytes.Equal(before, after) {
		t.Error("the file was touched")
	}
}

func TestDemoSaysThatTheAddressIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	call(t, "demo", "--data", t.TempDir(), "--addr", taken.Addr().String()).expect(t, 1, "--addr")
}

// While a request is under way the first signal waits, the second does not.
func TestSecondInterruptStopsAtOnce(t *testing.T) {
	d := startDemo(t, t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The server asks for the body once the service reads it, and gets none.
	fmt.Fprintf(conn, "POST /order/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q %v", line, err)
	}
	begun := time.Now()
	d.cmd.Process.Signal(syscall.SIGTERM)
	for { // until the first one was heard
		response, err := http.Get(d.URL + "/healthz/ready")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode == http.StatusServiceUnavailable {
			break
		}
		time.Sleep(time.Millisecond)
	}
	d.cmd.Process.Signal(syscall.SIGTERM)
	if code := d.wait(); code != 130 || time.Since(begun) > 8*time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(begun))
	}
}

func TestReplay(t *testing.T) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "small.csv"), filepath.Join(dir, "data")
	csv := call(t, "demo", "--generate", "60", "--seed", "7").expect(t, 0, "InvoiceNo").out
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Exact bool
		File  struct{ Lines int }
		Run   struct{ Documents, Repeated int }
	}
	call(t, "demo", "--replay", file, "--data", data, "--json").expect(t, 0).into(t, &report)
	if !report.Exact || report.File.Lines == 0 || report.Run.Documents == 0 || report.Run.Repeated != 0 {
		t.Errorf("%+v", report)
	}
	call(t, "demo", "--replay", file, "--data", data).expect(t, 0, "exact") // it is all there already

	// One penny that nobody paid.
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(data, "payment.db"), sqlite.Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Do(ctx, func(tx *store.Tx) error {
		_, err := tx.SQL().Exec(`UPDATE ledger_entry SET amount = amount + 10 WHERE kind = 'capture' AND document = (SELECT max(document) FROM ledger_entry WHERE kind = 'capture')`)
		return err
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r := call(t, "demo", "--replay", file, "--data", data); r.code != 4 || !strings.Contains(r.err, "does not reconcile") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.err)
	}

	bad := filepath.Join(dir, "bad.csv")
	lines := strings.SplitAfter(csv, "\n")
	if err := os.WriteFile(bad, []byte(strings.Join(lines[:5], "")+"nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "demo", "--replay", bad, "--data", filepath.Join(dir, "other")); r.code != 1 || !strings.Contains(r.err, "line 6") {
		t.Errorf("a bad line: exit code %d\n%s", r.code, r.err)
	}
}
