package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/service/admin"
)

// glance is how long a process may take to say how it is.
const glance = 2 * time.Second

// ready returns nil if every process takes requests, and else which does not.
func (f *fleet) ready(ctx context.Context) error {
	for _, c := range f.children {
		url, _ := c.where()
		if err := f.serves(ctx, c.service, url); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// serves returns nil if the process at an address takes requests.
func (f *fleet) serves(ctx context.Context, service, url string) error {
	return f.ask(ctx, url, service, "/healthz/ready", nil)
}

// status returns what each service says of its logs and sagas.
func (f *fleet) status(ctx context.Context) ([]admin.Status, error) {
	list := make([]admin.Status, len(bank.Services()))
	for i, service := range bank.Services() {
		if err := f.ask(ctx, f.past(service), service, "/status", &list[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", service, err)
		}
	}
	return list, nil
}

// errAway says that a service is nowhere.
var errAway = errors.New("it is away")

// ask reads a page of a service at an address.
func (f *fleet) ask(ctx context.Context, url, service, page string, out any) error {
	if url == "" {
		return errAway
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/"+service+page, nil)
	if err != nil {
		return err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
