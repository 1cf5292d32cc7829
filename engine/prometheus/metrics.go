package prometheus

import (
	"database/sql"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bailiwick/bailiwick/store"
)

// Metrics are those of one service. It is the [store.Observer] of the service's
// database.
type Metrics struct {
	service  string
	registry *prometheus.Registry
	queries  *prometheus.HistogramVec
	series   sync.Map // label values → prometheus.Observer
	count    atomic.Int64
}

// durations are the upper bounds of the histogram, in seconds: an embedded
// database answers within microseconds, a lost one after many seconds.
var durations = []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}

// New returns the metrics of a service, with a registry of their own.
func New(service string) *Metrics {
	m := &Metrics{
		service:  service,
		registry: prometheus.NewRegistry(),
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bailiwick_query_duration_seconds", Help: "How long statements on the service's own tables took.",
			Buckets: durations, ConstLabels: prometheus.Labels{"service": service},
		}, []string{"operation", "table", "status"}),
	}
	m.registry.MustRegister(m.queries) // cannot fail: the registry is new
	return m
}

// Registry is where the metrics stand, for a program that adds its own.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

// Handler serves the metrics to Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// labels are the values of one series of the histogram.
type labels struct{ operation, table, status string }

// maxSeries bounds the histogram's series: a program that makes up names of tables
// must not fill the memory, here or in Prometheus. Later tables become "other".
const maxSeries = 500

// ObserveQuery adds one statement to the histogram.
func (m *Metrics) ObserveQuery(e store.QueryEvent) {
	status := "ok"
	if e.Err != nil && !errors.Is(e.Err, sql.ErrNoRows) {
		status = "error"
	}
	m.observer(labels{e.Operation, e.Table, status}).Observe(e.Duration.Seconds())
}

// observer finds a series without building label maps: it is asked for every
// statement.
func (m *Metrics) observer(l labels) prometheus.Observer {
	if o, ok := m.series.Load(l); ok {
		return o.(prometheus.Observer)
	}
	if m.count.Load() >= maxSeries {
		l.table = "other"
	}
	o := m.queries.WithLabelValues(l.operation, l.table, l.status)
	if _, found := m.series.LoadOrStore(l, o); !found {
		m.count.Add(1)
	}
	return o
}
