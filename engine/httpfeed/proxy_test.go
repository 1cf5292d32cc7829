package httpfeed_test

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy is a network between a feed and its reader, which misbehaves as it is told.
type proxy struct {
	listener net.Listener
	target   atomic.Pointer[string] // where the server is now; "" if it is away
	behave   func(connection int) behaviour
	wg       sync.WaitGroup
	mu       sync.Mutex
	open     map[net.Conn]bool
	closed   bool
}

// behaviour is what happens to one connection's answers.
type behaviour struct {
	after int           // this many bytes; what happens then:
	cut   bool          // the connection is closed
	stall bool          // nothing comes any more, but it stays open
	each  time.Duration // the pause after each piece of 4 KiB
}

func newProxy(t testing.TB, target string, behave func(int) behaviour) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, behave: behave, open: map[net.Conn]bool{}}
	p.target.Store(&target)
	p.wg.Add(1)
	go p.accept()
	t.Cleanup(p.close)
	return p
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() + "/order/feed" }

func (p *proxy) close() {
	p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *proxy) accept() {
	defer p.wg.Done()
	for n := 0; ; n++ {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", *p.target.Load())
		if err != nil {
			client.Close()
			continue
		}
		p.keep(client)
		p.keep(server)
		b := behaviour{after: 1 << 60}
		if p.behave != nil {
			b = p.behave(n)
		}
		p.wg.Add(2)
		go func() {
			defer p.wg.Done()
			_, _ = io.Copy(server, client)
			server.Close()
		}()
		go func() {
			defer p.wg.Done()
			p.answer(client, server, b)
		}()
	}
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
	if p.closed {
		c.Close()
	}
}

func (p *proxy) answer(client, server net.Conn, b behaviour) {
	piece := make([]byte, 4096)
	for {
		n, err := server.Read(piece)
		if n > b.after {
			n = b.after
		}
		b.after -= n
		if _, failed := client.Write(piece[:n]); failed != nil || err != nil || b.after == 0 && b.cut {
			break
		}
		if b.after == 0 && b.stall {
			_, _ = io.Copy(io.Discard, server) // until the reader gives up
			break
		}
		time.Sleep(b.each)
	}
	server.Close()
	client.Close()
}

// bad is a network of which half the connections fail somewhere in their answers.
func bad(seed uint64) func(int) behaviour {
	random := rand.New(rand.NewPCG(seed, 1))
	return func(n int) behaviour {
		after := 1 + random.IntN(60_000)
		switch n % 4 {
		case 0:
			return behaviour{after: after, cut: true}
		case 1:
			return behaviour{after: after, stall: true}
		case 2:
			return behaviour{after: 1 << 60, each: time.Millisecond}
		}
		return behaviour{after: 1 << 60}
	}
}
