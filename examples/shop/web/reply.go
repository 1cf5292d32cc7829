package web

// Reply is an answer with a body and status 200.
type Reply[T any] struct{ Body T }

// Answer makes the reply to a request from what the domain returned: the body, or
// the problem that err is.
func Answer[T any](body T, err error) (*Reply[T], error) {
	if err != nil {
		return nil, Fail(err)
	}
	return &Reply[T]{body}, nil
}
