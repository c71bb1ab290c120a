package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/klippa-app/go-pdfium"
	pdfiumerr "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/docsctl/docsctl/core"
)

// pdfEngine is PDFium, compiled to WebAssembly: it sees the bytes of a file and
// nothing else of the machine. The first PDF loads it, in 0.09 s from the cache
// and in 3 s on a machine that has not compiled it yet.
type pdfEngine struct {
	cfg Config

	mu     sync.Mutex // guards pool and closed
	pool   pdfium.Pool
	closed bool
}

func newPDFEngine(cfg Config) *pdfEngine { return &pdfEngine{cfg: cfg} }

// instance returns a PDFium of the caller's own, who closes it. It waits while
// all are in use.
func (e *pdfEngine) instance(ctx context.Context) (pdfium.Pdfium, error) {
	pool, err := e.load()
	if err != nil {
		return nil, readerFailed(err)
	}
	inst, err := pool.GetInstanceWithContext(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, readerFailed(err)
	}
	return inst, nil
}

func readerFailed(err error) error {
	return core.Unavailable("the PDF reader could not be started; try again, and tell an admin if it stays so", 0, err)
}

func (e *pdfEngine) load() (pdfium.Pool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return nil, errors.New("extractor is closed")
	case e.pool != nil:
		return e.pool, nil
	}
	// Without WithCloseOnContextDone, which makes PDFium five times slower: a page
	// that never ends is the child process's to stop.
	runtime := wazero.NewRuntimeConfig().WithMemoryLimitPages(maxPDFMemory >> 16).
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling)
	if cache, err := compilationCache(e.cfg.CacheDir); err == nil {
		runtime = runtime.WithCompilationCache(cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		Context: context.Background(), MaxTotal: e.cfg.PDFWorkers, RuntimeConfig: runtime,
		FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		return nil, err
	}
	e.pool = pool
	return pool, nil
}

// maxPDFMemory bounds the memory of one PDFium in bytes; a file is inside it.
const maxPDFMemory = 512 << 20

// compilationCache opens the folder of the compiled engine, the user's when none
// is named. Without one the engine is compiled once in each process.
func compilationCache(dir string) (wazero.CompilationCache, error) {
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(base, "docsctl", "pdf")
	}
	return wazero.NewCompilationCacheWithDir(dir)
}

func (e *pdfEngine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.pool == nil {
		return nil
	}
	err := e.pool.Close()
	e.pool = nil
	return err
}

// convertPDF returns the text of a PDF in the order in which it is read.
func (x *Extractor) convertPDF(ctx context.Context, file *spool) (out *core.Extracted, err error) {
	inst, err := x.pdf.instance(ctx)
	if err != nil {
		return nil, err
	}
	defer inst.Close()
	defer func() {
		if p := recover(); p != nil { // of PDFium, on a file nobody foresaw
			out, err = nil, damaged(fmt.Errorf("panic: %v", p))
		}
	}()
	doc, err := openPDF(inst, file, x.cfg.MaxPages)
	if err != nil {
		return nil, err
	}
	pages := make([]pdfPage, 0, doc.pages)
	size := 0
	for i := range doc.pages {
		p, err := doc.page(i)
		if err != nil {
			p = pdfPage{} // a broken page is one without text
		}
		for _, l := range p.lines {
			size += len(l.text)
		}
		if size > x.cfg.MaxText {
			return nil, textTooLarge()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		pages = append(pages, p)
	}
	if size == 0 {
		return nil, scanned(doc.pages)
	}
	return composePDF(doc.title(), pages, x.cfg.MaxText)
}

// pdfDoc is an open PDF.
type pdfDoc struct {
	inst  pdfium.Pdfium
	ref   references.FPDF_DOCUMENT
	pages int
}

func openPDF(inst pdfium.Pdfium, file *spool, maxPages int) (*pdfDoc, error) {
	doc, err := inst.OpenDocument(&requests.OpenDocument{
		FileReader: io.NewSectionReader(file, 0, file.size), FileReaderSize: file.size,
	})
	switch {
	case errors.Is(err, pdfiumerr.ErrPassword), errors.Is(err, pdfiumerr.ErrSecurity):
		return nil, protected()
	case err != nil:
		return nil, damaged(err)
	}
	count, err := inst.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.Document})
	if err != nil {
		return nil, damaged(err)
	}
	if count.PageCount > maxPages {
		return nil, &core.Error{
			Code:    core.CodePayloadTooLarge,
			Message: fmt.Sprintf("the file has more than %d pages; split it and send its parts", maxPages),
		}
	}
	return &pdfDoc{inst: inst, ref: doc.Document, pages: count.PageCount}, nil
}

// title returns the title in the file's properties, unless a program put the
// name of its own file there.
func (d *pdfDoc) title() string {
	meta, err := d.inst.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: d.ref, Tag: "Title"})
	if err != nil {
		return ""
	}
	title := cleanPDFText(meta.Value)
	if officeFileName.MatchString(title) {
		return ""
	}
	return title
}

func scanned(pages int) error {
	return &core.Error{
		Code:    core.CodeUnsupportedMedia,
		Message: "the file has pages but no text, as a scan has; run text recognition (OCR) on it and send the result",
		Err:     &core.NoText{MediaType: typePDF, Pages: pages},
	}
}
