package archive

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/docsctl/docsctl/core"
)

const org core.OrgID = "01920000-0000-7000-8000-00000000000a"

// fill sets every field below v to something that is not its zero value.
func fill(v reflect.Value) {
	switch {
	case v.Type() == orgType:
		v.SetString(string(org))
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.UnixMicro(1_750_000_000_123_456).UTC()))
	case v.Type() == rawType:
		v.SetBytes([]byte(`{ "a" : "<&>\u2028" }`))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case v.Kind() == reflect.String && strings.HasSuffix(v.Type().Name(), "ID"):
		v.SetString("01920000-0000-7000-8000-00000000000b")
	case v.Kind() == reflect.String:
		v.SetString("é <&> \u2028 \x01 \U0001F600")
	case v.CanInt():
		v.SetInt(1<<53 + 1 - int64(v.Type().Size()%8)<<52) // beyond what a float keeps
	case v.CanUint():
		v.SetUint(7)
	case v.CanFloat():
		v.SetFloat(0.1)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	default:
		panic("fill " + v.Type().String())
	}
}

// computed are the fields that an archive leaves out, and why it may.
var computed = map[string]string{
	"Template.IsDefault": "is the caller's",
	"Summary.Stale":      "follows from the document",
}

func TestCodec_KeepsEveryField(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			row := reflect.New(k.typ)
			fill(row.Elem())
			var b bytes.Buffer
			if err := k.encode(&b, row.Interface()); err != nil {
				t.Fatal(err)
			}
			got, err := k.decode(b.Bytes(), org)
			if err != nil {
				t.Fatalf("%v\n%s", err, b.Bytes())
			}
			for i := range k.typ.NumField() {
				if computed[k.typ.Name()+"."+k.typ.Field(i).Name] != "" {
					row.Elem().Field(i).SetZero()
				}
			}
			if diff := cmp.Diff(got, row.Interface()); diff != "" {
				t.Errorf("a row that was written and read (-got +want):\n%s", diff)
			}
			var names map[string]json.RawMessage
			if err := json.Unmarshal(b.Bytes(), &names); err != nil || len(names) != len(k.fields) {
				t.Errorf("got %d names (%v), want %d different ones", len(names), err, len(k.fields))
			}
		})
	}
}

func TestKinds_AreTheNounsOfArchiveRows(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[core.ArchiveRows]()
	var want, got []string
	for i := range fields.NumField() {
		want = append(want, fields.Field(i).Type.In(0).Elem().Name())
	}
	var rows core.ArchiveRows
	for _, k := range kinds() {
		got = append(got, k.typ.Name())
		k.export(&rows, func(any) error { return nil })
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: each in the order in which rows can be written", got, want)
	}
	v := reflect.ValueOf(rows)
	for i := range v.NumField() {
		if v.Field(i).IsNil() {
			t.Errorf("nobody takes the rows of %s", fields.Field(i).Name)
		}
	}
}

// file writes an archive with a row of every kind.
func file(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := newWriter(&out)
	counts := newSummary(org).Counts
	if err := w.line(header{Format: formatName, Version: version, Organization: org, Secrets: noSecrets}); err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds() {
		row := reflect.New(k.typ)
		fill(row.Elem())
		counts[k.name]++
		if err := w.record(k, row.Interface()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.end(trailer{Counts: counts}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll reads an archive to its end.
func readAll(in []byte) (int, error) {
	r, err := newReader(bytes.NewReader(in))
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		rec, err := r.next()
		if err != nil || rec == nil {
			return n, err
		}
	}
}

func TestReader_TakesOnlyWhatIsWhole(t *testing.T) {
	t.Parallel()
	whole := file(t)
	if n, err := readAll(whole); err != nil || n != len(kinds()) {
		t.Fatalf("the whole archive: got %d records, %v", n, err)
	}
	for i := range whole {
		if _, err := readAll(whole[:i]); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("cut after %d bytes: got %v, want %s", i, err, core.CodeValidation)
		}
	}
	text := unzip(t, whole)
	lines := bytes.SplitAfter(text, []byte("\n"))
	for i := range len(lines) - 1 {
		without := slices.Concat(lines[:i], lines[i+1:])
		if _, err := readAll(zipped(bytes.Join(without, nil))); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("without line %d: got %v, want %s", i+1, err, core.CodeValidation)
		}
		twice := slices.Concat(lines[:i], lines[i:i+1], lines[i:])
		if _, err := readAll(zipped(bytes.Join(twice, nil))); core.CodeOf(err) != core.CodeValidation {
			t.Errorf("line %d twice: got %v, want %s", i+1, err, core.CodeValidation)
		}
	}
}

func TestReader_RefusesWhatItWouldLoseOrMustNotTake(t *testing.T) {
	t.Parallel()
	text := string(unzip(t, file(t)))
	for name, change := range map[string][2]string{
		"an unknown field":         {`"email_key":`, `"email_keys":`},
		"another organization":     {`"org_id":"` + string(org), `"org_id":"01920000-0000-7000-8000-0000000000ff`},
		"an id that is none":       {`00b"`, `00B"`},
		"an unknown kind":          {`"kind":"session"`, `"kind":"meter"`},
		"a newer version":          {`"version":1,`, `"version":2,`},
		"sealed secrets":           {`"secrets":"none"`, `"secrets":"sealed"`},
		"a changed text":           {"é", "e"},
		"a field of another type":  {`"is_active":true`, `"is_active":1`},
		"raw JSON that is broken":  {`"result":"{`, `"result":"[`},
		"another's format":         {`"format":"docsctl-archive"`, `"format":"tar"`},
		"a count that is wrong":    {`"counts":{"api_key":1`, `"counts":{"api_key":2`},
		"a checksum that is wrong": {`"sha256":"`, `"sha256":"0`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Errorf("%s: nothing was changed", name)
		}
		_, err := readAll(zipped([]byte(changed)))
		wantOneSentence(t, name, err)
	}
}

// wantOneSentence reports an answer that is no sentence for people.
func wantOneSentence(t *testing.T, name string, err error) {
	t.Helper()
	e := core.AsError(err)
	if e == nil || e.Code != core.CodeValidation || e.Message == "" || strings.ContainsAny(e.Message, "\n\x00") || len(e.Message) > 200 {
		t.Errorf("%s: got %v, want %s with one sentence", name, err, core.CodeValidation)
	}
}

func unzip(t testing.TB, in []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		panic(fmt.Sprint("a buffer failed: ", err))
	}
	if err := z.Close(); err != nil {
		panic(fmt.Sprint("a buffer failed: ", err))
	}
	return b.Bytes()
}

// FuzzReader feeds the reader files, and texts that are zipped as they should be.
func FuzzReader(f *testing.F) {
	whole := file(f)
	f.Add(whole, false)
	f.Add(unzip(f, whole), true)
	f.Add([]byte(`{"format":"docsctl-archive","version":1,"organization":"`+string(org)+`","secrets":"none"}`+"\n"+`{"kind":"end","data":{}}`+"\n"), true)
	f.Add([]byte("garbage"), false)
	f.Fuzz(func(t *testing.T, in []byte, text bool) {
		if text {
			in = zipped(in)
		}
		if _, err := readAll(in); err != nil {
			wantOneSentence(t, "a file", err)
		}
	})
}
