package load

import (
	"runtime"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/pieces"
)

// read reads a text, a long list of rules in pieces of about so many bytes. It returns the loader
// that did: another one if the pieces were not what the whole text is.
func (l *loader) read(data []byte, size int) (*rules.File, *loader) {
	if skeleton, cut := pieces.Cut(data, size); cut != nil {
		l.cut = cut
		if root := l.parse(skeleton); root != nil {
			if file := l.file(root); len(l.cut) == 0 {
				return file, l
			}
		}
		l = newLoader(l.name)
	}
	if root := l.parse(data); root != nil {
		return l.file(root), l
	}
	return nil, l
}

// pieces reads the rules that are not in the tree, up to a piece that is not what it should be. v is
// the list that has the first ones.
func (l *loader) pieces(v value, read func(item value)) {
	if len(l.cut) == 0 || !l.cut[0].Is(v.Node) {
		return
	}
	for first := l.cut[0].Len(); len(l.cut) > 1; first += l.cut[0].Len() {
		p := &l.cut[1]
		list, err := parsePiece(p)
		if err != nil {
			return
		}
		l.items(value{list, list, v.at}, first, read)
		l.cut = l.cut[1:]
		// A server answers meanwhile. By itself Go's scheduler lets others wait for 10 ms.
		runtime.Gosched()
	}
	l.cut = nil
}

// parsePiece returns the list that a piece is.
func parsePiece(p *pieces.Piece) (*yaml.Node, error) {
	reader, err := newReader(p.Reader())
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := reader.Load(&document); err != nil {
		return nil, err
	}
	list := document.Content[0].Content[1] // of the only key that Reader writes
	p.Place(list)
	return list, nil
}
