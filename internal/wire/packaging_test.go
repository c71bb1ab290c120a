package wire_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/docsctl/docsctl/internal/wire"
)

// composition is what of a compose file can be wrong without anybody noticing.
type composition struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Command     []string          `yaml:"command"`
		Environment map[string]string `yaml:"environment"`
		Ports       []string          `yaml:"ports"`
		Healthcheck map[string]any    `yaml:"healthcheck"`
		DependsOn   map[string]any    `yaml:"depends_on"`
	} `yaml:"services"`
}

func rootFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readComposition(t *testing.T, name string) (c composition) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(rootFile(t, name)), &c); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// variable is a reference such as ${NAME:-default} or ${NAME:?message}.
var variable = regexp.MustCompile(`\$\{(\w+)(?::([-?])([^}]*))?\}`)

// Environment variables are the process's, so these tests are not parallel.

func TestCompose_ServicesAreConfiguredAsLoadUnderstands(t *testing.T) {
	c := readComposition(t, "docker-compose.yml")
	example := rootFile(t, ".env.example")
	for name, command := range map[string]string{"api": "serve", "worker": "worker"} {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			s, ok := c.Services[name]
			if !ok || !slices.Equal(s.Command, []string{command}) {
				t.Fatalf("the service runs %v, want docsctl %s", s.Command, command)
			}
			for key, value := range s.Environment {
				t.Setenv(key, variable.ReplaceAllStringFunc(value, func(ref string) string {
					m := variable.FindStringSubmatch(ref)
					if !strings.Contains(example, "\n"+m[1]+"=") {
						t.Errorf("%s is not in .env.example", m[1])
					}
					if m[2] == "-" {
						return m[3]
					}
					return "as-it-were-a-secret-0123456789abcdef"
				}))
			}
			got, err := wire.Load(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Unknown) > 0 {
				t.Errorf("docsctl knows nothing of %v", got.Unknown)
			}
			if !got.Postgres() || got.RedisURL == "" || got.NoWorkers != (name == "api") {
				t.Errorf("got Postgres %v, Redis %v, no workers %v", got.Postgres(), got.RedisURL != "", got.NoWorkers)
			}
			for _, server := range []string{"postgres", "redis"} {
				if s.DependsOn[server] == nil {
					t.Errorf("it does not wait for %s", server)
				}
			}
		})
	}
	wantImages(t, c)
}

// wantImages checks the servers: Postgres 15 and Redis 7 at least, with a probe.
func wantImages(t *testing.T, c composition) {
	t.Helper()
	for name, image := range map[string]*regexp.Regexp{
		"postgres": regexp.MustCompile(`^postgres:(1[5-9]|[2-9]\d)\b`), "redis": regexp.MustCompile(`^redis:([7-9]|\d\d)\b`),
	} {
		if s := c.Services[name]; !image.MatchString(s.Image) || s.Healthcheck["test"] == nil {
			t.Errorf("%s is %q with the probe %v, want %s and a probe", name, s.Image, s.Healthcheck["test"], image)
		}
	}
}

func TestCompose_ServersForTestsStayOffTheUsualPorts(t *testing.T) {
	c := readComposition(t, "docker-compose.test.yml")
	for name, port := range map[string]string{"postgres": "127.0.0.1:5433:5432", "redis": "127.0.0.1:6380:6379"} {
		if s := c.Services[name]; !slices.Equal(s.Ports, []string{port}) {
			t.Errorf("%s is published on %v, want %s", name, s.Ports, port)
		}
	}
	wantImages(t, c)
}

func TestCompose_HoldsNoSecret(t *testing.T) {
	for _, line := range strings.Split(rootFile(t, ".env.example"), "\n") {
		name, value, _ := strings.Cut(line, "=")
		if (strings.Contains(name, "PASSWORD") || strings.Contains(name, "SECRET")) && !strings.HasPrefix(line, "#") && value != "" {
			t.Errorf(".env.example has a value for %s", name)
		}
	}
	if ignored := rootFile(t, ".gitignore") + rootFile(t, ".dockerignore"); strings.Count("\n"+ignored, "\n.env\n") != 2 {
		t.Error(".env is not ignored by both git and docker")
	}
}

func TestDockerfile_RunsAStaticBinaryAsNobody(t *testing.T) {
	isolate(t)
	text := rootFile(t, "Dockerfile")
	stages := strings.Split(text, "\nFROM ")
	if len(stages) != 3 {
		t.Fatalf("got %d stages, want a build and what it leaves", len(stages)-1)
	}
	build, final := stages[1], stages[2]
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(rootFile(t, "go.mod"))[1]
	if !strings.HasPrefix(build, "golang:"+version) || !strings.Contains(build, "CGO_ENABLED=0") {
		t.Errorf("the build is not one of Go %s without cgo:\n%s", version, build)
	}
	if !strings.HasPrefix(final, "scratch\n") {
		t.Error("the image holds more than was copied into it")
	}
	user := regexp.MustCompile(`(?m)^USER (\d+):\d+$`).FindStringSubmatch(final)
	if user == nil || user[1] == "0" {
		t.Error("the image runs as root, or as a user without a number, which an orchestrator cannot check")
	}
	for _, want := range []string{`ENTRYPOINT ["/docsctl"]`, `HEALTHCHECK`, "COPY --from=build --chown=65532:65532 /out/tmp /tmp"} {
		if !strings.Contains(final, want) {
			t.Errorf("the image lacks %s", want)
		}
	}
	env := regexp.MustCompile(`(DOCSCTL_\w+)=(\S+)`).FindAllStringSubmatch(final, -1)
	for _, m := range env {
		t.Setenv(m[1], m[2])
	}
	if got, err := wire.Load(nil); err != nil || len(got.Unknown) > 0 || len(env) == 0 || got.Listen != ":8080" {
		t.Errorf("with the image's settings: %v, unknown %v", err, got.Unknown)
	}
}
