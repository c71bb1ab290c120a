package core

import "testing"

func TestRenderPrompt(t *testing.T) {
	t.Parallel()
	values := map[string]string{"title": "T {{content}}", "content": "C {{title}} }}", "language": "de"}
	for _, c := range []struct{ name, template, want string }{
		{"ReplacesVariables", "{{title}}: in {{ language }}", "T {{content}}: in de"},
		{"NeverExpandsAValue", "{{content}}|{{title}}", "C {{title}} }}|T {{content}}"},
		{"KeepsSingleBraces", "{a} } {", "{a} } {"},
		{"AbsentValueIsEmpty", "[{{source_url}}]", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := RenderPrompt(c.template, values)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestRenderPrompt_RefusesBrokenTemplates(t *testing.T) {
	t.Parallel()
	for _, template := range []string{"{{nobody}}", "{{title", "title}}", "{{}}", "{{{{title}}}}", "{{title}} }}", "{{Title}}", "{{{title}}}"} {
		if _, err := RenderPrompt(template, nil); CodeOf(err) != CodeValidation {
			t.Errorf("%q: got %v, want CodeValidation", template, err)
		}
	}
}

func FuzzRenderPrompt(f *testing.F) {
	f.Add("{{title}} {{content}}", "{{content}}")
	f.Add("}}{{", "x")
	f.Fuzz(func(t *testing.T, template, value string) {
		got, err := RenderPrompt("a"+template, map[string]string{"title": value})
		if err == nil && got == "" {
			t.Errorf("%q: the literal text was lost", template)
		}
	})
}
