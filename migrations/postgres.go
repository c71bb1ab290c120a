package migrations

import (
	"bytes"
	"embed"
	"io"
	"io/fs"
	"strings"
)

//go:embed postgres/*.sql
var postgres embed.FS

// Postgres returns the migrations for a PostgreSQL database whose statements run
// under the role app and whose functions belong to the role definer. The files
// name them ${app} and ${definer}, and as text ${app_name} and ${definer_name}.
func Postgres(app, definer string) (fs.FS, error) {
	files, err := fs.Sub(postgres, "postgres")
	if err != nil {
		return nil, err
	}
	return roleFS{FS: files, roles: strings.NewReplacer(
		"${app}", quoteIdentifier(app), "${definer}", quoteIdentifier(definer),
		"${app_name}", escapeLiteral(app), "${definer_name}", escapeLiteral(definer),
	)}, nil
}

func quoteIdentifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func escapeLiteral(s string) string { return strings.ReplaceAll(s, `'`, `''`) }

// roleFS puts the names of roles into the files it opens.
type roleFS struct {
	fs.FS
	roles *strings.Replacer
}

func (f roleFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return roleFile{File: file, text: bytes.NewReader([]byte(f.roles.Replace(string(text))))}, nil
}

type roleFile struct {
	fs.File
	text *bytes.Reader
}

func (f roleFile) Read(p []byte) (int, error) { return f.text.Read(p) }
