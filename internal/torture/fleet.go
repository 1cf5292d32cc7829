package torture

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
	"github.com/bailiwick/bailiwick/service/supervise"
)

// fleet is the processes of the bank and the links between them.
type fleet struct {
	opts     Options
	children []*child
	links    []*nemesis.Link
	leads    map[*nemesis.Link]string // the service that a link leads to
	outside  map[string]*nemesis.Link // what clients reach the services by
	turn     atomic.Uint64            // counts requests past all links
	client   *http.Client             // asks how they are
	log      *os.File
}

// newFleet makes the processes' descriptions and the links. The caller closes it.
func newFleet(opts Options) (_ *fleet, err error) {
	f := &fleet{opts: opts, leads: map[*nemesis.Link]string{}, outside: map[string]*nemesis.Link{},
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if f.log, err = os.OpenFile(filepath.Join(opts.Dir, "services.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return nil, broken("write the services' log", err)
	}
	for _, service := range bank.Services() {
		for n := range opts.Instances {
			if err := f.addChild(service, n); err != nil {
				return nil, err
			}
		}
		if f.outside[service], err = f.addLink("clients", service); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// addChild describes one process, with links of its own to those that it follows.
func (f *fleet) addChild(service string, n int) error {
	c := &child{name: service, service: service, moved: func() { f.lead(service) }}
	if f.opts.Instances > 1 {
		c.name = fmt.Sprintf("%s-%d", service, n+1)
	}
	peers := map[string]string{}
	for _, producer := range bank.Producers(service) {
		link, err := f.addLink(c.name, producer)
		if err != nil {
			return err
		}
		peers[producer] = link.URL()
	}
	c.start = func(life context.Context) *exec.Cmd { return f.opts.Command(life, service, peers) }
	f.children = append(f.children, c)
	return nil
}

func (f *fleet) addLink(from, to string) (*nemesis.Link, error) {
	link, err := nemesis.NewLink(from + ">" + to)
	if err == nil {
		f.links = append(f.links, link)
		f.leads[link] = to
	}
	return link, err
}

// lead has everything that leads to a service lead to where its instances are now.
func (f *fleet) lead(service string) {
	instances := f.instances(service)
	for link, to := range f.leads {
		if to == service {
			link.Lead(instances...)
		}
	}
}

// instances returns where those of a service are.
func (f *fleet) instances(service string) (urls []string) {
	for _, c := range f.children {
		if url, _ := c.where(); c.service == service && url != "" {
			urls = append(urls, url)
		}
	}
	return urls
}

// restarts is how long the processes stay dead: hardly, and not ever longer.
var restarts = [2]time.Duration{10 * time.Millisecond, 100 * time.Millisecond}

// run keeps the processes running until ctx ends.
func (f *fleet) run(ctx context.Context) error {
	var children []supervise.Child
	for _, c := range f.children {
		children = append(children, supervise.Child{Name: c.name, Announced: c.announced, Away: c.away, Command: func() *exec.Cmd {
			cmd := c.command()
			cmd.Stderr = f.log
			return cmd
		}})
	}
	return supervise.Run(ctx, supervise.Options{Logger: f.opts.Logger, First: restarts[0], Max: restarts[1]}, children...)
}

// bank returns a client; at says where it finds a service.
func (f *fleet) bank(at func(service string) string, timeout time.Duration) *bank.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	return &bank.Client{HTTP: &http.Client{Transport: transport, Timeout: timeout}, At: at}
}

// through is where clients reach a service.
func (f *fleet) through(service string) string { return f.outside[service].URL() }

// past is where an instance of a service is, past all links; "" while none is there.
func (f *fleet) past(service string) string {
	there := f.instances(service)
	if len(there) == 0 {
		return ""
	}
	return there[f.turn.Add(1)%uint64(len(there))]
}

// find returns the child, or the link, of a name that a plan chose.
func (f *fleet) find(name string) (*child, *nemesis.Link) {
	i := slices.IndexFunc(f.children, func(c *child) bool { return c.name == name })
	if i >= 0 {
		return f.children[i], nil
	}
	j := slices.IndexFunc(f.links, func(l *nemesis.Link) bool { return l.Name() == name })
	return nil, f.links[j]
}

// close ends the links. The processes have ended by then.
func (f *fleet) close() {
	for _, link := range f.links {
		link.Close()
	}
	if f.log != nil {
		_ = f.log.Close() // nothing depends on the last line
	}
}
