package dashboard

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// planner answers when it is let.
type planner struct {
	began chan string
	let   chan error
}

func (p *planner) Plan(ctx context.Context, provider string) (string, error) {
	p.began <- provider
	select {
	case err := <-p.let:
		return "plan of " + provider + "\n  + launch\n  - delete <b>\n", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func TestPlan(t *testing.T) {
	p := &planner{began: make(chan string, 9), let: make(chan error)}
	_, srv := serve(t, Options{Source: &source{s: fleet(10)}, Planner: p})
	ask := func(provider string, header http.Header) (int, string) {
		status, _, body := answer(t, "POST", srv.URL+"/dashboard/plan", header, "provider="+provider)
		return status, body
	}
	if status, _ := ask("nobody", nil); status != 404 {
		t.Errorf("an unknown provider: %d", status)
	}
	if status, _ := ask("hetzner", http.Header{"Sec-Fetch-Site": {"cross-site"}}); status != 403 {
		t.Errorf("from another site: %d", status)
	}
	// Who asks while a preview is made gets the same one; what is new is shown for a moment.
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			status, body := ask("hetzner", http.Header{"Sec-Fetch-Site": {"same-origin"}})
			if status != 200 || !strings.Contains(body, `<span class="add">  &#43; launch</span>`) || !strings.Contains(body, "&lt;b&gt;") {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	<-p.began
	p.let <- nil
	wg.Wait()
	if len(p.began) != 0 {
		t.Error("more than one preview was made")
	}
	// Another provider's is another one, and its error is shown.
	wg.Go(func() {
		if status, body := ask("aws", nil); status != 200 || !strings.Contains(body, "no credentials") {
			t.Errorf("%d %s", status, body)
		}
	})
	<-p.began
	p.let <- errors.New("no credentials")
	wg.Wait()
}

// A preview may take longer than the server gives a request for being read, or a page for being written.
func TestPlanTakesLong(t *testing.T) {
	t.Parallel()
	const bound = 300 * time.Millisecond
	p := &planner{began: make(chan string, 1), let: make(chan error)}
	_, log := newLog()
	d := New(Options{Source: &source{s: fleet(10)}, Planner: p, Log: log})
	asked := make(chan context.Context, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Context()
		d.ServeHTTP(w, r)
	}))
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = bound, bound
	srv.Start()
	t.Cleanup(func() {
		d.Close()
		srv.Close()
	})
	go func() {
		ctx := <-asked
		<-p.began
		select {
		case <-ctx.Done(): // given up: the answer shows it
		case <-time.After(2 * bound):
		}
		p.let <- nil
	}()
	status, _, body := answer(t, "POST", srv.URL+"/dashboard/plan", nil, "provider=hetzner")
	if status != 200 || !strings.Contains(body, "launch</span>") {
		t.Errorf("%d %s", status, body)
	}
}

// A preview ends with the dashboard.
func TestPlanEnds(t *testing.T) {
	p := &planner{began: make(chan string, 1), let: make(chan error)}
	ctx, end := context.WithCancel(t.Context())
	v := newPreviews(ctx, p)
	got := make(chan preview)
	go func() { got <- v.of(t.Context(), "aws") }()
	<-p.began
	end()
	v.wait()
	if r := <-got; !errors.Is(r.err, context.Canceled) {
		t.Errorf("%v", r.err)
	}
	if r := v.of(t.Context(), "hetzner"); r.err == nil {
		t.Error("a preview after the end")
	}
}
