package wire_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/docsctl/docsctl/adapters/connectors/fakes"
)

// site is a vendor that a running server publishes to, and what a person does there.
type site struct {
	fake interface {
		http.Handler
		Fail(rules ...fakes.Rule)
		Writes() []fakes.Call
		Forget()
	}
	env     string         // that leads to it
	connect map[string]any // the body that connects it, without what its address decides
	parent  string
	made    string // the call that makes a page
	saved   string // a call whose conflict is met by reading again; "": there is none
	pages   func() int
	body    func(id string) string
	edit    func(id, body string) // nil: bodies are no text there
	replace func(id, old, text string)
}

func notionSite() site {
	f := fakes.NewNotion(fakes.Config{})
	return site{
		fake: f, env: "DOCSCTL_NOTION_BASE_URL", connect: map[string]any{"integration_type": "notion", "access_token": fakes.NotionToken},
		parent: f.AddPage(fakes.NotionPage{Title: "Home"}), made: "POST /v1/pages", saved: "PATCH /v1/pages/*",
		pages: func() int { return len(f.Pages()) },
		body: func(id string) string {
			raw, err := json.Marshal(f.Blocks(id))
			if err != nil {
				return err.Error()
			}
			return string(raw)
		},
		replace: f.ReplaceText,
	}
}

func guruSite() site {
	f := fakes.NewGuru(fakes.Config{})
	content := func(id string) string { c, _ := f.Content(id); return c }
	return site{
		fake: f, env: "DOCSCTL_GURU_BASE_URL", parent: f.AddCollection("Crew"), made: "POST /api/v1/cards/extended",
		connect: map[string]any{"integration_type": "guru", "access_token": fakes.GuruToken, "config": map[string]any{"email": fakes.GuruEmail}},
		pages:   func() int { return len(f.Cards()) },
		body:    content, edit: f.Edit,
		replace: func(id, old, text string) { f.Edit(id, strings.ReplaceAll(content(id), old, text)) },
	}
}

func confluenceSite(token, made, saved string, config map[string]any) site {
	f := fakes.NewConfluence(fakes.Config{})
	storage := func(id string) string { s, _ := f.Storage(id); return s }
	return site{
		fake: f, env: "DOCSCTL_CONFLUENCE_BASE_URL", parent: f.AddSpace("OPS", "Operations"), made: made, saved: saved,
		connect: map[string]any{"integration_type": "confluence", "access_token": token, "config": config},
		pages:   func() int { return len(f.Pages()) },
		body:    storage, edit: f.Edit,
		replace: func(id, old, text string) { f.Edit(id, strings.ReplaceAll(storage(id), old, text)) },
	}
}

func sites() map[string]func() site {
	return map[string]func() site{
		"Notion": notionSite, "Guru": guruSite,
		"ConfluenceCloud": func() site {
			return confluenceSite(fakes.ConfluenceToken, "POST /wiki/api/v2/pages", "PUT /wiki/api/v2/pages/*", map[string]any{"email": fakes.ConfluenceEmail})
		},
		"ConfluenceDataCenter": func() site {
			return confluenceSite(fakes.ConfluencePersonalToken, "POST "+fakes.DataCenterPath+"/rest/api/content", "PUT "+fakes.DataCenterPath+"/rest/api/content/*",
				map[string]any{"deployment": "datacenter"})
		},
	}
}

// publishing is a server with a document, connected to a vendor.
type publishing struct {
	*server
	site
	env                         []string
	integration, document, last string // ids; last is the newest summary
}

// publishes starts a server that is connected to a vendor at an address.
func publishes(t *testing.T, v site, address string, env ...string) *publishing {
	t.Helper()
	if config, ok := v.connect["config"].(map[string]any); ok && v.connect["integration_type"] == "confluence" {
		config["base_url"] = address
		if config["deployment"] != nil {
			config["base_url"] = address + fakes.DataCenterPath
		}
	}
	v.connect["auth_type"] = "api_token"
	p := &publishing{site: v, env: []string{v.env + "=" + address}}
	p.server = startServer(t, append(env, p.env...)...)
	p.register(t)
	var made struct{ ID string }
	if status := p.call(t, http.MethodPost, "/v1/integrations", v.connect, &made); status != http.StatusCreated {
		t.Fatalf("connect: got %d", status)
	}
	p.integration = made.ID
	p.call(t, http.MethodPost, "/v1/documents", map[string]string{"title": "Retention", "content": sentences}, &made)
	p.document = made.ID
	p.summarizeAnew(t)
	return p
}

// summarizeAnew makes a summary of the document as it is now.
func (p *publishing) summarizeAnew(t *testing.T) {
	t.Helper()
	var got struct {
		Summary, Job struct{ ID string }
	}
	p.call(t, http.MethodPost, "/v1/documents/"+p.document+"/summaries", map[string]string{}, &got)
	if status := p.status(t, "/v1/jobs/"+got.Job.ID); status != "completed" {
		t.Fatalf("summarize: got %s", status)
	}
	p.last = got.Summary.ID
}

// published is how a publish job ended.
type published struct {
	Status    string
	ErrorCode string `json:"error_code"`
	Message   string `json:"error_message"`
	Result    struct {
		ExternalID string `json:"external_id"`
		URL        string
		Outcome    string
		Diff       string
	}
}

// publish publishes the newest summary and returns how its job ended.
func (p *publishing) publish(t *testing.T, body map[string]any) published {
	t.Helper()
	return p.ended(t, p.enqueue(t, body))
}

func (p *publishing) enqueue(t *testing.T, body map[string]any) string {
	t.Helper()
	body["integration_id"] = p.integration
	var got struct{ Job struct{ ID string } }
	if status := p.call(t, http.MethodPost, "/v1/summaries/"+p.last+"/publish", body, &got); status != http.StatusAccepted {
		t.Fatalf("publish: got %d", status)
	}
	return got.Job.ID
}

func (p *publishing) ended(t *testing.T, job string) (got published) {
	t.Helper()
	for range 4 { // each waits half a minute
		p.call(t, http.MethodGet, "/v1/jobs/"+job+"?wait=30", nil, &got)
		if got.Status == "completed" || got.Status == "failed" {
			return got
		}
	}
	t.Fatalf("the job does not end: %+v\n%s", got, p.log)
	return got
}

// want checks an outcome and how many pages there are.
func (p *publishing) want(t *testing.T, got published, outcome string, pages int) {
	t.Helper()
	if got.Status != "completed" || got.Result.Outcome != outcome || p.pages() != pages {
		t.Fatalf("got %+v and %d pages, want %s and %d pages\n%s", got, p.pages(), outcome, pages, p.log)
	}
}

// TestPublish_ThroughTheServer publishes to every vendor as a user does, over HTTP, and
// has people work on the page meanwhile.
func TestPublish_ThroughTheServer(t *testing.T) {
	t.Parallel()
	for name, newSite := range sites() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newSite()
			vendor := httptest.NewServer(v.fake)
			t.Cleanup(vendor.Close)
			p := publishes(t, v, vendor.URL)
			there := p.pages()
			below := func() map[string]any { return map[string]any{"parent_id": p.parent} }

			p.fake.Forget()
			tried := p.publish(t, map[string]any{"parent_id": p.parent, "dry_run": true})
			p.want(t, tried, "created", there)
			if len(p.fake.Writes()) != 0 || !strings.Contains(tried.Result.Diff, "30 days") {
				t.Errorf("a dry run: %v written, diff %q", p.fake.Writes(), tried.Result.Diff)
			}
			first := p.publish(t, below())
			p.want(t, first, "created", there+1)
			id := first.Result.ExternalID
			p.wantBody(t, id, "kept for 30 days", "Summarized by docsctl", "Retention")
			p.wantFetchedBack(t, id, tried.Result.Diff)

			p.fake.Forget()
			p.want(t, p.publish(t, below()), "unchanged", there+1)
			if wrote := p.fake.Writes(); len(wrote) != 0 {
				t.Errorf("publishing again wrote %v", wrote)
			}
			p.beside(t, id, below)
			p.within(t, id, below)
			p.intoForeign(t, id)
		})
	}
}

func (p *publishing) wantBody(t *testing.T, id string, want ...string) {
	t.Helper()
	for _, s := range want {
		if body := p.body(id); !strings.Contains(body, s) {
			t.Errorf("the page has no %q:\n%s", s, body)
		}
	}
}

// wantFetchedBack imports a page that was published and compares it with what was said
// to become of it.
func (p *publishing) wantFetchedBack(t *testing.T, id, diff string) {
	t.Helper()
	var got struct{ Job struct{ ID string } }
	p.call(t, http.MethodPost, "/v1/integrations/"+p.integration+"/sync", map[string]any{"item_ids": []string{id}}, &got)
	if status := p.status(t, "/v1/jobs/"+got.Job.ID); status != "completed" {
		t.Fatalf("fetch it back: got %s", status)
	}
	var docs struct{ Items []struct{ ID string } }
	p.call(t, http.MethodGet, "/v1/documents?integration_id="+p.integration, nil, &docs)
	if len(docs.Items) != 1 {
		t.Fatalf("got %d documents, want the page", len(docs.Items))
	}
	var doc struct{ Content string }
	p.call(t, http.MethodGet, "/v1/documents/"+docs.Items[0].ID, nil, &doc)
	var added strings.Builder
	for line := range strings.Lines(diff) {
		if text, found := strings.CutPrefix(line, "+"); found && !strings.HasPrefix(line, "+++") {
			added.WriteString(text)
		}
	}
	if got, want := plain(doc.Content), plain(added.String()); got != want || want == "" {
		t.Errorf("fetched back:\n%s\nwant what was published:\n%s", got, want)
	}
}

var (
	ourMark = regexp.MustCompile("`docsctl:[^`]+`")
	number  = regexp.MustCompile(`(?m)^\d+\. `)
	blank   = regexp.MustCompile(`\s*\n\s*`)
)

// plain is Markdown without the mark of our part, which no diff shows, and without what
// differs where each item of a list is shown by itself.
func plain(markdown string) string {
	return strings.TrimSpace(blank.ReplaceAllString(number.ReplaceAllString(ourMark.ReplaceAllString(markdown, ""), "1. "), "\n"))
}

// beside has somebody write around our part: it stays, to the byte, and a save at the
// same moment is met by reading again.
func (p *publishing) beside(t *testing.T, id string, below func() map[string]any) {
	t.Helper()
	const above, after = "<p>Above &mdash; by hand</p>\n", "\n<p >By hand below</p >"
	there := p.pages()
	if p.edit != nil {
		p.edit(id, above+p.body(id)+after)
	}
	if p.saved != "" {
		p.fake.Fail(fakes.Rule{Fault: fakes.SaveConflict, On: p.saved})
	}
	p.call(t, http.MethodPatch, "/v1/documents/"+p.document, map[string]string{"content": strings.ReplaceAll(sentences, "30 days", "40 days")}, nil)
	p.summarizeAnew(t)
	got := p.publish(t, below())
	p.want(t, got, "updated", there)
	if !strings.Contains(got.Result.Diff, "+") || !strings.Contains(got.Result.Diff, "40 days") || got.Result.ExternalID != id {
		t.Errorf("got %+v, want the same page and what changed", got)
	}
	p.wantBody(t, id, "kept for 40 days")
	if body := p.body(id); strings.Contains(body, "kept for 30 days") || p.edit != nil && (!strings.HasPrefix(body, above) || !strings.HasSuffix(body, after)) {
		t.Errorf("want our part replaced and the rest kept byte for byte, got\n%s", body)
	}
}

// within has somebody change our part: nothing is written, and the job shows the change.
func (p *publishing) within(t *testing.T, id string, below func() map[string]any) {
	t.Helper()
	p.replace(id, "seven years", "eight years, by hand")
	before := p.body(id)
	p.fake.Forget()
	got := p.publish(t, below())
	if got.Status != "failed" || got.ErrorCode != "CONFLICT" || !strings.Contains(got.Result.Diff, "eight years, by hand") || !strings.Contains(got.Message, "undo the change") {
		t.Errorf("got %+v, want a conflict that shows the change", got)
	}
	if wrote := p.fake.Writes(); len(wrote) != 0 || p.body(id) != before {
		t.Errorf("over somebody's change %v was written", wrote)
	}
}

// intoForeign publishes into a page that is there by its id, beside the part that is
// there: it is the same part, so the change is seen there too.
func (p *publishing) intoForeign(t *testing.T, id string) {
	t.Helper()
	p.replace(id, "eight years, by hand", "seven years")
	p.fake.Forget()
	if got := p.publish(t, map[string]any{"external_id": id}); got.Status != "completed" || got.Result.Outcome != "unchanged" || len(p.fake.Writes()) != 0 {
		t.Errorf("by its id: got %+v and %v, want the part found unchanged", got, p.fake.Writes())
	}
	if got := p.publish(t, map[string]any{"external_id": "999999999999"}); got.Status != "failed" || got.ErrorCode != "INTEGRATION_ERROR" || !strings.Contains(got.Message, "no such item") {
		t.Errorf("a page that is not there: got %+v", got)
	}
}

// TestPublish_KilledBetweenThePageAndItsRecord has the vendor make a page and the server
// die before it hears of it. Started again it finds the page and makes no other.
func TestPublish_KilledBetweenThePageAndItsRecord(t *testing.T) {
	t.Parallel()
	for name, newSite := range sites() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newSite()
			made, dead := make(chan struct{}), make(chan struct{})
			var once sync.Once
			vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method+" "+r.URL.Path != v.made {
					v.fake.ServeHTTP(w, r)
					return
				}
				answer := httptest.NewRecorder()
				v.fake.ServeHTTP(answer, r)
				once.Do(func() { close(made); <-dead })
				for header, values := range answer.Header() {
					w.Header()[header] = values
				}
				w.WriteHeader(answer.Code)
				_, _ = w.Write(answer.Body.Bytes())
			}))
			t.Cleanup(vendor.Close)
			p := publishes(t, v, vendor.URL, "DOCSCTL_JOB_LEASE=3s") // which the next server does not wait for long
			there := p.pages()
			job := p.enqueue(t, map[string]any{"parent_id": p.parent})
			<-made
			_ = p.stop(t, syscall.SIGKILL)
			close(dead)
			token := p.token
			p.server = startIn(t, p.dir, p.env...)
			p.token = token
			got := p.ended(t, job)
			p.want(t, got, "created", there+1)
			p.wantBody(t, got.Result.ExternalID, "kept for 30 days")
		})
	}
}
