package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/docsctl/docsctl/core"
)

// HealthOptions are the inputs of docsctl health.
type HealthOptions struct {
	IO        *IOStreams
	Settings  func(o Overrides) ([]Setting, error)
	Overrides Overrides
}

// NewCmdHealth returns docsctl health, for images that hold no other program that
// could ask; runF replaces what it does, for tests.
func NewCmdHealth(f *Factory, runF func(context.Context, *HealthOptions) error) *cobra.Command {
	opts := &HealthOptions{IO: f.IO, Settings: f.Settings}
	cmd := &cobra.Command{
		Use:    "health",
		Short:  "Ask the server on this machine whether it serves requests",
		Long:   "Ask the server on this machine for /readyz. It ends with 0 when the server can serve\nrequests, also when a part is degraded, else with 1.",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Overrides = overridesOf(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return interrupted(cmd.Context(), healthRun(cmd.Context(), opts))
		},
	}
	stringSetting(cmd.Flags(), "listen", "ask the server that listens on `ADDRESS`")
	return cmd
}

const (
	healthTimeout = 4 * time.Second // /readyz answers within two
	healthBytes   = 64 << 10
)

func healthRun(ctx context.Context, opts *HealthOptions) error {
	settings, err := opts.Settings(opts.Overrides)
	if err != nil {
		return err
	}
	address := ""
	for _, s := range settings {
		if s.Name == "listen" {
			address = reachable(s.Value)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return core.Invalid("listen", "address", "listen is no address such as 127.0.0.1:8080")
	}
	direct := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // never through a proxy
	res, err := direct.Do(req)
	if err != nil {
		return core.Unavailable("no server answers on "+address+"; start it with: docsctl serve", 0, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, healthBytes))
	if err != nil || res.StatusCode != http.StatusOK {
		return core.Unavailable("the server on "+address+" cannot serve requests now; its /readyz says why", 0, err)
	}
	return opts.IO.print(strings.TrimSpace(string(body)) + "\n")
}

// reachable turns an address to listen on into one to call: all addresses of the
// machine into its own.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
