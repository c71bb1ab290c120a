package cli

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/docsctl/docsctl/core"
)

// expandFolders puts the files of a folder, and of those below it, in its place.
// Hidden ones are left out, as is what is no file, and the file of --output.
func (o *SummarizeOptions) expandFolders() error {
	var inputs []string
	o.Found = map[string]bool{}
	for _, input := range o.Inputs {
		if info, err := os.Stat(input); err != nil || !info.IsDir() { // what cannot be read is told when it is its turn
			inputs = append(inputs, input)
			continue
		}
		files, err := filesBelow(input, o.Output)
		if err != nil {
			return named(input, openError(err))
		}
		if len(files) == 0 {
			return named(input, core.Invalid("file", "required", "this folder has no files; name another"))
		}
		for _, f := range files {
			o.Found[f] = true
		}
		inputs = append(inputs, files...)
	}
	o.Inputs = inputs
	return nil
}

func filesBelow(dir, output string) ([]string, error) {
	except, _ := os.Stat(output) // nil when there is none
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && path != dir
		if d.IsDir() {
			if hidden {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := os.Stat(path) // follows links to files
		if err == nil && !hidden && info.Mode().IsRegular() && !os.SameFile(info, except) {
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// skips reports whether an input is left out for its error: in a folder there are
// pictures and programs, too, and nobody has named them.
func (o *SummarizeOptions) skips(input string, err error) bool {
	if !o.Found[input] {
		return false
	}
	e := core.AsError(err)
	details, _ := e.Details.(core.FieldErrors)
	return e.Code == core.CodeUnsupportedMedia || len(details) == 1 && details[0].Constraint == "not_empty"
}

// each calls do for 0 to n-1, a few at a time and in this order. It begins no more
// when ctx has ended, and returns when all that was begun has ended.
func each(ctx context.Context, n, atOnce int, do func(i int)) {
	var all sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i := range n {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-places }()
			do(i)
		})
	}
	all.Wait()
}
