package execute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// Place is where a Terraform backend keeps the state of one workspace: a folder whose root is nothing but the backend
// block. Runs never see it; they write the local backend, which is what early hand-off needs.
//
// Locks of the backend are not taken. The lease in ZooKeeper says who may write, and a lock outlives who is killed with
// it: the next launcher would wait for a person (field-notes.md A3). Lineage and serial refuse what an older one writes.
type Place struct {
	Dir   string
	Exec  string // program
	Block modules.BackendBlock
}

var (
	// ErrNewer is a push that was refused because the backend holds a newer state of the workspace, or another one of the
	// same age.
	ErrNewer = errors.New("the backend holds a newer state, or another one of the same age")
	// ErrUnrelated is a push that was refused because what lies there is no state of the workspace.
	ErrUnrelated = errors.New("the backend holds the state of something else there")
)

// backendLimit bounds one command, backendDelay what an interrupted one gets to end: nothing is lost with it.
const (
	backendLimit = time.Minute
	backendDelay = 2 * time.Second
)

// preparedFile holds, in the folder of a place, the digest of the block that it was initialised for.
const preparedFile = "prepared"

// Digest tells blocks apart. It is made from secrets too: keep it where they are.
func (p Place) Digest() (string, error) {
	files, err := templates.RenderBackend(p.Block)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s\x00%d\n%s", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// Prepared reports whether the place was prepared for its present block.
func (p Place) Prepared() bool {
	want, err := p.Digest()
	if err != nil {
		return false
	}
	had, err := os.ReadFile(filepath.Join(p.Dir, preparedFile))
	return err == nil && string(had) == want
}

// Prepare initialises the folder and makes sure that something lies at the place, an empty state unless there is one: it
// shows that the backend can be written before anything is made, and a push into nothing would be given a lineage of its
// own (terraform/internal/states/remote/state.go, PersistState), which the next one would be refused for.
func (p Place) Prepare(ctx context.Context) error {
	if p.Prepared() {
		return nil
	}
	if err := p.open(ctx); err != nil {
		return err
	}
	if err := p.push(ctx, []byte(emptyState), false); err != nil && !errors.Is(err, ErrUnrelated) && !errors.Is(err, ErrNewer) {
		return err
	}
	sum, err := p.Digest()
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(p.Dir, preparedFile), []byte(sum))
}

// emptyState is a state of format 4 that any version accepts.
const emptyState = `{"version":4,"terraform_version":"1.0.0","serial":0,"lineage":"","outputs":{},"resources":[]}`

// open makes the folder anew and initialises it.
func (p Place) open(ctx context.Context) error {
	files, err := templates.RenderBackend(p.Block)
	if err != nil {
		return &Error{Class: Config, Op: "render backend " + p.Block.Type, Err: errors.New(p.Block.Redact(err.Error()))}
	}
	if err := os.RemoveAll(p.Dir); err != nil {
		return err
	}
	if err := os.Mkdir(p.Dir, 0o700); err != nil {
		return err
	}
	for name, data := range files {
		if err := WriteFile(filepath.Join(p.Dir, name), data); err != nil {
			return err
		}
	}
	return p.run(ctx, "initialise backend", func(ctx context.Context, tf *tfexec.Terraform) error {
		return tf.Init(ctx, tfexec.Get(false), tfexec.BackendConfig(templates.SettingsFile))
	})
}

// Push writes a state, unless the backend holds a newer one: an ErrNewer or ErrUnrelated. force is to overwrite a newer
// one. The place must be prepared.
func (p Place) Push(ctx context.Context, state []byte, force bool) error {
	data, err := pushed(state)
	if err != nil {
		return err
	}
	return p.push(ctx, data, force)
}

// pushFile holds a state while it is pushed. Never on the command line nor in a pipe: both are Terraform's own.
const pushFile = "push.tfstate"

func (p Place) push(ctx context.Context, data []byte, force bool) error {
	file := filepath.Join(p.Dir, pushFile)
	if err := WriteFile(file, data); err != nil {
		return err
	}
	defer os.Remove(file)
	return p.run(ctx, "push a state to backend", func(ctx context.Context, tf *tfexec.Terraform) error {
		return tf.StatePush(ctx, pushFile, tfexec.Lock(false), tfexec.Force(force))
	})
}

// Pull reads what the backend holds, whole: not ok when there is nothing but, at most, an empty state. An unprepared place
// is prepared for reading alone.
func (p Place) Pull(ctx context.Context) (state []byte, view StateView, ok bool, err error) {
	if !p.Prepared() {
		if err := p.open(ctx); err != nil {
			return nil, noState(), false, err
		}
	}
	var text string
	err = p.run(ctx, "pull a state from backend", func(ctx context.Context, tf *tfexec.Terraform) (err error) {
		text, err = tf.StatePull(ctx)
		return err
	})
	if err != nil || strings.TrimSpace(text) == "" {
		return nil, noState(), false, err
	}
	if state, err = pulled([]byte(text)); err == nil {
		view, err = ParseState(state)
	}
	if err != nil {
		return nil, noState(), false, &Error{Class: Unknown, Op: "read what backend " + p.Block.Type + " holds", Err: err}
	}
	return state, view, true, nil
}

func (p Place) run(ctx context.Context, op string, do func(context.Context, *tfexec.Terraform) error) error {
	tf, err := tfexec.NewTerraform(p.Dir, p.Exec)
	if err == nil {
		err = tf.SetEnv(Environ())
	}
	if err == nil {
		err = tf.SetWaitDelay(backendDelay)
	}
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, backendLimit)
	defer cancel()
	err = do(limited, tf)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.explain(op, err)
}

// How Terraform and OpenTofu refuse a push (internal/states/statemgr/migrate.go).
var (
	newer     = regexp.MustCompile(`cannot import state with serial|cannot overwrite existing state with serial`)
	unrelated = regexp.MustCompile(`cannot import state with lineage`)
)

// explain classifies the failure of a command, and takes the settings out of its text.
func (p Place) explain(op string, err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	switch {
	case newer.MatchString(text):
		return fmt.Errorf("%s %s: %w", op, p.Block.Type, ErrNewer)
	case unrelated.MatchString(text):
		return fmt.Errorf("%s %s: %w", op, p.Block.Type, ErrUnrelated)
	}
	class := classify(text)
	hint := ""
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		class = Timeout
	case class == Config, class == Auth:
		hint = "check terraform.backend and the daemon's environment"
	}
	return &Error{Class: class, Op: op + " " + p.Block.Type, Err: errors.New(p.Block.Redact(shorten(err).Error())), Hint: hint}
}
