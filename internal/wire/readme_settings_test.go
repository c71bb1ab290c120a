package wire_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/docsctl/docsctl/internal/wire"
)

var (
	settingsRow = regexp.MustCompile("(?m)^\\| (`DOCSCTL_[^|]*) \\|")
	settingName = regexp.MustCompile("`([A-Z_]+)`")
)

// TestReadme_TellsEverySettingAndNoOther reads the README's table. A row's further
// names may leave out what they share with its first.
func TestReadme_TellsEverySettingAndNoOther(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := wire.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, s := range loaded.Settings {
		told["DOCSCTL_"+strings.ToUpper(s.Name)] = false
	}
	for _, row := range settingsRow.FindAllSubmatch(readme, -1) {
		names := settingName.FindAllStringSubmatch(string(row[1]), -1)
		first := names[0][1]
		for _, name := range names {
			full := whole(told, first, name[1])
			if full == "" {
				t.Errorf("%s beside %s is no setting", name[1], first)
			}
			told[full] = true
		}
	}
	for name, is := range told {
		if !is {
			t.Errorf("%s is not in the README's table", name)
		}
	}
}

// whole is the setting that name is, alone or after the beginning of first.
func whole(settings map[string]bool, first, name string) string {
	for s := range settings {
		if head, ok := strings.CutSuffix(s, name); ok && strings.HasPrefix(first, head) && (head == "" || name[0] == '_') {
			return s
		}
	}
	return ""
}
