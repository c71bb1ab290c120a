package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/transport/cli"
)

// fake is one of the systems that runFakes runs.
type fake struct {
	name string
	http.Handler
	fail func(...fakes.Rule)
}

// runFakes runs the fake vendors until ctx ends, and tells how they are used.
func runFakes(ctx context.Context, o cli.Fakes, tell func(text string) error) error {
	host, first, err := splitPort(o.Listen)
	if err != nil {
		return err
	}
	all := makeFakes(o)
	if err := setFaults(all, o.Faults); err != nil {
		return err
	}
	failed := make(chan error, len(all))
	addresses := map[string]string{}
	for i, f := range all {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port(first, i)))
		if err != nil {
			return core.Unavailable("the ports of the fakes cannot be listened on; choose others with --listen", 0, err)
		}
		server := &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second}
		defer server.Close()
		go func() { failed <- server.Serve(listener) }() // ended by Close
		addresses[f.name] = "http://" + listener.Addr().String()
	}
	if err := tell(howToUse(addresses)); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-failed:
		return fmt.Errorf("run the fakes: %w", err)
	}
}

// port is the i-th after the first; 0 stays what it is, any free one.
func port(first, i int) string {
	if first == 0 {
		return "0"
	}
	return strconv.Itoa(first + i)
}

func splitPort(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || port < 0 || port > 65533 {
		return "", 0, core.Invalid("listen", "address", "--listen takes an address with a port up to 65533, such as 127.0.0.1:9201")
	}
	return host, port, nil
}

func makeFakes(o cli.Fakes) []fake {
	cfg := fakes.Config{}
	if o.Rate {
		cfg.Rate = fakes.VendorRate()
	}
	notion, guru, confluence := fakes.NewNotion(cfg), fakes.NewGuru(cfg), fakes.NewConfluence(cfg)
	if !o.Empty {
		fakes.SeedNotion(notion)
		fakes.SeedGuru(guru)
		fakes.SeedConfluence(confluence)
	}
	return []fake{{"notion", notion, notion.Fail}, {"guru", guru, guru.Fail}, {"confluence", confluence, confluence.Fail}}
}

func setFaults(all []fake, faults []string) error {
	var errs []error
	for _, text := range faults {
		name, rule, _ := strings.Cut(strings.TrimSpace(text), " ")
		r, err := fakes.ParseRule(rule)
		known := false
		for _, f := range all {
			if f.name == name && err == nil {
				f.fail(r)
			}
			known = known || f.name == name
		}
		if !known {
			err = fmt.Errorf("%q does not begin with notion, guru or confluence", text)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return core.Invalid("fault", "rule", "--fault "+err.Error())
	}
	return nil
}

func howToUse(at map[string]string) string {
	return fmt.Sprintf(`Fake Notion, Guru and Confluence run until you press Ctrl-C. To use them, start
the server with these settings:

export DOCSCTL_NOTION_BASE_URL=%[1]s
export DOCSCTL_NOTION_CLIENT_ID=client-id
export DOCSCTL_NOTION_CLIENT_SECRET=client-secret
export DOCSCTL_GURU_BASE_URL=%[2]s
export DOCSCTL_CONFLUENCE_BASE_URL=%[3]s
export DOCSCTL_CONFLUENCE_CLIENT_ID=client-id
export DOCSCTL_CONFLUENCE_CLIENT_SECRET=client-secret

and connect with these tokens:

notion       %[4]s
guru         %[5]s, e-mail %[6]s
confluence   %[7]s, e-mail %[8]s, base URL %[3]s
data center  %[9]s, base URL %[3]s%[10]s
`, at["notion"], at["guru"], at["confluence"], fakes.NotionToken, fakes.GuruToken, fakes.GuruEmail,
		fakes.ConfluenceToken, fakes.ConfluenceEmail, fakes.ConfluencePersonalToken, fakes.DataCenterPath)
}
