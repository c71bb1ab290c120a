// Command extract measures how fast files become text and how much memory that
// takes: each file in a process of its own, with the PDF engine compiled before.
//
//	go run ./internal/bench/extract --data ../shared/files
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/docsctl/docsctl/adapters/extract"
	"github.com/docsctl/docsctl/core"
)

// oneArg is the first argument of the processes that read one file.
const oneArg = "__one"

func main() {
	if len(os.Args) == 3 && os.Args[1] == oneArg {
		one(os.Args[2])
		return
	}
	data := flag.String("data", filepath.Join("..", "shared", "files"), "folder of files")
	flag.Parse()
	if err := run(*data); err != nil {
		fmt.Fprintln(os.Stderr, "extract:", err)
		os.Exit(1)
	}
}

// result is what reading one file took.
type result struct {
	Name       string
	MediaType  string
	Pages      int
	Characters int
	Took       time.Duration // without the start of the process
	Failed     string
	wall       time.Duration // with it
	peak       int64         // bytes
}

// one reads a file in this process and prints the result as JSON.
func one(name string) {
	r := result{Name: filepath.Base(name)}
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var got *core.Extracted
		begin := time.Now()
		got, err = extract.New(extract.Config{}).Extract(context.Background(), core.File{Name: r.Name, Body: f})
		r.Took = time.Since(begin)
		if err == nil {
			r.MediaType, r.Pages, r.Characters = got.MediaType, len(got.Pages.Starts), utf8.RuneCountInString(got.Markdown)
		}
	}
	if err != nil {
		r.Failed = core.AsError(err).Message
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, "extract:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var results []result
	for _, e := range entries {
		if e.IsDir() || strings.HasSuffix(e.Name(), ".expect.txt") || e.Name() == "SOURCES.md" {
			continue
		}
		name := filepath.Join(dir, e.Name())
		if len(results) == 0 || strings.HasSuffix(name, ".pdf") { // the first of a kind pays for the engine and the disk
			if _, err := measure(self, name); err != nil {
				return err
			}
		}
		r, err := measure(self, name)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	return report(results)
}

func measure(self, name string) (result, error) {
	cmd := exec.CommandContext(context.Background(), self, oneArg, name)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return result{}, fmt.Errorf("read %s: %w", filepath.Base(name), err)
	}
	r := result{wall: time.Since(begin), peak: peakMemory(cmd.ProcessState)}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return result{}, fmt.Errorf("read %s: %w", filepath.Base(name), err)
	}
	return r, nil
}

// report prints a line for each file and one for each type.
func report(results []result) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "file\tpages\tcharacters\tms\tms with start\tpages/s\tMchar/s\tpeak MB\t")
	types := map[string]*result{}
	for _, r := range results {
		if r.Failed != "" {
			fmt.Fprintf(w, "%s\trefused\t\t%d\t%d\t\t\t%d\t\n", r.Name, r.Took.Milliseconds(), r.wall.Milliseconds(), r.peak>>20)
			continue
		}
		line(w, r)
		t := types[r.MediaType]
		if t == nil {
			t = &result{Name: "all " + r.MediaType[strings.LastIndexAny(r.MediaType, "/.")+1:]}
			types[r.MediaType] = t
		}
		t.Pages, t.Characters, t.peak = t.Pages+r.Pages, t.Characters+r.Characters, max(t.peak, r.peak)
		t.Took, t.wall = t.Took+r.Took, t.wall+r.wall
	}
	fmt.Fprintln(w, "\t\t\t\t\t\t\t\t")
	names := make([]string, 0, len(types))
	for name := range types {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		line(w, *types[name])
	}
	return w.Flush()
}

func line(w *tabwriter.Writer, r result) {
	pages, perSecond := "-", "-"
	if r.Pages > 0 {
		pages, perSecond = fmt.Sprint(r.Pages), fmt.Sprintf("%.0f", float64(r.Pages)/r.Took.Seconds())
	}
	fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\t%.1f\t%d\t\n", r.Name, pages, r.Characters, r.Took.Milliseconds(), r.wall.Milliseconds(),
		perSecond, float64(r.Characters)/1e6/r.Took.Seconds(), r.peak>>20)
}
