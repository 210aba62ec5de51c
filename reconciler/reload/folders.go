package reload

import (
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// watchFolders tells of changes in the folders of the files. A folder that cannot be watched is looked at now and then
// all the same.
func (w *Watcher) watchFolders() (changes <-chan struct{}, stop func()) {
	watch, err := fsnotify.NewWatcher()
	if err != nil {
		w.Log.Warn("changes of the configuration are found by looking", "every", pollEvery, "err", err)
		return nil, func() {}
	}
	names := map[string]bool{}
	for _, file := range []string{w.Files.Main, w.Files.Secure} {
		if file == "" {
			continue
		}
		names[filepath.Base(file)] = true
		if err := watch.Add(filepath.Dir(file)); err != nil {
			w.Log.Warn("changes of the configuration are found by looking", "folder", filepath.Dir(file), "every", pollEvery, "err", err)
		}
	}
	tell := make(chan struct{}, 1)
	tell <- struct{}{} // what changed before they were watched
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case e, ok := <-watch.Events:
				if !ok {
					return
				}
				// Kubernetes puts another ..data link in place of the old one.
				if base := filepath.Base(e.Name); !names[base] && !strings.HasPrefix(base, "..") {
					continue
				}
				select {
				case tell <- struct{}{}:
				default:
				}
			case _, ok := <-watch.Errors: // events were lost: the next look finds what they told
				if !ok {
					return
				}
			}
		}
	}()
	return tell, func() {
		_ = watch.Close()
		<-done
	}
}
