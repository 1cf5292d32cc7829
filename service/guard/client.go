package guard

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/bailiwick/bailiwick"
)

var errNoCertificate = errors.New("it holds no certificate in PEM")

// Client returns a client that trusts the certificates signed by those in a file,
// in PEM, and no others; "" means those that the system trusts. It speaks TLS 1.2
// at least.
func Client(caFile string) (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		text, err := os.ReadFile(caFile)
		config.RootCAs = x509.NewCertPool()
		if err == nil && !config.RootCAs.AppendCertsFromPEM(text) {
			err = errNoCertificate
		}
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "guard: read the certificates to trust, " + caFile, Err: err}
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.MaxIdleConnsPerHost = config, 8
	return &http.Client{Transport: transport}, nil
}

// ReadToken reads the token that a client sends: the one line of a file.
func ReadToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	token := strings.TrimSpace(string(text))
	if err == nil && (token == "" || strings.ContainsAny(token, " \t\r\n")) {
		err = errors.New("it is not one line with one token")
	}
	if err != nil {
		return "", &bailiwick.Error{Code: bailiwick.Invalid, Op: "guard: read the token, " + file, Err: err}
	}
	return token, nil
}
