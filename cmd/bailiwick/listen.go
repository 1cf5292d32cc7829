package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/guard"
)

// listenFlags say where a command listens and how that is guarded.
type listenFlags struct {
	addr, tokens, cert, key string
	plain                   bool
}

// register adds the flags to a command.
func (f *listenFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.addr, "addr", defaultAddr, "where to listen; port 0 picks a free one and says which")
	flags.StringVar(&f.tokens, "token-file", "", "who may read feeds, status, metrics and sagas; without it only this machine may")
	flags.StringVar(&f.cert, "tls-cert", "", "serve HTTPS with this certificate chain (PEM)")
	flags.StringVar(&f.key, "tls-key", "", "the certificate's key (PEM)")
	flags.BoolVar(&f.plain, "plain-http", false, "allow other machines to connect without TLS: behind a proxy, or where the network is trusted")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	_ = cmd.MarkFlagFilename("token-file") // these fail only for flags that do not exist
	_ = cmd.MarkFlagFilename("tls-cert", "pem", "crt")
	_ = cmd.MarkFlagFilename("tls-key", "pem", "key")
}

// listen reads the files that the flags name and listens as they say. Where that
// fails, it tells what to do in their words.
func (f *listenFlags) listen(ctx context.Context) (*guard.Guard, net.Listener, error) {
	g, err := guard.New(guard.Options{CertFile: f.cert, KeyFile: f.key, Plain: f.plain, TokenFile: f.tokens})
	if err != nil {
		return nil, nil, err
	}
	listener, err := g.Listen(ctx, f.addr)
	var refused *bailiwick.Error
	if errors.As(err, &refused) {
		do := "name another address with --addr, or port 0 for a free one"
		if refused.Code == bailiwick.Invalid {
			do = "listen at 127.0.0.1, give --tls-cert and --tls-key, or --plain-http where the network is trusted"
		}
		err = &bailiwick.Error{Code: refused.Code, Op: "listen", Err: refused.Err, Do: do}
	}
	return g, listener, err
}

// dialFlags say how a command reads from services elsewhere.
type dialFlags struct {
	token, ca string
	plain     bool
}

// register adds the flags to a command.
func (f *dialFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.token, "peer-token-file", "", "file with the token to read the peers' feeds with")
	flags.StringVar(&f.ca, "peer-ca", "", "trust peers whose certificates these have signed (PEM), not those that the system trusts")
	flags.BoolVar(&f.plain, "peer-plain-http", false, "allow to send the token without TLS: where the network is trusted")
	_ = cmd.MarkFlagFilename("peer-token-file") // these fail only for flags that do not exist
	_ = cmd.MarkFlagFilename("peer-ca", "pem", "crt")
}

// client reads the files that the flags name. token is "" if none is to be sent.
func (f *dialFlags) client() (client *http.Client, token string, err error) {
	if client, err = guard.Client(f.ca); err != nil {
		return nil, "", err
	}
	if f.token != "" {
		token, err = guard.ReadToken(f.token)
	}
	return client, token, err
}
