package prometheus

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// scrapeTimeout bounds how long a scrape may wait for the database.
const scrapeTimeout = 5 * time.Second

// Watch adds the state of the service's database, read at every scrape. A
// database that is watched twice has the code [bailiwick.Invalid].
func (m *Metrics) Watch(db *store.DB) error {
	return m.register("watch", newWatched(m.service, db))
}

// Count adds a gauge name{label} of what count returns, by label value; it is
// asked at every scrape. A name that is taken has the code [bailiwick.Invalid].
func (m *Metrics) Count(name, help, label string, count func(ctx context.Context) (map[string]int, error)) error {
	desc := prometheus.NewDesc(name, help, []string{label}, prometheus.Labels{"service": m.service})
	return m.register("count "+name, &counted{desc: desc, count: count})
}

func (m *Metrics) register(op string, c prometheus.Collector) error {
	if err := m.registry.Register(c); err != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "prometheus: " + op, Err: err}
	}
	return nil
}

// watched reads the state of a database.
type watched struct {
	db                                         *store.DB
	connections, limit, commits, members, size *prometheus.Desc
	syncs, head, low, epoch, staged            *prometheus.Desc
	lag, position, parked, failed              *prometheus.Desc

	mu                       sync.Mutex
	lastCommits, lastMembers int64
	failures                 float64
}

func newWatched(service string, db *store.DB) *watched {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("bailiwick_"+name, help, labels, prometheus.Labels{"service": service})
	}
	return &watched{
		db:          db,
		connections: desc("connections", "Connections by state, and callers waiting for one.", "state"),
		limit:       desc("connections_max", "The most connections that may be open; 0 without a limit."),
		commits:     desc("commits_total", "Durable commits."),
		members:     desc("transactions_total", "Transactions that shared the commits."),
		size:        desc("commit_group_size", "Transactions for each commit since the last scrape."),
		syncs:       desc("syncs_total", "File syncs, where the engine knows of them."),
		head:        desc("log_head", "The seq of the log's last message."),
		low:         desc("log_low", "The log's low-water mark: messages up to it may be trimmed."),
		epoch:       desc("log_epoch", "The log's incarnation."),
		staged:      desc("log_staged", "Committed messages that have no seq yet."),
		lag:         desc("log_lag", "Messages that a registered follower has yet to commit.", "follower", "state"),
		position:    desc("follower_position", "The seq up to which this service has applied a log.", "follower"),
		parked:      desc("parked_keys", "Keys that were set aside, by state: retry or parked.", "follower", "state"),
		failed:      desc("scrape_failures_total", "Scrapes that could not read the database."),
	}
}

// Describe sends the descriptions of the metrics.
func (w *watched) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{w.connections, w.limit, w.commits, w.members, w.size, w.syncs,
		w.head, w.low, w.epoch, w.staged, w.lag, w.position, w.parked, w.failed} {
		ch <- d
	}
}

// Collect reads the database and sends the metrics. A database that does not
// answer costs its log's metrics and counts as a failure; the others are sent.
func (w *watched) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.collectStats(ch)
	if err := w.collectLog(ctx, ch); err != nil {
		w.failures++
	}
	ch <- prometheus.MustNewConstMetric(w.failed, prometheus.CounterValue, w.failures)
}

func (w *watched) collectStats(ch chan<- prometheus.Metric) {
	s := w.db.Stats()
	gauge(ch, w.connections, s.Open, "open")
	gauge(ch, w.connections, s.Active, "active")
	gauge(ch, w.connections, s.Idle, "idle")
	gauge(ch, w.connections, s.Waiting, "waiting")
	gauge(ch, w.limit, s.Max)
	ch <- prometheus.MustNewConstMetric(w.commits, prometheus.CounterValue, float64(s.Commits))
	ch <- prometheus.MustNewConstMetric(w.members, prometheus.CounterValue, float64(s.Members))
	ch <- prometheus.MustNewConstMetric(w.syncs, prometheus.CounterValue, float64(s.Syncs))
	if commits := s.Commits - w.lastCommits; commits > 0 {
		gauge(ch, w.size, float64(s.Members-w.lastMembers)/float64(commits))
	}
	w.lastCommits, w.lastMembers = s.Commits, s.Members
}

func (w *watched) collectLog(ctx context.Context, ch chan<- prometheus.Metric) error {
	state, err := w.db.Log().State(ctx)
	if err != nil {
		return err
	}
	gauge(ch, w.head, state.Head)
	gauge(ch, w.low, state.Low)
	gauge(ch, w.epoch, state.Epoch)
	if w.db.Capabilities().Stamps {
		gauge(ch, w.staged, state.Staged)
	}
	readers, err := w.db.Log().Followers(ctx)
	if err != nil {
		return err
	}
	for _, r := range readers {
		gauge(ch, w.lag, max(state.Head-r.Position.Seq, 0), r.Name, r.State)
	}
	follows, err := follow.Status(ctx, w.db)
	if err != nil {
		return err
	}
	for _, f := range follows {
		gauge(ch, w.position, f.Position.Seq, f.Name)
		gauge(ch, w.parked, f.Retrying, f.Name, follow.StateRetry)
		gauge(ch, w.parked, f.Parked, f.Name, follow.StateParked)
	}
	return nil
}

func gauge[N int | int64 | float64](ch chan<- prometheus.Metric, d *prometheus.Desc, value N, labels ...string) {
	ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
}

// counted asks a function.
type counted struct {
	desc  *prometheus.Desc
	count func(ctx context.Context) (map[string]int, error)
}

// Describe sends the description of the metric.
func (c *counted) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect sends what the function counts, or its error, which fails the scrape.
func (c *counted) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	values, err := c.count(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.desc, err)
		return
	}
	for value, n := range values {
		gauge(ch, c.desc, n, value)
	}
}
