// Command feed measures a log that is followed over HTTP on the loopback, between two
// processes: how many messages a second a reader catches up with, from the table and
// from memory, and how long a message takes from its transaction's begin to a reader
// when a steady stream of them is published.
//
//	go run ./feed --messages 200000 --rate 1000 --seconds 10
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
)

func main() {
	messages := flag.Int("messages", 200_000, "how many messages to catch up with")
	rate := flag.Int("rate", 1000, "messages a second of the steady stream")
	seconds := flag.Int("seconds", 10, "how long the stream lasts")
	runs := flag.Int("runs", 3, "how often to catch up")
	dir := flag.String("dir", "", "directory of the database; default a temporary one")
	producing := flag.Bool("produce", false, "be the producer: the program starts itself so")
	flag.Parse()
	var err error
	if *producing {
		err = produce(*dir, *messages)
	} else {
		err = measure(*dir, *messages, *rate, *seconds, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "feed:", err)
		os.Exit(1)
	}
}

// producer is the other process.
type producer struct {
	url  string
	in   io.WriteCloser
	out  *bufio.Reader
	wait func() error
}

func start(dir string, messages int) (*producer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "--produce", "--dir", dir, "--messages", strconv.Itoa(messages))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &producer{in: in, out: bufio.NewReader(out), wait: cmd.Wait}
	p.url, err = p.out.ReadString('\n')
	p.url = strings.TrimSpace(p.url)
	return p, err
}

func measure(dir string, messages, rate, seconds, runs int) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "bailiwick-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	p, err := start(filepath.Clean(dir), messages)
	if err != nil {
		return err
	}
	ctx := context.Background()
	for _, how := range []struct {
		name  string
		types []string
		least int64
	}{{"from the table, all types", nil, 0}, {"from the table, one type in four", []string{"order.type0"}, 0}, {"from memory", nil, int64(messages - inMemory)}} {
		for range runs {
			read, took, err := catchUp(ctx, p.url, how.types, how.least, int64(messages))
			if err != nil {
				return err
			}
			fmt.Printf("catch-up %-34s %7d messages in %6.3f s  %8.0f messages/s\n", how.name, read, took.Seconds(), float64(read)/took.Seconds())
		}
	}
	if err := stream(ctx, p, int64(messages), rate, seconds); err != nil {
		return err
	}
	if err := p.in.Close(); err != nil {
		return err
	}
	return p.wait()
}

// catchUp reads from a place to the end, as a follower of its own would.
func catchUp(ctx context.Context, url string, types []string, from, to int64) (read int64, took time.Duration, err error) {
	feed, err := httpfeed.New(httpfeed.Options{URL: url, Log: "order/outbox", Types: types})
	if err != nil {
		return 0, 0, err
	}
	defer feed.Close()
	begun := time.Now()
	for at := (bailiwick.Position{Epoch: 1, Seq: from}); at.Seq < to; {
		batch, err := feed.Read(ctx, at, 1000)
		if err != nil {
			return 0, 0, err
		}
		at = batch.Through
	}
	return to - from, time.Since(begun), nil
}

// stream has the producer publish steadily, and takes the time of every message.
func stream(ctx context.Context, p *producer, from int64, rate, seconds int) error {
	feed, err := httpfeed.New(httpfeed.Options{URL: p.url, Log: "order/outbox", Follower: "bench"})
	if err != nil {
		return err
	}
	defer feed.Close()
	if _, err := fmt.Fprintln(p.in, rate, seconds); err != nil {
		return err
	}
	arrived := make([]time.Time, rate*seconds)
	at := bailiwick.Position{Epoch: 1, Seq: from}
	for to := from + int64(rate*seconds); at.Seq < to; {
		if err := feed.Wait(ctx, at); err != nil {
			return err
		}
		batch, err := feed.Read(ctx, at, 256)
		if err != nil {
			return err
		}
		now := time.Now()
		for _, m := range batch.Messages {
			i, err := strconv.Atoi(string(m.Data))
			if err != nil {
				return err
			}
			arrived[i] = now
		}
		at = batch.Through
		feed.Ack(at)
	}
	var commits, feeds, all []time.Duration
	for _, now := range arrived {
		var begun, committed int64
		if _, err := fmt.Fscan(p.out, &begun, &committed); err != nil {
			return err
		}
		commits = append(commits, time.Duration(committed-begun))
		feeds = append(feeds, max(0, time.Duration(now.UnixNano()-committed))) // a reader may have it before the writer knows
		all = append(all, time.Duration(now.UnixNano()-begun))
	}
	fmt.Printf("stream of %d/s for %d s\n", rate, seconds)
	for _, part := range []struct {
		name string
		took []time.Duration
	}{{"transaction", commits}, {"commit to reader", feeds}, {"both", all}} {
		slices.Sort(part.took)
		fmt.Printf("  %-17s p50 %-9s p99 %-9s max %s\n", part.name, percentile(part.took, 50), percentile(part.took, 99), percentile(part.took, 100))
	}
	return nil
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)].Round(10 * time.Microsecond)
}
