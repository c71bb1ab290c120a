package webhooks

import (
	"net/http"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

func TestSender_Conforms(t *testing.T) {
	t.Parallel()
	coretest.RunWebhookSender(t, coretest.WebhookSenderFactory{
		Open: func(t *testing.T, public []string) core.WebhookSender {
			s, err := New(Config{Trusted: public})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Verify: func(secret string, body []byte, header http.Header) error {
			hook, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				return err
			}
			return hook.Verify(body, header)
		},
	})
}
