package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/service/front"
	"github.com/bailiwick/bailiwick/service/supervise"
)

// pairs is every service twice.
type pairs struct {
	t      *testing.T
	urls   map[string]string // of databases
	front  *front.Front
	inside *httptest.Server

	mu     sync.Mutex
	at     map[string][2]announced // where the instances are
	said   []string
	took   []takeover
	killed map[string]time.Time
	kills  []victim
	wrote  map[string][2]int // by service, what each instance had done before the first kill
}

// announced is what an instance says when it listens; zero while it is away.
type announced struct {
	URL string
	PID int
}

// takeover is that an instance took a lane over.
type takeover struct {
	service string
	when    time.Time
}

func newPairs(t *testing.T, urls map[string]string) *pairs {
	p := &pairs{t: t, urls: urls, at: map[string][2]announced{}, killed: map[string]time.Time{},
		front: front.New(front.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, shop.Names()...)}
	p.inside = httptest.NewServer(p.front.Inside())
	t.Cleanup(func() { p.inside.CloseClientConnections(); p.inside.Close(); p.front.Close() })
	return p
}

func (p *pairs) children() (list []supervise.Child) {
	for _, name := range shop.Names() {
		for i := range 2 {
			list = append(list, supervise.Child{
				Name: fmt.Sprint(name, "/", i),
				Command: func() *exec.Cmd {
					cmd := exec.Command(binary, "run", name, "--db", p.urls[name], "--connections", "6", "--addr", "127.0.0.1:0",
						"--peers", p.inside.URL, "--drain", "1s", "--lifeline", "--json")
					cmd.Stderr = &instanceLog{pairs: p, name: name}
					return cmd
				},
				Announced: func(line string) {
					var a announced
					if err := json.Unmarshal([]byte(line), &a); err != nil {
						p.t.Errorf("%s: %v in %q", name, err, line)
					}
					p.set(name, i, a)
				},
				Away: func() { p.set(name, i, announced{}) },
			})
		}
	}
	return list
}

func (p *pairs) set(name string, i int, a announced) {
	p.mu.Lock()
	defer p.mu.Unlock()
	both := p.at[name]
	both[i] = a
	p.at[name] = both
	var bases []string
	for _, one := range both {
		if one.URL != "" {
			bases = append(bases, one.URL)
		}
	}
	if err := p.front.Set(name, bases...); err != nil {
		p.t.Error(err)
	}
}

// complete says whether all fourteen listen.
func (p *pairs) complete() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range shop.Names() {
		if both := p.at[name]; both[0].PID == 0 || both[1].PID == 0 {
			return false
		}
	}
	return true
}

// Write hears of the replay's progress and kills whose turn it is.
func (p *pairs) Write(text []byte) (int, error) {
	words := strings.Fields(string(text))
	if len(words) < 2 {
		return len(text), nil
	}
	line, err := strconv.Atoi(words[1])
	if err != nil {
		return len(text), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrote == nil && line >= p.kills[0].at {
		p.sample()
	}
	p.kills = slices.DeleteFunc(p.kills, func(v victim) bool {
		one := p.at[v.name][v.at%2]
		if v.at > line || one.PID == 0 {
			return false
		}
		process, err := os.FindProcess(one.PID)
		if err = errors.Join(err, process.Kill()); err != nil {
			p.t.Errorf("kill %s: %v", v.name, err)
		}
		p.killed[v.name] = time.Now()
		return true
	})
	return len(text), nil
}

func (p *pairs) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.said[max(0, len(p.said)-60):], "")
}

// instanceLog is what an instance logs.
type instanceLog struct {
	*pairs
	name string
}

func (l *instanceLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, string(text))
	if strings.Contains(string(text), "took a lane over") {
		l.took = append(l.took, takeover{l.name, time.Now()})
	}
	return len(text), nil
}
