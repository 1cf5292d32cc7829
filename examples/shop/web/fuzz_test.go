package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
)

// A wait is what was asked for, within its limits, or none.
func FuzzWait(f *testing.F) {
	for _, seed := range []string{"", "wait=10", "respond-async, wait=10", "WAIT = \"5\" ; x", "wait=-1", "wait=99999999999", "wait=2147483647", "wait", "wait=1.5", ",,;;==", "handling=lenient;wait=7, wait=8"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, prefer string) {
		if d := Wait(prefer); d < 0 || d > MaxWait {
			t.Fatalf("%q is a wait of %s", prefer, d)
		}
	})
}

// Whatever comes as an answer of 400 or above, it is a problem with a code.
func FuzzProblem(f *testing.F) {
	f.Add(409, []byte(`{"title":"Conflict","status":409,"detail":"sold out","code":"out-of-stock"}`))
	f.Add(502, []byte("<html>bad gateway</html>"))
	f.Add(422, []byte(`{"code":""}`))
	f.Add(500, []byte(`{"code":7}`))
	f.Add(400, []byte(nil))
	f.Add(400, []byte("null"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := readProblem(&http.Response{StatusCode: status, Status: http.StatusText(status), Body: io.NopCloser(bytes.NewReader(body))})
		var p *Problem
		if !errors.As(err, &p) || p.Code == "" {
			t.Fatalf("%d %q is %v", status, body, err)
		}
	})
}
