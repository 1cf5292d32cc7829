package nemesis

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// doorway hands out connections on which a link's troubles show.
type doorway struct {
	net.Listener
	link *Link
}

func (d doorway) Accept() (net.Conn, error) {
	plain, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{TCPConn: plain.(*net.TCPConn), link: d.link, over: make(chan struct{})}
	d.link.mu.Lock()
	d.link.conns[c] = true
	d.link.mu.Unlock()
	return c, nil
}

// conn is the near end of a connection: what it reads was sent, what it writes is the
// answer.
type conn struct {
	*net.TCPConn
	link  *Link
	ended sync.Once
	over  chan struct{} // closed with the connection
	wrote atomic.Uint64
}

// Read passes on what was sent. While requests are cut it is held back, as a network
// does that sends again what it could not deliver.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 {
		c.held(CutRequests)
	}
	return n, err
}

// Write passes an answer on, or what the link's troubles leave of it.
func (c *conn) Write(p []byte) (int, error) {
	c.held(CutAnswers)
	n := c.wrote.Add(1) + c.link.turn.Load()
	if is, _ := c.link.in(Delay); is {
		c.pause(time.Duration(n%7+1) * 45 * time.Millisecond)
	}
	switch {
	case c.link.strikes(Reset, n, 4):
		return c.torn(p, c.reset)
	case c.link.strikes(HalfClose, n, 3):
		return c.torn(p, func() { _ = c.CloseWrite() }) // it may be closed already
	}
	return c.TCPConn.Write(p)
}

// torn passes half of an answer on before it ends the connection.
func (c *conn) torn(p []byte, end func()) (int, error) {
	n, err := c.TCPConn.Write(p[:len(p)/2])
	end()
	if err == nil {
		err = net.ErrClosed
	}
	return n, err
}

// held returns when the trouble has passed, or the connection is over.
func (c *conn) held(k Kind) {
	for {
		is, change := c.link.in(k)
		if !is {
			return
		}
		select {
		case <-change:
		case <-c.over:
			return
		}
	}
}

// pause waits, or until the connection is over.
func (c *conn) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.over:
	}
}

// reset ends the connection with a reset instead of a proper end.
func (c *conn) reset() {
	_ = c.SetLinger(0) // it may be closed already
	_ = c.Close()
}

func (c *conn) Close() error {
	c.ended.Do(func() {
		close(c.over)
		c.link.mu.Lock()
		delete(c.link.conns, c)
		c.link.mu.Unlock()
	})
	return c.TCPConn.Close()
}
