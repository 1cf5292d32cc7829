package upgrade_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// patience is how long something may take that has to happen.
const patience = time.Minute

// process is a process that runs one program.
type process struct {
	web.Client // of its service
	program    string
	service    string
	url        string // where it listens
	command    *exec.Cmd
	said       *transcript
	ended      chan struct{} // closed once it has
}

// launch starts a process on a database, "sqlite:PATH" or "postgres://…". peers is
// the address at which it finds the services that it follows.
func launch(t testing.TB, program, database, peers string) *process {
	t.Helper()
	p := &process{program: program, service: programNamed(program).service, command: exec.Command(os.Args[0]), said: &transcript{url: make(chan string, 1)}, ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), programVariable+"="+program, databaseVariable+"="+database, peersVariable+"="+peers)
	p.command.Stderr = p.said
	_, err := p.command.StdinPipe() // its lifeline, which the command holds
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // how it ended is in its state
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // it has commonly ended
		<-p.ended
	})
	return p
}

// ready waits until the process takes requests.
func (p *process) ready(t testing.TB) {
	t.Helper()
	select {
	case p.url = <-p.said.url:
	case <-p.ended:
	case <-time.After(patience):
	}
	p.Base = p.url + "/" + p.service
	p.until(t, "takes requests", func() bool {
		return p.url != "" && p.Do(t.Context(), http.MethodGet, "/healthz/ready", nil, nil, nil) == nil
	})
}

// until waits for something that this process is to bring about.
func (p *process) until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !is(); {
		select {
		case <-p.ended:
			t.Fatalf("the process of %s ended before it %s: %v\n%s", p.program, what, p.command.ProcessState, p.said)
		case <-time.After(5 * time.Millisecond): // nothing announces it
		}
		if time.Now().After(limit) {
			t.Fatalf("it does not come about that the process of %s %s\n%s", p.program, what, p.said)
		}
	}
}

// applied returns how many messages this process has applied.
func (p *process) applied(t testing.TB) (n int64) {
	t.Helper()
	if err := p.Do(t.Context(), http.MethodGet, "/applied", nil, nil, &n); err != nil {
		t.Fatalf("%s: %v\n%s", p.program, err, p.said)
	}
	return n
}

// notices is the client of a process of the notification service.
func (p *process) notices() *notificationapi.Client { return &notificationapi.Client{Client: p.Client} }

// stop asks the process to end, as whoever rolls out a release does, and waits
// until it has drained and ended.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop %s: %v\n%s", p.program, err, p.said)
	}
	p.end(t)
	if code := p.command.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the process of %s ended with %v\n%s", p.program, p.command.ProcessState, p.said)
	}
}

// kill ends the process where it stands.
func (p *process) kill(t testing.TB) {
	t.Helper()
	if err := p.command.Process.Kill(); err != nil {
		t.Errorf("kill %s: %v\n%s", p.program, err, p.said)
	}
	p.end(t)
}

func (p *process) end(t testing.TB) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("the process of %s does not end\n%s", p.program, p.said)
	}
}

// outcome runs a process that ends by itself and returns the code of the error that
// it ended with, "" if it did its work.
func outcome(t testing.TB, program, database string) bailiwick.Code {
	t.Helper()
	p := launch(t, program, database, "http://127.0.0.1:1") // it gets as far as its database
	select {
	case <-p.said.url:
		p.kill(t)
		t.Errorf("the process of %s went to work", program)
		return ""
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("the process of %s does not end\n%s", program, p.said)
	}
	code := p.said.code()
	if code == "" && !p.command.ProcessState.Success() {
		t.Errorf("the process of %s ended with %v\n%s", program, p.command.ProcessState, p.said)
	}
	return code
}

// transcript is what a process logs, as lines of JSON.
type transcript struct {
	url chan string // receives where it listens

	mu    sync.Mutex
	text  bytes.Buffer
	rest  []byte // of a line that has not ended
	ended bailiwick.Code
}

func (s *transcript) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(text)
	s.rest = append(s.rest, text...)
	for {
		line, rest, whole := bytes.Cut(s.rest, []byte("\n"))
		if !whole {
			return len(text), nil
		}
		var entry struct {
			Msg, URL string
			Code     bailiwick.Code
		}
		if err := json.Unmarshal(line, &entry); err == nil {
			switch entry.Msg {
			case "listening":
				s.url <- entry.URL
			case lastWords:
				s.ended = entry.Code
			}
		}
		s.rest = rest
	}
}

func (s *transcript) code() bailiwick.Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := strings.Split(s.text.String(), "\n")
	if over := len(lines) - 60; over > 0 {
		lines = append([]string{fmt.Sprintf("(%d lines before)", over)}, lines[over:]...)
	}
	return strings.Join(lines, "\n")
}
