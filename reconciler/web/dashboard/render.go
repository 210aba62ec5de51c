package dashboard

import (
	"bytes"
	"embed"
	"html/template"
)

//go:embed templates/*.html
var sources embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"asset": assetURL}).ParseFS(sources, "templates/*.html"))

// sections are the parts of a page that a stream renews, by the id of their element.
var sections = []string{"head", "alerts", "states", "pools", "runs", "requests", "failures", "nodes"}

// html is the whole page.
func (p *Page) html() ([]byte, error) { return execute("page", p) }

// parts renders the sections one by one, in their order.
func (p *Page) parts() ([][]byte, error) {
	all := make([][]byte, len(sections))
	for i, name := range sections {
		html, err := execute(name, p)
		if err != nil {
			return nil, err
		}
		all[i] = html
	}
	return all, nil
}

func execute(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
