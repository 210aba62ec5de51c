package dashboard

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// message is an event with the sections of a rendering that differ from what was sent before, nil for none.
func message(r *rendering, sent digests, now time.Time) ([]byte, error) {
	changed := map[string]string{}
	for i, html := range r.html {
		if r.digests[i] != sent[i] {
			changed[sections[i]] = string(html)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	b.WriteString("event: sections\ndata: ")
	enc := json.NewEncoder(&b) // one line: line ends are escaped
	enc.SetEscapeHTML(false)
	if err := enc.Encode(struct {
		Now  int64             `json:"now"`
		HTML map[string]string `json:"html"`
	}{now.Unix(), changed}); err != nil {
		return nil, err
	}
	b.WriteString("\n")
	return b.Bytes(), nil
}

// beat is an event that only says that the launcher is there.
func beat(now time.Time) []byte {
	return []byte("event: beat\ndata: " + strconv.FormatInt(now.Unix(), 10) + "\n\n")
}
