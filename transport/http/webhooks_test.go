package httpapi

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/core"
	"github.com/docsctl/docsctl/core/coretest"
)

const hookBody = `{"url":"https://example.org/hook?token=hidden","topics":["usage","jobs","jobs"]}`

func TestWebhooks_SecretIsShownOnce(t *testing.T) {
	t.Parallel()
	admin := newWorld(t).admin("Acme")
	made := admin.do("POST", "/v1/webhooks", hookBody).want(201)
	path := "/v1/webhooks/" + made.str("id")
	if made.header.Get("Location") != path || made.at("is_active") != true || fmt.Sprint(made.at("topics")) != "[jobs usage]" {
		t.Errorf("got %s", made.body)
	}
	rotated := admin.do("POST", path+"/rotate-secret", "").want(200)
	if rotated.str("previous_secret_until") == "" || rotated.str("secret") == made.str("secret") {
		t.Errorf("rotated: got %s", rotated.body)
	}
	for _, secret := range []string{made.str("secret"), rotated.str("secret")} {
		if !strings.HasPrefix(secret, "whsec_") || len(secret) < 40 {
			t.Errorf("secret: got %q", secret)
		}
		for _, at := range []string{"/v1/webhooks", path, "/v1/audit", path + "/deliveries"} {
			if got := admin.do("GET", at, "").want(200); strings.Contains(string(got.body), secret[6:]) || strings.Contains(string(got.body), "sealed") {
				t.Errorf("%s shows a secret: %s", at, got.body)
			}
		}
	}
	if got := admin.do("GET", "/v1/audit", "").want(200); strings.Contains(string(got.body), "hidden") || !strings.Contains(string(got.body), "webhook.secret_rotated") {
		t.Errorf("the audit log: got %s, want what was done, without the address", got.body)
	}
	again := admin.do("POST", path+"/rotate-secret", "", "Idempotency-Key", "k").want(200)
	if repeated := admin.do("POST", path+"/rotate-secret", "", "Idempotency-Key", "k").want(200); repeated.str("secret") != again.str("secret") {
		t.Error("a repeated rotation was carried out twice")
	}
}

func TestWebhooks_BadInput(t *testing.T) {
	t.Parallel()
	admin := newWorld(t).admin("Acme")
	for name, body := range map[string]string{
		"no address":      `{"topics":["jobs"]}`,
		"no topic":        `{"url":"https://example.org","topics":[]}`,
		"a topic":         `{"url":"https://example.org","topics":["everything"]}`,
		"null topics":     `{"url":"https://example.org","topics":null}`,
		"another scheme":  `{"url":"ftp://example.org","topics":["jobs"]}`,
		"a password":      `{"url":"https://a:b@example.org","topics":["jobs"]}`,
		"a fragment":      `{"url":"https://example.org/#a","topics":["jobs"]}`,
		"a space":         `{"url":"https://example.org/a b","topics":["jobs"]}`,
		"this machine":    `{"url":"http://127.0.0.1/","topics":["jobs"]}`,
		"its name":        `{"url":"http://localhost/","topics":["jobs"]}`,
		"cloud metadata":  `{"url":"http://169.254.169.254/latest/meta-data","topics":["jobs"]}`,
		"a number":        `{"url":"http://2130706433/","topics":["jobs"]}`,
		"a port":          `{"url":"https://example.org:6379/","topics":["jobs"]}`,
		"a long address":  `{"url":"https://example.org/` + strings.Repeat("a", 2048) + `","topics":["jobs"]}`,
		"unknown setting": `{"url":"https://example.org","topics":["jobs"],"secret":"mine"}`,
	} {
		if got := admin.do("POST", "/v1/webhooks", body); got.status != 422 {
			t.Errorf("%s: got %d %s, want 422", name, got.status, got.body)
		}
	}
	path := "/v1/webhooks/" + admin.do("POST", "/v1/webhooks", hookBody).want(201).str("id")
	for _, body := range []string{`{"url":null}`, `{"topics":null}`, `{"is_active":null}`, `{"is_active":"yes"}`, `{"url":"http://10.0.0.1/"}`, `{"topics":[]}`} {
		admin.do("PATCH", path, body).want(422)
	}
	for _, query := range []string{"status=lost", "cursor=x", "limit=0", "limit=1000", "state=pending"} {
		admin.do("GET", path+"/deliveries?"+query, "").want(422)
	}
}

func TestWebhooks_AreLimitedInNumber(t *testing.T) {
	t.Parallel()
	admin := newWorld(t).admin("Acme")
	for range 50 {
		admin.do("POST", "/v1/webhooks", hookBody).want(201)
	}
	admin.do("POST", "/v1/webhooks", hookBody).fails(409, core.CodeConflict, "", "")
}

func TestWebhooks_DeliveriesAreListedAndSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin, stranger := w.admin("Acme"), w.admin("Other")
	id := admin.do("POST", "/v1/webhooks", hookBody).want(201).str("id")
	o := &coretest.Org{Store: w.store, Tenant: core.TrustTenant(core.OrgID(admin.org))}
	hook := &core.Webhook{ID: core.WebhookID(id)}
	pending := o.NewDelivery(t, hook)
	failed := o.NewDelivery(t, hook, func(d *core.Delivery) {
		d.Status, d.Attempts, d.LastStatusCode, d.ErrorMessage, d.NextAttemptAt = core.DeliveryFailed, 40, 500, "the receiver answered 500", nil
		d.FirstAttemptAt, d.FinishedAt, d.EventType = &d.CreatedAt, &d.CreatedAt, core.EventJobFailed
	})
	path := "/v1/webhooks/" + id + "/deliveries"
	for query, want := range map[string]int{"": 2, "?status=failed": 1, "?status=delivered": 0, "?event_type=job.failed": 1, "?limit=1": 1} {
		if items, _ := admin.do("GET", path+query, "").want(200).at("items").([]any); len(items) != want {
			t.Errorf("deliveries%s: got %d, want %d", query, len(items), want)
		}
	}
	admin.do("POST", path+"/"+string(pending.ID)+"/redeliver", "").fails(409, core.CodeConflict, "", "")
	again := admin.do("POST", path+"/"+string(failed.ID)+"/redeliver", "", "Idempotency-Key", "k").want(202)
	if again.str("status") != "pending" || again.at("attempts") != 0.0 || again.str("next_attempt_at") == "" || again.str("event_id") != string(failed.EventID) {
		t.Errorf("sent again: got %s", again.body)
	}
	if repeated := admin.do("POST", path+"/"+string(failed.ID)+"/redeliver", "", "Idempotency-Key", "k").want(202); repeated.anonymous() != again.anonymous() {
		t.Errorf("the repetition got %s", repeated.body)
	}
	theirs := stranger.do("POST", "/v1/webhooks", hookBody).want(201).str("id")
	stranger.do("POST", "/v1/webhooks/"+theirs+"/deliveries/"+string(failed.ID)+"/redeliver", "").want(404)
	other := admin.do("POST", "/v1/webhooks", hookBody).want(201).str("id")
	admin.do("POST", "/v1/webhooks/"+other+"/deliveries/"+string(failed.ID)+"/redeliver", "").want(404)
	admin.do("PATCH", "/v1/webhooks/"+id, `{"is_active":false}`).want(200)
	o.InTx(t, func(ctx context.Context, tx core.Tx) error { return tx.Deliveries.Update(ctx, failed) })
	admin.do("POST", path+"/"+string(failed.ID)+"/redeliver", "").fails(409, core.CodeConflict, "", "")
}
