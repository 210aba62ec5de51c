package execute

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// A push counts the serial up by itself whenever something changes (PersistState), so that the next state of the
// workspace would look like another one of the same age. States are pushed with twice their serial: what is stored is 2n
// or 2n+1 for a state n, and n+1 is newer than both.

// pushed is a state as it is pushed.
func pushed(state []byte) ([]byte, error) {
	return withSerial(state, func(n uint64) (uint64, error) {
		if n > math.MaxUint64/2-1 {
			return 0, fmt.Errorf("serial %d is out of range", n)
		}
		return 2 * n, nil
	})
}

// pulled is its inverse for what the backend made of it.
func pulled(state []byte) ([]byte, error) {
	return withSerial(state, func(n uint64) (uint64, error) { return n / 2, nil })
}

// withSerial changes the serial of a state and nothing else that means something.
func withSerial(state []byte, change func(uint64) (uint64, error)) ([]byte, error) {
	var top map[string]json.RawMessage
	var serial uint64
	err := json.Unmarshal(state, &top)
	if err == nil {
		err = json.Unmarshal(top["serial"], &serial)
	}
	if err == nil {
		serial, err = change(serial)
	}
	if err != nil {
		return nil, fmt.Errorf("read terraform state: %w", err)
	}
	top["serial"], _ = json.Marshal(serial)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ") // as Terraform does, see looksWhole
	if err := enc.Encode(top); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// StateDigest tells what states hold apart, whatever their serial, their lineage or the version of Terraform that wrote
// them down.
func StateDigest(state []byte) (string, error) {
	var top struct {
		Outputs   any `json:"outputs"`
		Resources any `json:"resources"`
	}
	dec := json.NewDecoder(bytes.NewReader(state))
	dec.UseNumber()
	err := dec.Decode(&top)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = fmt.Errorf("something follows the state")
		}
	}
	if err != nil {
		return "", fmt.Errorf("read terraform state: %w", err)
	}
	data, err := json.Marshal(top)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}
