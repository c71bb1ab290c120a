package extract

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"strings"

	"github.com/docsctl/docsctl/core"
)

// convertEPUB returns the chapters of a book in the order of its spine.
func convertEPUB(a *archive, max int) (*core.Extracted, error) {
	if a.has("META-INF/encryption.xml") {
		if err := checkEncryption(a); err != nil {
			return nil, err
		}
	}
	name, pkg, err := bookPackage(a)
	if err != nil {
		return nil, err
	}
	items := map[string]*node{}
	for _, item := range pkg.child("manifest").all("item") {
		items[item.get("id")] = item
	}
	md := &markdown{max: max}
	for _, ref := range pkg.child("spine").all("itemref") {
		item := items[ref.get("idref")]
		if item == nil || !strings.Contains(item.get("media-type"), "html") || isNavigation(item) {
			continue
		}
		chapter, err := chapterText(a, resolve(name, unescapePath(item.get("href"))))
		if err != nil {
			return nil, err
		}
		md.raw(chapter)
		if err := md.check(); err != nil {
			return nil, err
		}
	}
	title := strings.Join(strings.Fields(pkg.at("metadata", "title").content()), " ")
	return extracted(title, md, typeEPUB)
}

// bookPackage returns the part that lists what a book consists of.
func bookPackage(a *archive) (string, *node, error) {
	container, err := a.tree("META-INF/container.xml")
	if err != nil {
		return "", nil, err
	}
	name := container.at("rootfiles", "rootfile").get("full-path")
	pkg, err := a.tree(name)
	if err != nil {
		return "", nil, err
	}
	if pkg == nil {
		return "", nil, damaged(fs.ErrNotExist)
	}
	return name, pkg, nil
}

// isNavigation reports whether a part is the table of contents that a reader
// program shows beside the text.
func isNavigation(item *node) bool {
	for _, p := range strings.Fields(item.get("properties")) {
		if p == "nav" {
			return true
		}
	}
	return false
}

func unescapePath(href string) string {
	href, _, _ = strings.Cut(href, "#")
	if s, err := url.PathUnescape(href); err == nil {
		return s
	}
	return href
}

// checkEncryption refuses a book with digital rights management. Fonts may be
// scrambled: nobody reads them here.
func checkEncryption(a *archive) error {
	root, err := a.tree("META-INF/encryption.xml")
	if err != nil {
		return err
	}
	for _, d := range root.all("EncryptedData") {
		switch alg := d.child("EncryptionMethod").get("Algorithm"); alg {
		case "http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC":
		default:
			return &core.Error{
				Code:    core.CodeUnsupportedMedia,
				Message: "the book is protected against copying; send a copy without protection",
			}
		}
	}
	return nil
}

// chapterText returns a chapter as Markdown. A part that is listed but not there
// is passed over, as reader programs do.
func chapterText(a *archive, name string) (string, error) {
	data, err := a.read(name, maxPart)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	s, ok := decode(data, charsetInside(data))
	if !ok {
		return "", damaged(errors.New("chapter in an unknown charset"))
	}
	return chapterMarkdown(a.ctx, withoutDeclaration(s))
}

// withoutDeclaration takes the XML declaration off: an HTML parser would show it
// as a comment and leave the head's end where it is.
func withoutDeclaration(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "<?xml") {
		if _, rest, ok := strings.Cut(s, "?>"); ok {
			return rest
		}
	}
	return s
}

func chapterMarkdown(ctx context.Context, s string) (string, error) {
	_, md, err := structured(ctx, s, pageOptions{whole: true})
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		_, md, err = flatten(ctx, s)
	}
	return md, err
}
