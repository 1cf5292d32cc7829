package nemesis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// far is what a link leads to: it remembers what arrived, and answers with its count.
type far struct {
	mu      sync.Mutex
	arrived []string
	news    chan string
}

func (f *far) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.arrived = append(f.arrived, r.Method+" "+r.URL.RequestURI()+" "+string(body))
	n := len(f.arrived)
	f.mu.Unlock()
	fmt.Fprintf(w, "answer %d%s", n, strings.Repeat(".", 2000))
	select {
	case f.news <- string(body):
	default:
	}
}

func (f *far) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.arrived)
}

// pair is a link and what it leads to.
func pair(t *testing.T) (*nemesis.Link, *far) {
	t.Helper()
	f := &far{news: make(chan string, 100)}
	server := httptest.NewServer(f)
	link, err := nemesis.NewLink("near>far")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		link.Close()
		server.Close()
	})
	link.Lead(server.URL)
	return link, f
}

// send posts a word and returns what came back. Connections are not kept, so that
// each request is on its own.
func send(ctx context.Context, link *nemesis.Link, word string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, link.URL()+"/words?a=b", strings.NewReader(word))
	if err != nil {
		return "", err
	}
	return ask(req)
}

func ask(req *http.Request) (string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s", resp.StatusCode, strings.TrimRight(string(text), ".")), err
}

// befall begins a trouble, which the returned function ends.
func befall(t *testing.T, link *nemesis.Link, k nemesis.Kind) (mend func()) {
	t.Helper()
	fault := link.Trouble(k)
	if err := fault.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := fault.Undo(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// tries sends words until one of them ends as wanted, and fails where none of 12 does.
func tries(t *testing.T, link *nemesis.Link, wanted func(answer string, err error) bool) {
	t.Helper()
	var seen []string
	for n := range 12 {
		answer, err := send(t.Context(), link, fmt.Sprint(n))
		if wanted(answer, err) {
			return
		}
		seen = append(seen, fmt.Sprintf("%s %v", answer, err))
	}
	t.Fatalf("the trouble did not show:\n%s", strings.Join(seen, "\n"))
}

// wellOn fails unless the link passes on what it should.
func wellOn(t *testing.T, link *nemesis.Link, f *far) {
	t.Helper()
	for range 12 {
		before := f.count()
		if answer, err := send(t.Context(), link, "well"); err != nil || answer != fmt.Sprintf("200 answer %d", before+1) {
			t.Fatalf("%q after %d: %v", answer, before, err)
		}
	}
}

func TestALinkWithoutTroublePassesEverythingOn(t *testing.T) {
	link, f := pair(t)
	wellOn(t, link, f)
	if f.arrived[0] != "POST /words?a=b well" {
		t.Error(f.arrived[0])
	}
	link.Lead()
	if answer, err := send(t.Context(), link, "a"); err != nil || !strings.HasPrefix(answer, "502 ") {
		t.Errorf("%q: %v", answer, err)
	}
}

func TestCutRequestsArriveWhenTheLinkIsWhole(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.CutRequests)
	end := make(chan error, 1)
	go func() {
		_, err := send(t.Context(), link, "later")
		end <- err
	}()
	select {
	case word := <-f.news:
		t.Fatalf("%q passed a cut", word)
	case err := <-end:
		t.Fatalf("answered through a cut: %v", err)
	case <-time.After(50 * time.Millisecond): // nothing to wait for: it must not happen
	}
	mend()
	if err := <-end; err != nil || f.count() != 1 {
		t.Errorf("%d: %v", f.count(), err)
	}
	wellOn(t, link, f)
}

func TestCutAnswersAreOfRequestsThatArrived(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.CutAnswers)
	ctx, giveUp := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() {
		_, err := send(ctx, link, "word")
		end <- err
	}()
	if word := <-f.news; word != "word" {
		t.Error(word)
	}
	select {
	case err := <-end:
		t.Fatalf("answered through a cut: %v", err)
	case <-time.After(50 * time.Millisecond): // nothing to wait for: it must not happen
	}
	giveUp()
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	mend()
	wellOn(t, link, f)
}

func TestADelayedAnswerComes(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.Delay)
	begun := time.Now()
	if _, err := send(t.Context(), link, "a"); err != nil || time.Since(begun) < 40*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
	mend()
	wellOn(t, link, f)
}

func TestAHalfClosedAnswerEndsInTheMiddle(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.HalfClose)
	tries(t, link, func(_ string, err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) })
	mend()
	wellOn(t, link, f)
}

func TestAResetEndsWhatIsOpen(t *testing.T) {
	link, f := pair(t)
	idle, err := net.Dial("tcp", strings.TrimPrefix(link.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	wellOn(t, link, f) // the link has accepted what came before
	mend := befall(t, link, nemesis.Reset)
	if _, err := idle.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("an open connection saw %v", err)
	}
	tries(t, link, func(_ string, err error) bool { return errors.Is(err, syscall.ECONNRESET) })
	mend()
	wellOn(t, link, f)
}

func TestLostAnswersAreOfRequestsThatArrived(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.Lose)
	tries(t, link, func(_ string, err error) bool { return errors.Is(err, io.EOF) })
	if n := f.count(); n == 0 || !strings.HasPrefix(f.arrived[n-1], "POST") {
		t.Errorf("%q", f.arrived)
	}
	mend()
	wellOn(t, link, f)
}

// The sender of a late request knows that it is lost; mending waits for its arrival.
func TestALateRequestArrivesAfterAll(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.Late)
	sent, arrived := 0, 0
	tries(t, link, func(_ string, err error) bool {
		sent, arrived = sent+1, f.count()
		return errors.Is(err, io.EOF)
	})
	if arrived != sent-1 {
		t.Errorf("%d of %d were there before the sender gave up", arrived, sent)
	}
	mend()
	if f.count() != sent {
		t.Errorf("%d of %d arrived", f.count(), sent)
	}
	wellOn(t, link, f)
}

func TestARepeatedRequestIsAnsweredTheSecondTime(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.Repeat)
	before := 0
	tries(t, link, func(answer string, err error) bool {
		twice := err == nil && f.count() == before+2 && answer == fmt.Sprintf("200 answer %d", before+2)
		before = f.count()
		return twice
	})
	if n := f.count(); f.arrived[n-1] != f.arrived[n-2] {
		t.Errorf("%q and %q", f.arrived[n-2], f.arrived[n-1])
	}
	mend()
	wellOn(t, link, f)
}

func TestAFeedIsAnsweredAsItWasBefore(t *testing.T) {
	link, f := pair(t)
	mend := befall(t, link, nemesis.Stale)
	read := func() string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link.URL()+"/wallet/feed?after=7", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := ask(req)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	seen, again := map[string]bool{}, 0
	for range 12 {
		answer := read()
		if seen[answer] {
			again++
		}
		seen[answer] = true
	}
	if again == 0 {
		t.Errorf("no answer came again in %v", seen)
	}
	wellOn(t, link, f) // nothing else is touched
	mend()
	fresh := func(what string) {
		for range 4 {
			if answer := read(); seen[answer] {
				t.Errorf("%q came again after %s", answer, what)
			}
		}
	}
	fresh("all was mended")
	defer befall(t, link, nemesis.Stale)()
	fresh("another trouble began")
}

// Closing a link ends what it holds back, and leaves nobody waiting.
func TestALinkCanBeClosedInTheMiddleOfTrouble(t *testing.T) {
	link, _ := pair(t)
	befall(t, link, nemesis.CutRequests)
	befall(t, link, nemesis.Late)
	end := make(chan error, 1)
	go func() {
		_, err := send(t.Context(), link, "a")
		end <- err
	}()
	select {
	case err := <-end:
		t.Fatal(err)
	case <-time.After(20 * time.Millisecond): // nothing to wait for: it must not happen
	}
	link.Close()
	if err := <-end; err == nil {
		t.Error("answered through a cut")
	}
}
