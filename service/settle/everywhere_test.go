package settle_test

import (
	"context"
	"errors"
	"testing"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// at is the status of a service whose log reaches to head.
func at(head int64) admin.Status {
	return admin.Status{Service: "order", Log: outbox.LogStatus{LogState: store.LogState{Head: head}}}
}

// Rest is two looks in a row that saw nothing under way and the same heads: each of
// these unquiet looks begins the count anew.
func TestEverywhereBelievesTwoLooksOnly(t *testing.T) {
	staged, lagging, retrying, running := at(1), at(1), at(1), at(1)
	staged.Log.Staged = 1
	lagging.Log.Followers = []outbox.Follower{{RegisteredFollower: store.RegisteredFollower{Name: "payment", State: store.FollowerRequired}, Lag: 1}}
	retrying.Follows = []follow.FollowerStatus{{Name: "user/outbox", Retrying: 1}}
	running.Sagas = map[string]int{saga.Running: 1}
	besides := at(4)
	besides.Log.Followers = []outbox.Follower{{RegisteredFollower: store.RegisteredFollower{Name: "search", State: store.FollowerBestEffort}, Lag: 9}}

	looks := []admin.Status{at(1), staged, at(1), lagging, at(1), retrying, at(1), running, at(1), at(2), at(3), besides, besides}
	n := 0
	err := settle.Everywhere(t.Context(), func(context.Context) ([]admin.Status, error) {
		n++
		if n == 1 {
			return nil, errors.New("a process is away")
		}
		return looks[n-2 : n-1], nil
	})
	if err != nil || n != len(looks)+1 {
		t.Errorf("at rest after %d looks of %d: %v", n, len(looks)+1, err)
	}
}
